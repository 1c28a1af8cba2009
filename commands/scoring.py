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
        metavar="[validation|0-1]",
        callback=lambda context, option, given: _threshold(given),
        help="Of the score of yes, in binary and multi-label datasets; there one a label may be given. "
        "validation: the best on clean validation images. [default: that if they are there, else 0.5]",
    ),
    click.option(
        "--baseline",
        type=click.Path(path_type=Path, exists=True),
        help="Another report to measure against. [default: AlexNet's errors of the release]",
    ),
    click.option(
        "--margin",
        type=click.FloatRange(0, 1),
        default=0.05,
        show_default=True,
        help="Of balanced error: the report says at which severity more is lost.",
    ),
)


def scoring_options(command: Callable) -> Callable:
    """Options that say how scores become figures: `--threshold`, `--baseline`, `--margin`."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def _threshold(given: tuple[str, ...]) -> float | str | tuple[float, ...] | None:
    """None given, "validation", one for all, or one for each label."""
    if not given or given == ("validation",):
        return given[0] if given else None
    try:
        numbers = tuple(float(one) for one in given)
    except ValueError:
        told = " ".join(given)
        raise click.BadParameter(
            f"give 'validation' or numbers from 0 to 1, not {told!r}."
        ) from None
    return numbers if len(numbers) > 1 else numbers[0]


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
        if one.partial or not one.summary.complete:
            click.echo(f"{name} is partial: {one.partial or one.summary.BE.note}; no BE and rBE.")
    click.echo(f"balanced errors; all figures are in {path}")
