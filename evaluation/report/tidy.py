"""A report's figures as rows, one for each figure, and as one flat dictionary."""

from collections.abc import Iterator
from dataclasses import dataclass

from medmnist_c.evaluation.report.model import Estimate, Report

CLEAN = "clean"
ALL = "all"  # a mean over all corruptions


@dataclass(frozen=True)
class Row:
    """One figure.

    seed: which training, where there are several; None for the mean over them, or one training.
    corruption: its name, "clean", "all", or "group NAME" for means over corruptions.
    group: the corruption's.
    severity: 1-5, 0 for clean; None for the mean over severities.
    metric: one of `METRICS`, "BE", "rBE", "rBE_stable" or "severity_lost".
    value, low, high, sd: as those of an `Estimate`.
    """

    model: str
    seed: str | None
    dataset: str
    corruption: str
    group: str | None
    severity: int | None
    metric: str
    value: float | None
    low: float | None
    high: float | None
    sd: float | None


COLUMNS = tuple(Row.__dataclass_fields__)


def rows(report: Report) -> Iterator[Row]:
    """All figures, test set by test set, then the means; those of each training after their mean."""
    for dataset, corruption, group, severity, metric, one in _figures(report):
        where = dataset, corruption, group, severity, metric
        yield Row(report.name, None, *where, one.value, one.low, one.high, one.sd)
        for seed, value in zip(report.model.seeds, one.runs, strict=False):
            yield Row(report.name, seed, *where, value, None, None, None)


_Figure = tuple[str, str, str | None, int | None, str, Estimate]


def _figures(report: Report) -> Iterator[_Figure]:
    for name, one in report.datasets.items():
        for metric, estimate in one.clean.metrics.items():
            yield name, CLEAN, None, 0, metric, estimate
        for corruption in one.corruptions:
            for test_set in corruption.test_sets:
                for metric, estimate in test_set.metrics.items():
                    yield (
                        name,
                        corruption.name,
                        corruption.group,
                        test_set.severity,
                        metric,
                        estimate,
                    )
        for corruption in one.corruptions:
            told = corruption.means | {"BE": corruption.BE, "rBE": corruption.rBE}
            for metric, estimate in told.items():
                yield name, corruption.name, corruption.group, None, metric, estimate
        for group in one.groups:
            for metric, estimate in (group.means | {"BE": group.BE, "rBE": group.rBE}).items():
                yield name, f"group {group.name}", group.name, None, metric, estimate
        for each in one.severities:
            for metric, estimate in each.means.items():
                yield name, ALL, None, each.severity, metric, estimate
        summary = one.summary
        told = summary.means | {"BE": summary.BE, "rBE": summary.rBE}
        told |= {"rBE_stable": summary.rBE_stable, "severity_lost": summary.lost_at}
        for metric, estimate in told.items():
            yield name, ALL, None, None, metric, estimate


def flat(report: Report) -> dict[str, float]:
    """Figures by "DATASET/CORRUPTION/SEVERITY/METRIC", as loggers of experiments take them.

    SEVERITY is left out in means over severities and for clean images; what does not exist is left out.
    """
    found = {}
    for dataset, corruption, _, severity, metric, one in _figures(report):
        if one.value is not None:
            parts = [dataset, corruption.replace(" ", "_")]
            parts += [str(severity)] if severity else []
            found["/".join([*parts, metric])] = one.value
    return found
