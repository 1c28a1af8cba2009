"""What a model is measured against: AlexNet's errors of the release, or another report."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from medmnist_c.corruptions.table import SEVERITIES
from medmnist_c.evaluation.errors import ReportError
from medmnist_c.evaluation.report.model import TUNED, Report

STABLE_DROP = 0.02  # below this drop of the baseline, rBE divides by next to nothing

_ALL = tuple(SEVERITIES)


def is_stable(drop: float | None) -> bool:
    """Whether an rBE over this drop of the baseline means something; not where it is not known."""
    return drop is not None and drop >= STABLE_DROP


@dataclass(frozen=True)
class Baseline:
    """Balanced errors of a baseline model, as fractions.

    `clean` is by dataset; `means` by dataset and corruption has the means over severities, for each
    choice of severities that is known (AlexNet's: all five). `thresholds` says how those of a dataset
    were set, as `OperatingPoint.words` does, where that is known.
    """

    name: str
    clean: dict[str, float]
    means: dict[tuple[str, str], dict[tuple[int, ...], float]]
    thresholds: dict[str, str]

    def mean_error(self, dataset: str, corruption: str, severities: Sequence[int]) -> float | None:
        """Its mean balanced error over these severities; None if it is not known."""
        return self.means.get((dataset, corruption), {}).get(tuple(severities))

    def drop(self, dataset: str, corruption: str, severities: Sequence[int]) -> float | None:
        """By how much its error is larger than on the clean images; None if it is not known."""
        error = self.mean_error(dataset, corruption, severities)
        return None if error is None or dataset not in self.clean else error - self.clean[dataset]


@lru_cache(maxsize=1)
def alexnet() -> Baseline:
    """AlexNet as trained for the release (MedMNIST-C, arXiv 2406.17536, and `medmnistc` 0.1.0)."""
    text = resources.files(__package__).joinpath("alexnet.json").read_text("utf-8")
    errors = json.loads(text)
    return Baseline(
        "AlexNet (release)",
        {dataset: one["clean"] for dataset, one in errors.items()},
        {
            (dataset, corruption): {_ALL: error}
            for dataset, one in errors.items()
            for corruption, error in one["corruptions"].items()
        },
        {"chestmnist": TUNED, "pneumoniamnist": TUNED},
    )


def reported_baseline(report: Report) -> Baseline:
    """Whom a report was measured against, as far as the report's own test sets go."""
    clean, means = {}, {}
    for name, dataset in report.datasets.items():
        for one in dataset.corruptions:
            error, drop = one.baseline_balanced_error, one.baseline_drop
            if error is not None and drop is not None:
                severities = tuple(each.severity for each in one.test_sets if each.severity)
                means[name, one.name] = {severities: error}
                clean[name] = error - drop
    return Baseline(report.baseline.name, clean, means, {})


def baseline_of(report: Report) -> Baseline:
    """Another report as the baseline, for the severities it has.

    Raises:
        ReportError: it lacks a balanced error.
    """
    clean, means = {}, {}
    for dataset in report.datasets:
        errors: dict[str, dict[int, float]] = {}
        for (corruption, severity), estimate in report.table(dataset).items():
            if estimate.value is None:
                raise ReportError(f"{report.name} lacks balanced errors to measure against.")
            if corruption is None or severity is None:
                clean[dataset] = estimate.value
            else:
                errors.setdefault(corruption, {})[severity] = estimate.value
        for name, found in errors.items():
            means[dataset, name] = {tuple(found): sum(found.values()) / len(found)}
    thresholds = {
        name: one.operating_points[0].words
        for name, one in report.datasets.items()
        if one.operating_points
    }
    return Baseline(report.name, clean, means, thresholds)
