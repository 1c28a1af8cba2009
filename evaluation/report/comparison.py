"""Two models side by side: differences of balanced error, paired by image."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from medmnist_c.builder.configs import CleanConfig, Config, CorruptedConfig
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.corruptions.table import CORRUPTIONS, Corruption
from medmnist_c.evaluation.errors import ReportError
from medmnist_c.evaluation.metrics.resampled import Resampled, combine, mean
from medmnist_c.evaluation.metrics.simultaneous import max_t_bands
from medmnist_c.evaluation.metrics.test_set import balanced_error, classify
from medmnist_c.evaluation.predictions.file import PredictionFile
from medmnist_c.evaluation.predictions.folder import PredictionFolder, open_predictions
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
    return _compared(*_kept_errors([a, b]))


def compare_all(reports: Sequence[Report]) -> tuple[ModelComparison | NotComparable, ...]:
    """Each two of the reports; every test set of a model is read and resampled once."""
    found: list[ModelComparison | NotComparable] = []
    for a, b in combinations(_kept_errors(reports), 2):
        try:
            found.append(_compared(a, b))
        except ReportError as error:
            found.append(NotComparable(a.report.name, b.report.name, str(error)))
    return tuple(found)


def _kept_errors(reports: Sequence[Report]) -> list["_KeptErrors"]:
    """Of each report; reports of the same predictions are one model, and do not differ."""
    places = [one.predictions and one.predictions.absolute() for one in reports]
    return [
        _KeptErrors(one, places.index(place)) for one, place in zip(reports, places, strict=True)
    ]


class _KeptErrors:
    """Labels and resampled balanced errors of a report's test sets, read when first asked for."""

    def __init__(self, report: Report, position: int) -> None:
        self.report = report
        self.position = position
        self._found: dict[Config, tuple[np.ndarray, Resampled] | None] = {}

    @cached_property
    def store(self) -> PredictionFolder | PredictionFile:
        predictions = self.report.predictions
        if predictions is None or not predictions.exists():
            raise ReportError(
                f"The predictions of {self.report.name} are not there ({predictions}), which a paired "
                "comparison needs; evaluate with predictions=FOLDER and keep it beside the report."
            )
        return open_predictions(predictions)

    def reported(self) -> set[Config]:
        return {
            CleanConfig(dataset)
            if corruption is None or severity is None
            else CorruptedConfig(dataset, corruption, severity)
            for dataset in self.report.datasets
            for corruption, severity in self.report.table(dataset)
        }

    def of(self, config: Config) -> tuple[np.ndarray, Resampled] | None:
        """None where the labels are not kept."""
        if config not in self._found:
            made = self.report.provenance
            kept = self.store.read(config, logits=made.logits)
            self._found[config] = None
            if kept.labels is not None:
                info = dataset_info(config.dataset)
                classified = classify(info, kept.labels, kept.scores, made.threshold)
                error = balanced_error(
                    classified, corrupted=isinstance(config, CorruptedConfig), model=self.position
                )
                self._found[config] = kept.labels, error
        return self._found[config]


def _compared(a: _KeptErrors, b: _KeptErrors) -> ModelComparison:
    stores = a.store, b.store
    _check_same_images(a.report, b.report)
    shared = a.reported() & b.reported()
    differences = {}
    for config in (one for one in stores[0].configs() if one in shared):
        of_a, of_b = a.of(config), b.of(config)
        if of_a is None or of_b is None or not np.array_equal(of_a[0], of_b[0]):
            raise ReportError(
                f"The labels of {config.name} are not the same for {a.report.name} and "
                f"{b.report.name} (or not kept), so they cannot be paired."
            )
        differences[config] = combine(lambda at_a, at_b: at_b - at_a, of_a[1], of_b[1])
    apart = [
        _Apart.of(dataset, differences)
        for dataset in dict.fromkeys(one.dataset for one in differences)
    ]
    shown = _simultaneous([figure for one in apart for figure in one.figures()])
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


@dataclass(frozen=True)
class _Apart:
    """Differences on one dataset with their resamples."""

    dataset: str
    clean: Resampled
    corruptions: list[tuple[Corruption, dict[int, Resampled], Resampled]]
    mean: Resampled

    @classmethod
    def of(cls, dataset: str, differences: dict[Config, Resampled]) -> "_Apart":
        corruptions = []
        for entry in CORRUPTIONS[dataset].values():
            own = {
                one.severity: found
                for one, found in differences.items()
                if isinstance(one, CorruptedConfig) and one.entry is entry
            }
            if own:
                corruptions.append((entry, own, mean(list(own.values()))))
        overall = mean([average for _, _, average in corruptions])
        return cls(dataset, differences[CleanConfig(dataset)], corruptions, overall)

    def figures(self) -> Iterator[Resampled]:
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


def _check_same_images(a: Report, b: Report) -> None:
    shared = [name for name in a.datasets if name in b.datasets]
    if not shared:
        raise ReportError(f"{a.name} and {b.name} have no dataset in common.")
    one, other = a.provenance, b.provenance
    same = one.images == other.images
    for name in shared:
        digests = [made.sources[name].digest for made in (one, other)]
        same = same and (None in digests or digests[0] == digests[1])
    if not same:
        raise ReportError(
            f"{a.name} was scored on other images ({one.images}) than {b.name} "
            f"({other.images}), or on other clean ones; evaluate both on the same."
        )
