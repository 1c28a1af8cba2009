"""Two models side by side: differences of balanced error and of the AUC, paired by image."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np

from medmnist_c.builder.configs import CleanConfig, Config, CorruptedConfig
from medmnist_c.corruptions.table import CORRUPTIONS, Corruption
from medmnist_c.evaluation.errors import ReportError
from medmnist_c.evaluation.metrics.auc import delong_error
from medmnist_c.evaluation.metrics.resampled import Resampled, combine, mean
from medmnist_c.evaluation.metrics.seeds import settled
from medmnist_c.evaluation.metrics.simultaneous import max_t_bands
from medmnist_c.evaluation.report.kept_errors import (
    KeptErrors,
    KeptFigures,
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
class Differences:
    """Differences of one figure: clean, by corruption, and the mean over the corruptions."""

    clean: Estimate
    corruptions: tuple[CorruptionDifference, ...]
    mean: Estimate


@dataclass(frozen=True)
class DatasetDifference(Differences):
    """Differences of balanced error on one dataset, and those of the AUC."""

    dataset: str
    auc: Differences


@dataclass(frozen=True)
class ModelComparison:
    """Differences of balanced error, b - a: negative where b is better; and of the AUC, where positive.

    Both models are resampled with the same images, so that what both find hard cancels out. The
    intervals are simultaneous over all differences of the comparison, of both figures, means included:
    of equally good models at most 5 % show any interval without 0 (tools/statistics/comparisons.py).
    Those of the AUC are no shorter than by DeLong's standard error.
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
    pairs: dict[Config, tuple[KeptFigures, KeptFigures]] = {}
    for config in (one for one in stores[0].configs() if one in shared):
        of_a, of_b = a.of(config), b.of(config)
        if of_a is None or of_b is None or not _same_images(of_a, of_b):
            raise ReportError(
                f"The labels of {config.name} are not the same for {a.report.name} and "
                f"{b.report.name} (or not kept), or images are grouped otherwise, so they cannot be "
                "paired."
            )
        pairs[config] = of_a, of_b
    positions = a.position, b.position
    apart = [
        (dataset, _Apart.of(dataset, errors), _Apart.of(dataset, areas))
        for dataset, errors, areas in _by_dataset(pairs)
    ]
    every = (pair for _, *both in apart for one in both for pair in one.pairs())
    shown = _simultaneous([pair.difference(positions) for pair in every])
    told = [
        (dataset, errors.differences(shown), areas.differences(shown))
        for dataset, errors, areas in apart
    ]
    return ModelComparison(
        a.report.name,
        b.report.name,
        tuple(
            DatasetDifference(errors.clean, errors.corruptions, errors.mean, dataset, areas)
            for dataset, errors, areas in told
        ),
    )


def _same_images(a: KeptFigures, b: KeptFigures) -> bool:
    if (a.groups is None) != (b.groups is None) or not np.array_equal(a.labels, b.labels):
        return False
    return a.groups is None or b.groups is None or np.array_equal(a.groups, b.groups)


@dataclass(frozen=True)
class _Difference:
    """A difference with its resamples, and the least standard error that it has."""

    figure: Resampled
    least_error: float


def _simultaneous(differences: list[_Difference]) -> Iterator[Estimate]:
    """The figures with bands that hold for all of them together, in their order."""
    known = [
        (one.figure.value, one.figure.draws, one.least_error)
        for one in differences
        if one.figure.value is not None and one.figure.draws is not None
    ]
    values, draws, errors = zip(*known, strict=True)
    bands = max_t_bands(np.array(values), np.stack(draws, axis=1), least_errors=np.array(errors))
    limits = zip(bands.low.tolist(), bands.high.tolist(), strict=True)
    for one in (each.figure for each in differences):
        if one.value is None or one.draws is None:
            yield Estimate(one.value, note=one.note)
        else:
            yield Estimate(one.value, *next(limits), one.note)


@dataclass(frozen=True)
class _Pair:
    """The same figure of both models, or a mean of such.

    losses: of the AUC, what each image takes from the difference, N; None of another figure.
    labels, groups: of the images.
    """

    a: Resampled
    b: Resampled
    labels: np.ndarray
    groups: np.ndarray | None
    losses: np.ndarray | None = None

    def difference(self, positions: tuple[int, int]) -> _Difference:
        """b - a, of models at these positions."""
        of_a, of_b = settled(self.a, positions[0]), settled(self.b, positions[1])
        error = 0.0
        if self.losses is not None:
            error = delong_error(self.losses, self.labels, self.groups)
        return _Difference(combine(lambda x, y: y - x, of_a, of_b), error)


def _mean(pairs: Sequence[_Pair]) -> _Pair:
    losses = [one.losses for one in pairs if one.losses is not None]
    average = np.mean(losses, axis=0) if len(losses) == len(pairs) else None
    a, b = mean([one.a for one in pairs]), mean([one.b for one in pairs])
    return _Pair(a, b, pairs[0].labels, pairs[0].groups, average)


_Pairs = dict[Config, _Pair]


def _by_dataset(
    pairs: dict[Config, tuple[KeptFigures, KeptFigures]],
) -> Iterator[tuple[str, _Pairs, _Pairs]]:
    """For each dataset the balanced errors and the AUCs of both models."""
    for dataset in dict.fromkeys(one.dataset for one in pairs):
        errors, areas = {}, {}
        for config, (a, b) in pairs.items():
            if config.dataset == dataset:
                losses = None
                if a.losses is not None and b.losses is not None:
                    losses = b.losses - a.losses
                errors[config] = _Pair(a.error, b.error, a.labels, a.groups)
                areas[config] = _Pair(a.auc, b.auc, a.labels, a.groups, losses)
        yield dataset, errors, areas


@dataclass(frozen=True)
class _Apart:
    """One figure of two models on one dataset with its resamples."""

    clean: _Pair
    corruptions: list[tuple[Corruption, dict[int, _Pair], _Pair]]
    mean: _Pair

    @classmethod
    def of(cls, dataset: str, pairs: _Pairs) -> "_Apart":
        corruptions = []
        for entry in CORRUPTIONS[dataset].values():
            own = {
                one.severity: found
                for one, found in pairs.items()
                if isinstance(one, CorruptedConfig) and one.entry is entry
            }
            if own:
                corruptions.append((entry, own, _mean(list(own.values()))))
        clean = pairs[CleanConfig(dataset)]
        if not corruptions:
            nothing = mean([])
            return cls(clean, [], _Pair(nothing, nothing, clean.labels, clean.groups))
        return cls(clean, corruptions, _mean([average for _, _, average in corruptions]))

    def pairs(self) -> Iterator[_Pair]:
        """All that is shown."""
        yield self.clean
        for _, severities, average in self.corruptions:
            yield from severities.values()
            yield average
        yield self.mean

    def differences(self, shown: Iterator[Estimate]) -> Differences:
        """With the estimates of `pairs`, taken from `shown` in their order."""
        clean = next(shown)
        corruptions = []
        for entry, severities, _ in self.corruptions:
            by_severity = {severity: next(shown) for severity in severities}
            corruptions.append(
                CorruptionDifference(entry.name, entry.group, by_severity, next(shown))
            )
        return Differences(clean, tuple(corruptions), next(shown))
