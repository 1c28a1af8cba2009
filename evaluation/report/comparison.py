"""Two models side by side: differences of balanced error and of the AUC, paired by image."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np

from medmnist_c.builder.configs import CleanConfig, Config, CorruptedConfig
from medmnist_c.corruptions.table import CORRUPTIONS, Corruption
from medmnist_c.evaluation.errors import ReportError
from medmnist_c.evaluation.metrics.auc import delong_error
from medmnist_c.evaluation.metrics.uncertainty.resampled import Resampled, combine, mean
from medmnist_c.evaluation.metrics.uncertainty.seeds import settled
from medmnist_c.evaluation.metrics.uncertainty.simultaneous import max_t_bands
from medmnist_c.evaluation.metrics.uncertainty.swaps import Swaps
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
    of equally good models about 5 % show any interval without 0 (tools/statistics/comparisons.py).
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
    every = [[*errors.pairs(), *areas.pairs()] for _, errors, areas in apart]
    shown = _simultaneous([[pair.difference(positions) for pair in pairs] for pairs in every])
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
    """A difference with its resamples.

    least_error: the least standard error that it has.
    parts: what each image adds to it, N; None over several trainings.
    labels, groups: of the images.
    """

    figure: Resampled
    least_error: float
    parts: np.ndarray | None
    labels: np.ndarray
    groups: np.ndarray | None

    @property
    def varies(self) -> bool:
        """Whether it is there and has resamples."""
        return self.figure.value is not None and self.figure.draws is not None


def _simultaneous(by_dataset: Sequence[Sequence[_Difference]]) -> Iterator[Estimate]:
    """The figures with bands that hold for all of them together, in their order."""
    known = [one for differences in by_dataset for one in differences if one.varies]
    bands = max_t_bands(
        np.array([one.figure.value for one in known]),
        np.stack([one.figure.draws for one in known if one.figure.draws is not None], axis=1),
        least_errors=np.array([one.least_error for one in known]),
        swaps=_swaps(by_dataset),
    )
    limits = zip(bands.low.tolist(), bands.high.tolist(), strict=True)
    for one in (each for differences in by_dataset for each in differences):
        figure = one.figure
        if one.varies:
            yield Estimate(figure.value, *next(limits), figure.note)
        else:
            yield Estimate(figure.value, note=figure.note)


def _swaps(by_dataset: Sequence[Sequence[_Difference]]) -> Swaps | None:
    """Of all differences that vary; None if there are several trainings of a model, whose part in a
    difference is no image's."""
    found = []
    for number, differences in enumerate(by_dataset):
        varying = [one for one in differences if one.varies]
        parts = [one.parts for one in varying if one.parts is not None]
        if len(parts) < len(varying):
            return None
        first = differences[0]
        found.append(Swaps.of(np.stack(parts, axis=1), first.labels, first.groups, number))
    return Swaps(
        np.concatenate([one.differences for one in found], axis=1),
        np.concatenate([one.of_means for one in found]),
    )


@dataclass(frozen=True)
class _Pair:
    """The same figure of both models, or a mean of such.

    labels, groups: of the images.
    parts: what each image adds to the difference, N; None over several trainings.
    losses: of the AUC, what each image takes from the difference, N; None of another figure.
    """

    a: Resampled
    b: Resampled
    labels: np.ndarray
    groups: np.ndarray | None
    parts: np.ndarray | None = None
    losses: np.ndarray | None = None

    def difference(self, positions: tuple[int, int]) -> _Difference:
        """b - a, of models at these positions."""
        of_a, of_b = settled(self.a, positions[0]), settled(self.b, positions[1])
        error = 0.0
        if self.losses is not None:
            error = delong_error(self.losses, self.labels, self.groups)
        figure = combine(lambda x, y: y - x, of_a, of_b)
        return _Difference(figure, error, self.parts, self.labels, self.groups)


def _mean(pairs: Sequence[_Pair]) -> _Pair:
    a, b = mean([one.a for one in pairs]), mean([one.b for one in pairs])
    parts = _mean_of([one.parts for one in pairs])
    losses = _mean_of([one.losses for one in pairs])
    return _Pair(a, b, pairs[0].labels, pairs[0].groups, parts, losses)


def _mean_of(of_images: Sequence[np.ndarray | None]) -> np.ndarray | None:
    known = [one for one in of_images if one is not None]
    return np.mean(known, axis=0) if len(known) == len(of_images) else None


def _apart(a: np.ndarray | None, b: np.ndarray | None) -> np.ndarray | None:
    return None if a is None or b is None else b - a


_Pairs = dict[Config, _Pair]


def _by_dataset(
    pairs: dict[Config, tuple[KeptFigures, KeptFigures]],
) -> Iterator[tuple[str, _Pairs, _Pairs]]:
    """For each dataset the balanced errors and the AUCs of both models."""
    for dataset in dict.fromkeys(one.dataset for one in pairs):
        errors, areas = {}, {}
        for config, (a, b) in pairs.items():
            if config.dataset == dataset:
                which = (a.labels, a.groups)
                parts = _apart(a.error_parts, b.error_parts)
                errors[config] = _Pair(a.error, b.error, *which, parts)
                losses, parts = _apart(a.losses, b.losses), _apart(a.auc_parts, b.auc_parts)
                areas[config] = _Pair(a.auc, b.auc, *which, parts, losses)
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
