"""From kept predictions to a report: every test set read, checked and measured, one at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from medmnist_c.builder.configs import Config, CorruptedConfig
from medmnist_c.builder.dataset_info import MedMNISTInfo, dataset_info
from medmnist_c.builder.suggestions import shown
from medmnist_c.builder.versions import VERSION, library_versions
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.metrics.test_set import classify
from medmnist_c.evaluation.metrics.uncertainty.resampled import CONFIDENCE
from medmnist_c.evaluation.metrics.uncertainty.resampling import RESAMPLES
from medmnist_c.evaluation.predictions.file import PredictionFile
from medmnist_c.evaluation.predictions.folder import PredictionFolder
from medmnist_c.evaluation.predictions.origin import CleanOrigin
from medmnist_c.evaluation.predictions.rows import Predictions
from medmnist_c.evaluation.predictions.validation import KeptValidation
from medmnist_c.evaluation.report.baseline import Baseline, alexnet, baseline_of
from medmnist_c.evaluation.report.completeness import missing_images, part_cost
from medmnist_c.evaluation.report.measures import Measures, temperature_of
from medmnist_c.evaluation.report.model import (
    DatasetReport,
    ModelIdentity,
    Provenance,
    Report,
    SourceProvenance,
    ValidationImages,
)
from medmnist_c.evaluation.report.operating_point import (
    VALIDATION,
    ThresholdSetting,
    choose,
    remark,
    threshold_of,
)
from medmnist_c.evaluation.report.robustness import (
    MARGIN,
    HowScored,
    dataset_report,
    told_reliability,
)
from medmnist_c.evaluation.robustness_report import RobustnessReport


@dataclass(frozen=True)
class Scoring:
    """How scores become figures.

    threshold: of the score of "yes", in binary and multi-label datasets; see `choose`.
    logits: the scores are logits.
    margin: of balanced error, that a model may lose (`Summary.lost_at`).
    baseline: whom to measure against.
    """

    threshold: ThresholdSetting = None
    logits: bool = False
    margin: float = MARGIN
    baseline: Baseline = field(default_factory=alexnet)

    @classmethod
    def of(
        cls,
        threshold: ThresholdSetting,
        logits: bool,
        baseline: Report | str | Path | None,
        margin: float = MARGIN,
    ) -> "Scoring":
        """From what the public functions take; a baseline may be the path of a report."""
        if isinstance(baseline, str | Path):
            baseline = RobustnessReport.load(baseline)
        if not 0 <= margin <= 1:
            raise PredictionError(f"The margin is a balanced error from 0 to 1, not {margin}.")
        against = alexnet() if baseline is None else baseline_of(baseline)
        return cls(threshold, logits, float(margin), against)

    def check(self, info: MedMNISTInfo) -> None:
        """Whether the threshold is one number between 0 and 1, or, for several labels, one for each.

        Raises:
            PredictionError: it is not.
        """
        if self.threshold is None or self.threshold == VALIDATION:
            return
        if isinstance(self.threshold, str):
            raise PredictionError(
                f"A threshold is {VALIDATION!r}, or a probability, not {shown(self.threshold)}."
            )
        values = np.atleast_1d(np.asarray(self.threshold, dtype=np.float64))
        if not ((values >= 0) & (values <= 1)).all():
            raise PredictionError(
                f"A threshold is a probability from 0 to 1, not {self.threshold}."
            )
        several = np.ndim(self.threshold) > 0
        if several and (not info.multi_label or len(values) != len(info.labels)):
            wanted = f"{len(info.labels)} numbers or one" if info.multi_label else "one number"
            raise PredictionError(
                f"The threshold of {info.name} is {wanted}, not {len(values)} numbers."
            )


@dataclass(frozen=True)
class ScoredImages:
    """Which model's answers to which images are scored.

    images: in words, e.g. "release" or "seed 7"; images_version: of the package that made them.
    sources: the clean images behind them, by dataset.
    limits: of the datasets of whose test sets only a part was looked at, how many images at most.
    """

    model: str
    images: str
    images_version: str | None
    sources: Mapping[str, CleanOrigin]
    limits: Mapping[str, int] = field(default_factory=dict)


def report_of(
    store: PredictionFolder | PredictionFile,
    configs: list[Config],
    scored: ScoredImages,
    scoring: Scoring,
    labels: Mapping[str, np.ndarray] | None = None,
) -> RobustnessReport:
    """The report of these test sets of a store; `labels`, by dataset, are those of the clean ones."""
    datasets = {}
    for dataset in dict.fromkeys(one.dataset for one in configs):
        own = [one for one in configs if one.dataset == dataset]
        known = (labels or {}).get(dataset)
        datasets[dataset] = _dataset_report(store, own, scoring, scored.images, known)
    provenance = Provenance(
        medmnist_c=VERSION,
        libraries=dict(library_versions()),
        images=scored.images,
        images_version=scored.images_version,
        confidence=CONFIDENCE,
        resamples=RESAMPLES,
        logits=scoring.logits,
        sources={
            dataset: SourceProvenance(
                scored.sources[dataset].digest,
                scored.sources[dataset].where,
                one.count,
                scored.limits.get(dataset),
            )
            for dataset, one in datasets.items()
        },
    )
    return RobustnessReport(
        _identity(scored, store, configs),
        ModelIdentity(scoring.baseline.name),
        provenance,
        datasets,
        store.path,
    )


def _identity(
    scored: ScoredImages, store: PredictionFolder | PredictionFile, configs: list[Config]
) -> ModelIdentity:
    if not isinstance(store, PredictionFolder):
        return ModelIdentity(scored.model)
    origin = store.origin(configs[0])
    return ModelIdentity(scored.model, (), origin.fingerprint, origin.made)


def _dataset_report(
    store: PredictionFolder | PredictionFile,
    configs: list[Config],
    scoring: Scoring,
    images: str,
    labels: np.ndarray | None,
) -> DatasetReport:
    """All figures of one dataset; one test set is in memory at a time."""
    info = dataset_info(configs[0].dataset)
    scoring.check(info)
    if isinstance(configs[0], CorruptedConfig):
        raise PredictionError(
            f"{store.path} has no clean predictions of {info.name}; rBE and the drop need them."
        )
    kept_validation = store.validation(info.name, logits=scoring.logits)
    validation = None if kept_validation is None else kept_validation.predictions
    point = choose(info, scoring.threshold, validation)
    measures = Measures(temperature_of(validation))
    first: Predictions | None = None
    for config in configs:
        kept = store.read(config, logits=scoring.logits)
        if first is None:
            first, labels = kept, _of_part(labels, kept, store.path)
        elif not kept.same_images(first):
            raise PredictionError(
                f"{config.name} in {store.path} has other images, or other groups of them, than "
                f"{configs[0].name}; give the same ones for each test set."
            )
        labels = _same_labels(kept, labels, config, store.path)
        if validation is not None and np.array_equal(validation.scores, kept.scores):
            raise PredictionError(
                f"The validation scores of {info.name} in {store.path} are those of its test images "
                f"({config.name}); thresholds are chosen on validation images."
            )
        classified = classify(
            info,
            labels,
            kept.scores,
            threshold_of(point),
            groups=kept.groups,
            class_counts=kept.class_counts,
        )
        measures.add(config, classified)
    assert labels is not None and first is not None
    cost = None if first.part is None else part_cost(labels, first.part)
    how = HowScored(
        missing_images(info, len(labels), images, cost),
        () if point is None else (point,),
        None if kept_validation is None else _told(info, kept_validation),
        remark(info, point, scoring.baseline),
        scoring.margin,
        measures.temperature,
        told_reliability(measures),
        None if first.groups is None else len(np.unique(first.groups)),
    )
    return dataset_report(measures.figures, len(labels), scoring.baseline, how)


def _told(info: MedMNISTInfo, validation: KeptValidation) -> ValidationImages:
    source = validation.source
    count = len(validation.predictions.scores)
    return ValidationImages(count, info.validation_count, source.digest, source.where)


def _of_part(labels: np.ndarray | None, kept: Predictions, path: Path) -> np.ndarray | None:
    """Those of the whole clean test set for the images that were predicted."""
    if labels is None or kept.indices is None or kept.part is None:
        return labels
    if len(labels) != kept.part.count:
        raise PredictionError(
            f"{path} has predictions for a part of {kept.part.count} images, and the clean test set has "
            f"{len(labels)}."
        )
    return labels[kept.indices]


def _same_labels(
    kept: Predictions, labels: np.ndarray | None, config: Config, path: Path
) -> np.ndarray:
    """The labels of the clean test set, which every corrupted one has in the same order."""
    if labels is None:
        if kept.labels is None:
            raise PredictionError(f"{path} has no labels of {config.name}.")
        return kept.labels
    if len(kept.scores) != len(labels):
        raise PredictionError(
            f"{path} has {len(kept.scores)} images of {config.name}, the clean test set "
            f"{len(labels)}; predict all of them."
        )
    if kept.labels is not None and (kept.labels != labels).any():
        row = int(np.flatnonzero((kept.labels != labels).any(axis=1))[0])
        raise PredictionError(
            f"Image {row} of {config.name} in {path} has another label than in the clean test set; "
            "the predictions are for other images, or in another order."
        )
    return labels
