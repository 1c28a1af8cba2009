"""Figures over seeds, and what a report says of a dataset as plain arrays."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from medmnist_c.corruptions.table import CORRUPTIONS
from medmnist_c.evaluation.metrics.names import PRIMARY
from medmnist_c.evaluation.report.baseline import is_stable
from medmnist_c.evaluation.robustness_report import RobustnessReport


@dataclass(frozen=True)
class Figure:
    """A mean over seeds, their standard deviation, and the 95 % interval of Student's t.

    The interval is about other seeds on the same images; it and `sd` are None with one seed.
    """

    mean: float
    sd: float | None
    low: float | None
    high: float | None
    seeds: int


def over_seeds(values: Iterable[float | None]) -> Figure | None:
    """None where a seed has no value, or there is no seed."""
    found = list(values)
    known = [value for value in found if value is not None]
    if not known or len(known) < len(found):
        return None
    middle = statistics.fmean(known)
    if len(known) == 1:
        return Figure(middle, None, None, None, 1)
    sd = statistics.stdev(known)
    half = float(stats.t.ppf(0.975, len(known) - 1)) * sd / len(known) ** 0.5
    return Figure(middle, sd, middle - half, middle + half, len(known))


@dataclass(frozen=True)
class Measured:
    """One metric of one network: on clean images, and by corruption at severities 1 to 5."""

    dataset: str
    clean: float
    corrupted: dict[str, np.ndarray]

    @classmethod
    def of(cls, report: RobustnessReport, dataset: str, metric: str = PRIMARY) -> "Measured | None":
        """None where the report lacks a value."""
        table = report.table(dataset, metric)
        if any(one.value is None for one in table.values()):
            return None
        found: dict[str, list[float]] = {}
        for (corruption, _), one in table.items():
            if corruption is not None and one.value is not None:
                found.setdefault(corruption, []).append(one.value)
        clean = table[None, None].value
        assert clean is not None
        return cls(dataset, clean, {name: np.array(values) for name, values in found.items()})

    def mean(self, corruptions: Sequence[str] | None = None, severity: int | None = None) -> float:
        """Over corruptions of their means over severities, or of their values at one."""
        return statistics.fmean(self._at(name, severity) for name in corruptions or self.corrupted)

    def _at(self, corruption: str, severity: int | None) -> float:
        values = self.corrupted[corruption]
        return float(values.mean() if severity is None else values[severity - 1])

    def group(self, name: str) -> list[str]:
        """The corruptions of a group."""
        return [one for one in self.corrupted if CORRUPTIONS[self.dataset][one].group == name]

    def ratios(
        self,
        baseline: "Measured",
        corruptions: Sequence[str] | None = None,
        severity: int | None = None,
    ) -> dict[str, float | None]:
        """BE, rBE, and rBE without corruptions under which the baseline loses less than 0.02.

        Formulas: arXiv 2406.17536, as in `evaluation.report.robustness`; here against a network of
        one's own, on the same images, which need not be a whole test set. Of errors.
        """
        errors, drops, stable = [], [], []
        for name in corruptions or list(self.corrupted):
            own, other = self._at(name, severity), baseline._at(name, severity)
            errors.append(own / other if other else None)
            drop = other - baseline.clean
            drops.append((own - self.clean) / drop if drop else None)
            if is_stable(drop):
                stable.append(drops[-1])
        return {"BE": _mean(errors), "rBE": _mean(drops), "rBE_stable": _mean(stable)}


def mean_of(several: Sequence[Measured]) -> Measured:
    """The mean of several trainings, value by value: a baseline."""
    first = several[0]
    return Measured(
        first.dataset,
        statistics.fmean(one.clean for one in several),
        {
            name: np.mean([one.corrupted[name] for one in several], axis=0)
            for name in first.corrupted
        },
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known and len(known) == len(values) else None
