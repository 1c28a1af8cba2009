"""The rows of reports as a table of Arrow, pandas or CSV."""

from collections.abc import Sequence
from dataclasses import astuple
from typing import TYPE_CHECKING

import pyarrow as pa

from medmnist_c.evaluation.report.model import Report
from medmnist_c.evaluation.report.tidy import COLUMNS, rows

if TYPE_CHECKING:
    import pandas as pd

_TEXT = pa.string()
_TYPES = dict.fromkeys(COLUMNS, pa.float64()) | {
    "model": _TEXT,
    "seed": _TEXT,
    "dataset": _TEXT,
    "corruption": _TEXT,
    "group": _TEXT,
    "severity": pa.int8(),
    "metric": _TEXT,
}
SCHEMA = pa.schema([(name, _TYPES[name]) for name in COLUMNS])


def tidy_table(reports: Sequence[Report]) -> pa.Table:
    """One row for each figure (`report.tidy.Row`)."""
    columns = zip(*(astuple(row) for report in reports for row in rows(report)), strict=True)
    arrays = [pa.array(column, kind) for column, kind in zip(columns, SCHEMA.types, strict=True)]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def tidy_frame(reports: Sequence[Report]) -> "pd.DataFrame":
    """The same for pandas; severities are whole numbers that may be missing (Int8)."""
    import pandas as pd

    kept = {pa.int8(): pd.Int8Dtype()}
    return tidy_table(reports).to_pandas(types_mapper=kept.get)
