"""The headline figures of a report: one for each dataset, and one over all (docs/publishing.md)."""

from dataclasses import dataclass

from medmnist_c.builder.headline import OVERALL
from medmnist_c.corruptions.table import CORRUPTIONS
from medmnist_c.evaluation.metrics.names import PRIMARY
from medmnist_c.evaluation.report.model import DatasetReport, Report


@dataclass(frozen=True)
class Headline:
    """Balanced accuracy under corruption in percent, 0 to 100; higher is better.

    `task` is the dataset's name, or "overall"; `low` and `high` are the 95 % interval, None without one.
    """

    task: str
    value: float
    low: float | None = None
    high: float | None = None


def headline_of(one: DatasetReport) -> Headline | None:
    """That of a dataset: 100 x (1 - mean balanced error over corruptions and severities).

    None if not all test sets of the benchmark were evaluated, or not all of their images.
    """
    found = one.summary.means.get(PRIMARY)
    if one.partial is not None or not one.summary.complete or found is None:
        return None
    if found.value is None:
        return None
    if found.low is None or found.high is None:
        return Headline(one.dataset, _percent(found.value))
    return Headline(one.dataset, _percent(found.value), _percent(found.high), _percent(found.low))


def headlines(report: Report) -> list[Headline]:
    """Those of all datasets that were evaluated whole, and the mean of the twelve if all were."""
    return with_overall(
        [one for told in report.datasets.values() if (one := headline_of(told)) is not None]
    )


def with_overall(found: list[Headline]) -> list[Headline]:
    """These of datasets, and their mean if they are of all twelve."""
    if {one.task for one in found} != set(CORRUPTIONS):
        return found
    return [*found, Headline(OVERALL, sum(one.value for one in found) / len(found))]


def _percent(error: float) -> float:
    return 100.0 * (1.0 - error)
