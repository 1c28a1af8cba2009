"""Templates of pages and documents, and what they can call."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from medmnist_c.corruptions.table import SEVERITIES
from medmnist_c.evaluation.metrics.names import PRIMARY
from medmnist_c.evaluation.rendering import formatting


def environment(**how: Any) -> Environment:
    """One for a kind of document; `how` says how it escapes."""
    made = Environment(
        loader=PackageLoader(__name__, ""),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        **how,
    )
    made.globals |= {
        "figure": formatting.figure,
        "interval": formatting.interval,
        "notes": formatting.notes,
        "corruption_rows": formatting.corruption_rows,
        "further_rows": formatting.further_rows,
        "overall_cells": formatting.overall_cells,
        "overall_columns": formatting.overall_columns,
        "overall_notes": formatting.overall_notes,
        "MARK": formatting.MARK,
        "rank": formatting.rank,
        "severity_lost": formatting.severity_lost,
        "severity_lost_interval": formatting.severity_lost_interval,
        "severity_rows": formatting.severity_rows,
        "summary_rows": formatting.summary_rows,
        "provenance_rows": formatting.provenance_rows,
        "severities": list(SEVERITIES),
        "primary": PRIMARY,
    }
    return made
