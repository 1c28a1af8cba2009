"""A report as typed data: figures and their provenance, checked against the benchmark when made.

Every name, count and figure is checked here and nowhere else, whether it was computed or comes from
a file: names are the benchmark's, counts no larger than its test sets, figures finite and in their
range. What is free text (a model's name, a note) is bounded, and the renderers escape it.
"""

from collections.abc import Collection
from dataclasses import field, replace
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES
from medmnist_c.evaluation.errors import ReportError
from medmnist_c.evaluation.fields import (
    Count,
    Flag,
    Number,
    Probability,
    Severity,
    Text,
    first_misfit,
)
from medmnist_c.evaluation.metrics.names import PRIMARY, metric_range
from medmnist_c.evaluation.metrics.uncertainty.resampled import Figures, Resampled
from medmnist_c.evaluation.metrics.uncertainty.seeds import over_seeds, settled

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval.

    `low` and `high` are None where a figure has no interval, `value` where there is no figure; `note`
    says why. Where there are several training seeds, `runs` are the values of each, `sd` is their
    standard deviation, and the interval is over images and trainings.
    """

    value: Number | None
    low: Number | None = None
    high: Number | None = None
    note: Text | None = None
    sd: Number | None = None
    runs: tuple[Number | None, ...] = ()

    @classmethod
    def of(cls, figure: Resampled) -> Self:
        sd = over_seeds(figure.runs).sd if figure.runs else None
        low, high = settled(figure).interval() or (None, None)
        value = None if figure.value is None else float(figure.value)
        runs = tuple(None if one.value is None else float(one.value) for one in figure.runs)
        return cls(value, low, high, figure.note, sd, runs)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.low is None) != (self.high is None):
            raise ValueError("has half an interval")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("has an interval that ends before it begins")
        return self


def _known_metrics(metrics: dict[str, Estimate]) -> dict[str, Estimate]:
    for name, one in metrics.items():
        limits = metric_range(name)
        if limits is None:
            raise ValueError("has a metric that is not known")
        least, most = limits
        numbers = [value for value in (one.value, one.low, one.high) if value is not None]
        if not all(least - _ROUNDING <= value <= most + _ROUNDING for value in numbers):
            raise ValueError(f"has {name} outside {least:g} to {most:g}")
    return metrics


def _with_primary(means: dict[str, Estimate]) -> dict[str, Estimate]:
    if PRIMARY not in means:
        raise ValueError(f"has means that lack {PRIMARY}")
    return means


Metrics = Annotated[dict[str, Estimate], AfterValidator(_known_metrics)]  # by name
Means = Annotated[Metrics, AfterValidator(_with_primary)]


def metrics_of(figures: Figures) -> dict[str, Estimate]:
    """The figures of a test set, or means of them, as a report has them."""
    return {
        name: _within(Estimate.of(figure), metric_range(name)) for name, figure in figures.items()
    }


def _within(one: Estimate, limits: tuple[float, float] | None) -> Estimate:
    """Its interval cut to the metric's range: that over few trainings can leave it."""
    if one.low is None or one.high is None or limits is None:
        return one
    return replace(one, low=max(one.low, limits[0]), high=min(one.high, limits[1]))


@dataclass(frozen=True)
class TestSetFigures:
    """All metrics of one test set; `severity` is None for the clean one."""

    __test__ = False  # no test of pytest's

    severity: Severity | None
    count: Count
    metrics: Metrics

    @model_validator(mode="after")
    def _check(self) -> Self:
        if PRIMARY not in self.metrics:
            raise ValueError(f"lacks {PRIMARY}")
        return self


@dataclass(frozen=True)
class CorruptionReport:
    """One corruption: its test sets by rising severity, their means, and its BE and rBE.

    `baseline_balanced_error` and `baseline_drop` are the baseline's, over the same severities; None
    where they are not known. `stable` says whether that drop is large enough to divide by.
    """

    name: str
    group: str
    test_sets: tuple[TestSetFigures, ...]
    BE: Estimate
    rBE: Estimate
    baseline_balanced_error: Number | None
    baseline_drop: Number | None
    stable: Flag
    means: Means

    @model_validator(mode="after")
    def _check(self) -> Self:
        severities = [one.severity for one in self.test_sets]
        known = [one for one in severities if one is not None]
        if not severities or severities != sorted(set(known)):
            raise ValueError("has no test sets of rising severity")
        return self

    def by_severity(self, metric: str = PRIMARY) -> dict[int | None, Estimate | None]:
        """One metric's estimates; None where a test set lacks it."""
        return {one.severity: one.metrics.get(metric) for one in self.test_sets}


@dataclass(frozen=True)
class GroupReport:
    """Means over the corruptions of a group, of BE and rBE as well (the stable ones' rBE)."""

    name: str
    BE: Estimate
    rBE: Estimate
    means: Means


@dataclass(frozen=True)
class SeverityReport:
    """Means over all corruptions at a severity."""

    severity: Severity
    means: Means


@dataclass(frozen=True)
class Summary:
    """Means over all corruptions; `rBE_stable` leaves out those named in `unstable`.

    `lost_at` is the first severity at which the mean balanced error is more than `margin` above the
    clean one, 6 if there is none. `complete`: all corruptions and severities, on whole test sets.
    """

    BE: Estimate
    rBE: Estimate
    rBE_stable: Estimate
    unstable: tuple[str, ...]
    means: Metrics
    complete: Flag
    margin: Probability
    lost_at: Estimate


TUNED = "tuned"


@dataclass(frozen=True)
class OperatingPoint:
    """Thresholds of the score of "yes", one for all labels or one for each.

    `kind` is "given", or "tuned": each of best balanced accuracy on clean validation images.
    """

    kind: Literal["given", "tuned"]
    thresholds: tuple[Probability, ...]

    @property
    def words(self) -> str:
        """e.g. "tuned", "0.5"."""
        if self.kind == TUNED:
            return TUNED
        return f"{self.thresholds[0]:g}" if len(self.thresholds) == 1 else "given for each label"


@dataclass(frozen=True)
class ValidationImages:
    """Clean validation images, whose scores chose thresholds and the temperature.

    `digest` and `where` are as those of a `SourceProvenance`; `official` is how many there should be.
    """

    count: Count
    official: Count
    digest: Text | None
    where: Text


@dataclass(frozen=True)
class ReliabilityBin:
    """Answers whose confidence is above `low` and at most `high`; means are None in an empty bin."""

    low: Probability
    high: Probability
    count: Annotated[int, Field(strict=True, ge=0, le=10**9)]
    confidence: Probability | None
    accuracy: Probability | None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not (self.count == 0) == (self.confidence is None) == (self.accuracy is None):
            raise ValueError("has means of no answers, or answers without means")
        return self


@dataclass(frozen=True)
class Reliability:
    """Whether confidences mean what they say, over all corruptions at a severity; None: clean."""

    severity: Severity | None
    bins: tuple[ReliabilityBin, ...]


@dataclass(frozen=True)
class DatasetReport:
    """All figures of one dataset.

    `partial` says why the images are no whole test set of the benchmark; None if they are.
    `operating_points` are one for each training, none where the largest score decides; `validation` is
    None where no validation images were seen. `remark` says why BE and rBE compare thresholds, too;
    None if they do not. `temperature` is the one that validation images chose; None without them.
    `clusters` is how many groups of images (patients, volumes) were resampled as wholes; None if each
    image stands for itself.
    """

    dataset: str
    task: str
    classes: tuple[str, ...]
    count: Count
    partial: Text | None
    operating_points: tuple[OperatingPoint, ...]
    validation: ValidationImages | None
    remark: Text | None
    temperature: Number | None
    reliability: tuple[Reliability, ...]
    clean: TestSetFigures
    corruptions: tuple[CorruptionReport, ...]
    groups: tuple[GroupReport, ...]
    severities: tuple[SeverityReport, ...]
    summary: Summary
    clusters: Count | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        known = CORRUPTIONS.get(self.dataset)
        if known is None:
            raise ValueError("is no dataset of MedMNIST-C")
        info = dataset_info(self.dataset)
        if (self.task, self.classes) != (info.task, info.labels):
            raise ValueError(f"has another task or other classes than {self.dataset}")
        names = [one.name for one in self.corruptions]
        if not _once_each(names, known):
            raise ValueError(f"has corruptions that are not once each those of {self.dataset}")
        if any(one.group != known[one.name].group for one in self.corruptions):
            raise ValueError("has a corruption in another group than the benchmark's")
        if not _once_each([one.name for one in self.groups], {one.group for one in known.values()}):
            raise ValueError("has groups that are not once each the benchmark's")
        if not _once_each([one.severity for one in self.severities], SEVERITIES):
            raise ValueError("has a severity twice")
        if not _once_each(self.summary.unstable, names):
            raise ValueError("calls corruptions unstable that it does not have")
        if self.clean.severity is not None:
            raise ValueError("has clean figures with a severity")
        if self.corruptions:
            _with_primary(self.summary.means)
        counts = {one.count for of in self.corruptions for one in of.test_sets}
        if counts | {self.clean.count} != {self.count}:
            raise ValueError("has test sets of different size")
        lengths = {len(one.thresholds) for one in self.operating_points}
        if not lengths <= {1, len(info.labels)}:
            raise ValueError("has thresholds that are not one, or one for each label")
        if self.count > info.test_count:
            raise ValueError(f"has more images than the {info.test_count} of {self.dataset}")
        ratios = [self.summary.BE.value, *(one.BE.value for one in self.groups)]
        ratios += [one.BE.value for one in self.corruptions]
        if self.partial is not None and any(one is not None for one in ratios):
            raise ValueError("has a BE, and images that are no whole test set")
        return self


def _once_each(names: Collection, known: Collection) -> bool:
    return len(set(names)) == len(names) and set(names) <= set(known)


@dataclass(frozen=True)
class SourceProvenance:
    """Which clean images a dataset's figures are of.

    `limit` is what `evaluate` was given, where only a part of the test set was looked at; else None.
    """

    digest: Text | None
    where: Text
    count: Count
    limit: Count | None = None


@dataclass(frozen=True)
class Provenance:
    """How the figures came about."""

    medmnist_c: Text
    libraries: dict[Text, Text]
    images: Text
    images_version: Text | None
    confidence: Probability
    resamples: Count
    logits: Flag
    sources: dict[str, SourceProvenance]


@dataclass(frozen=True)
class ModelIdentity:
    """A model: its name, and those of its trainings if there are several.

    `fingerprint` tells it from others of that name; `made` are words on its predictions, by name.
    """

    name: Text
    seeds: tuple[Text, ...] = ()
    fingerprint: Text | None = None
    made: dict[Text, Text] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """How a model fares under the corruptions, dataset by dataset.

    `predictions` is the folder or file of the scores behind it, None where they are not kept;
    `seed_predictions` those of each training in a report over several. They are no part of `to_dict`.
    There is no time in a report: the same predictions give the same one.
    """

    model: ModelIdentity
    baseline: ModelIdentity
    provenance: Provenance
    datasets: dict[str, DatasetReport]
    predictions: Path | None = None
    seed_predictions: tuple[Path, ...] = ()

    @property
    def places(self) -> tuple[Path, ...]:
        """Of the predictions of each training; none where they are not kept."""
        return self.seed_predictions or (() if self.predictions is None else (self.predictions,))

    @property
    def name(self) -> str:
        """The model's."""
        return self.model.name

    @property
    def corrupted_count(self) -> int:
        """Of the test sets, without the clean ones."""
        return sum(
            len(corruption.test_sets)
            for one in self.datasets.values()
            for corruption in one.corruptions
        )

    def table(
        self, dataset: str, metric: str = PRIMARY
    ) -> dict[tuple[str | None, int | None], Estimate]:
        """One metric's estimates by (corruption, severity), the clean one by (None, None)."""
        one = self.datasets[dataset]
        rows: dict[tuple[str | None, int | None], Estimate] = {
            (None, None): one.clean.metrics[metric]
        }
        for corruption in one.corruptions:
            for test_set in corruption.test_sets:
                rows[corruption.name, test_set.severity] = test_set.metrics[metric]
        return rows

    def to_dict(self) -> dict:
        """All but `predictions` as plain data: dictionaries, lists, texts and numbers."""
        told = _PLAIN.dump_python(self, mode="json", exclude={"predictions", "seed_predictions"})
        return dict(told)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.datasets or any(key != one.dataset for key, one in self.datasets.items()):
            raise ValueError("has no datasets, or one under another name")
        if set(self.provenance.sources) != set(self.datasets):
            raise ValueError("has sources that are not those of its datasets")
        return self


_PLAIN = TypeAdapter(Report)


def report_fields(plain: object, where: str) -> Report:
    """The report that `to_dict` made plain; keys that are not known do no harm.

    Args:
        plain: as read from JSON.
        where: words for the error, e.g. its file.

    Raises:
        ReportError: something is of another form; the message says where.
    """
    try:
        return _PLAIN.validate_python(plain)
    except ValidationError as error:
        raise ReportError(
            f"{where} is no report as medmnist_c makes it: {first_misfit(error)}; make it again."
        ) from error
