"""What `evaluate` and `score` share: how scores become figures, and what is printed of a report."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from medmnist_c.evaluation.report.model import Report

OPTIONS = (
    click.option(
        "--threshold",
        multiple=True,
        type=click.FloatRange(0, 1),
        callback=lambda context, option, given: _threshold(given),
        help="Of the score of yes, in binary and multi-label datasets; there one a label may be given. "
        "[default: 0.5]",
    ),
    click.option(
        "--baseline",
        type=click.Path(path_type=Path, exists=True),
        help="Another report to measure against. [default: AlexNet's errors of the release]",
    ),
)


def scoring_options(command: Callable) -> Callable:
    """Options that say how scores become figures: `--threshold`, `--baseline`."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def _threshold(given: tuple[float, ...]) -> float | tuple[float, ...]:
    """None given, one for all, or one for each label."""
    if len(given) > 1:
        return given
    return given[0] if given else 0.5


def print_summary(report: "Report", path: Path) -> None:
    """A line for each dataset."""
    for name, one in report.datasets.items():
        corrupted = one.summary.means.get("balanced_error")
        figures = {
            "clean": one.clean.metrics["balanced_error"].value,
            "corrupted": corrupted and corrupted.value,
            "BE": one.summary.BE.value,
            "rBE": one.summary.rBE.value,
            "rBE_stable": one.summary.rBE_stable.value,
        }
        parts = (f"{key} {'-' if one is None else f'{one:.4f}'}" for key, one in figures.items())
        click.echo(f"{name}: {', '.join(parts)}")
    click.echo(f"balanced errors; all figures are in {path}")
