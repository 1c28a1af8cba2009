"""Two models side by side: differences of balanced error, paired by image."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np

from medmnist_c.builder.configs import CleanConfig, Config, CorruptedConfig
from medmnist_c.corruptions.table import CORRUPTIONS, Corruption
from medmnist_c.evaluation.errors import ReportError
from medmnist_c.evaluation.metrics.resampled import Resampled, combine, mean
from medmnist_c.evaluation.metrics.seeds import settled
from medmnist_c.evaluation.metrics.simultaneous import max_t_bands
from medmnist_c.evaluation.report.kept_errors import (
    KeptErrors,
    check_same_images,
    kept_errors,
)
from medmnist_c.evaluation.report.model import Estimate, Report


@dataclass(frozen=True)
class CorruptionDifference:
    """Differences under one corruption, by severity, and their mean."""

    name: str
    group: str
    severities: dict[int, Estimate]
    mean: Estimate


@dataclass(frozen=True)
class DatasetDifference:
    """Differences on one dataset: clean, by corruption, and the mean over the corruptions."""

    dataset: str
    clean: Estimate
    corruptions: tuple[CorruptionDifference, ...]
    mean: Estimate


@dataclass(frozen=True)
class ModelComparison:
    """Differences of balanced error, b - a: negative where b is better.

    Both models are resampled with the same images, so that what both find hard cancels out. The
    intervals are simultaneous over all differences of the comparison, means included: of equally
    good models at most 5 % show any interval without 0 (tools/statistics/comparisons.py).
    """

    a: str
    b: str
    datasets: tuple[DatasetDifference, ...]

    def to_dict(self) -> dict:
        """Plain data: names of a and b; by dataset the clean difference, corruptions', means."""
        return asdict(self)


@dataclass(frozen=True)
class NotComparable:
    """Two models that cannot be paired, and why."""

    a: str
    b: str
    reason: str


def compare(a: Report, b: Report) -> ModelComparison:
    """Paired differences, b - a, over the test sets that both have.

    Raises:
        ReportError: no predictions are kept, nothing is in common, or the images differ.
    """
    return _compared(*kept_errors([a, b]))


def compare_all(models: Sequence[KeptErrors]) -> tuple[ModelComparison | NotComparable, ...]:
    """Each two of the models; every test set of a model is read and resampled once."""
    found: list[ModelComparison | NotComparable] = []
    for a, b in combinations(models, 2):
        try:
            found.append(_compared(a, b))
        except ReportError as error:
            found.append(NotComparable(a.report.name, b.report.name, str(error)))
    return tuple(found)


def _compared(a: KeptErrors, b: KeptErrors) -> ModelComparison:
    stores = a.stores[0], b.stores[0]
    check_same_images(a.report, b.report)
    shared = a.reported() & b.reported()
    pairs: dict[Config, _Pair] = {}
    for config in (one for one in stores[0].configs() if one in shared):
        of_a, of_b = a.of(config), b.of(config)
        if of_a is None or of_b is None or not np.array_equal(of_a[0], of_b[0]):
            raise ReportError(
                f"The labels of {config.name} are not the same for {a.report.name} and "
                f"{b.report.name} (or not kept), so they cannot be paired."
            )
        pairs[config] = of_a[1], of_b[1]
    apart = [_Apart.of(dataset, pairs) for dataset in dict.fromkeys(one.dataset for one in pairs)]
    figures = (figure for one in apart for figure in one.figures())
    differences = [
        combine(lambda x, y: y - x, settled(of_a, a.position), settled(of_b, b.position))
        for of_a, of_b in figures
    ]
    shown = _simultaneous(differences)
    return ModelComparison(
        a.report.name, b.report.name, tuple(one.difference(shown) for one in apart)
    )


def _simultaneous(figures: list[Resampled]) -> Iterator[Estimate]:
    """The figures with bands that hold for all of them together, in their order."""
    known = [
        (one.value, one.draws) for one in figures if one.value is not None and one.draws is not None
    ]
    values, draws = zip(*known, strict=True)
    bands = max_t_bands(np.array(values), np.stack(draws, axis=1))
    limits = zip(bands.low.tolist(), bands.high.tolist(), strict=True)
    for one in figures:
        if one.value is None or one.draws is None:
            yield Estimate(one.value, note=one.note)
        else:
            yield Estimate(one.value, *next(limits), one.note)


_Pair = tuple[Resampled, Resampled]  # the figures of both models


def _mean(pairs: Sequence[_Pair]) -> _Pair:
    return mean([of_a for of_a, _ in pairs]), mean([of_b for _, of_b in pairs])


@dataclass(frozen=True)
class _Apart:
    """Figures of two models on one dataset with their resamples."""

    dataset: str
    clean: _Pair
    corruptions: list[tuple[Corruption, dict[int, _Pair], _Pair]]
    mean: _Pair

    @classmethod
    def of(cls, dataset: str, pairs: dict[Config, _Pair]) -> "_Apart":
        corruptions = []
        for entry in CORRUPTIONS[dataset].values():
            own = {
                one.severity: found
                for one, found in pairs.items()
                if isinstance(one, CorruptedConfig) and one.entry is entry
            }
            if own:
                corruptions.append((entry, own, _mean(list(own.values()))))
        overall = _mean([average for _, _, average in corruptions])
        return cls(dataset, pairs[CleanConfig(dataset)], corruptions, overall)

    def figures(self) -> Iterator[_Pair]:
        """All that is shown."""
        yield self.clean
        for _, severities, average in self.corruptions:
            yield from severities.values()
            yield average
        yield self.mean

    def difference(self, shown: Iterator[Estimate]) -> DatasetDifference:
        """With the estimates of `figures`, taken from `shown` in their order."""
        clean = next(shown)
        corruptions = []
        for entry, severities, _ in self.corruptions:
            by_severity = {severity: next(shown) for severity in severities}
            corruptions.append(
                CorruptionDifference(entry.name, entry.group, by_severity, next(shown))
            )
        return DatasetDifference(self.dataset, clean, tuple(corruptions), next(shown))
