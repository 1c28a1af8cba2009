"""From kept predictions to a report: every test set read, checked and measured, one at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from medmnist_c.builder.cards import VERSION
from medmnist_c.builder.configs import Config, CorruptedConfig
from medmnist_c.builder.dataset_info import MedMNISTInfo, dataset_info
from medmnist_c.builder.versions import library_versions
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.metrics.resampled import CONFIDENCE
from medmnist_c.evaluation.metrics.resampling import RESAMPLES
from medmnist_c.evaluation.metrics.test_set import Threshold, classify, measure
from medmnist_c.evaluation.predictions.file import PredictionFile
from medmnist_c.evaluation.predictions.folder import PredictionFolder
from medmnist_c.evaluation.predictions.origin import CleanOrigin
from medmnist_c.evaluation.predictions.rows import Predictions
from medmnist_c.evaluation.report.baseline import Baseline, alexnet, baseline_of
from medmnist_c.evaluation.report.model import (
    DatasetReport,
    ModelIdentity,
    Provenance,
    Report,
    SourceProvenance,
)
from medmnist_c.evaluation.report.robustness import dataset_report
from medmnist_c.evaluation.robustness_report import RobustnessReport


@dataclass(frozen=True)
class Scoring:
    """How scores become figures.

    threshold: of the score of "yes", in binary and multi-label datasets.
    logits: the scores are logits.
    baseline: whom to measure against.
    """

    threshold: Threshold = 0.5
    logits: bool = False
    baseline: Baseline = field(default_factory=alexnet)

    @classmethod
    def of(
        cls, threshold: Threshold, logits: bool, baseline: Report | str | Path | None
    ) -> "Scoring":
        """From what the public functions take; a baseline may be the path of a report."""
        if isinstance(baseline, str | Path):
            baseline = RobustnessReport.load(baseline)
        return cls(threshold, logits, alexnet() if baseline is None else baseline_of(baseline))

    def check(self, info: MedMNISTInfo) -> None:
        """Whether the threshold is one number between 0 and 1, or, for several labels, one for each.

        Raises:
            PredictionError: it is not.
        """
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
    """

    model: str
    images: str
    images_version: str | None
    sources: Mapping[str, CleanOrigin]


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
        datasets[dataset] = _dataset_report(store, own, scoring, (labels or {}).get(dataset))
    threshold = scoring.threshold
    provenance = Provenance(
        medmnist_c=VERSION,
        libraries=dict(library_versions()),
        images=scored.images,
        images_version=scored.images_version,
        confidence=CONFIDENCE,
        resamples=RESAMPLES,
        threshold=(
            float(threshold)
            if isinstance(threshold, int | float)
            else tuple(float(one) for one in threshold)
        ),
        logits=scoring.logits,
        sources={
            dataset: SourceProvenance(
                scored.sources[dataset].digest, scored.sources[dataset].where, one.count
            )
            for dataset, one in datasets.items()
        },
    )
    return RobustnessReport(
        ModelIdentity(scored.model),
        ModelIdentity(scoring.baseline.name),
        provenance,
        datasets,
        store.path,
    )


def _dataset_report(
    store: PredictionFolder | PredictionFile,
    configs: list[Config],
    scoring: Scoring,
    labels: np.ndarray | None,
) -> DatasetReport:
    """All figures of one dataset; one test set is in memory at a time."""
    info = dataset_info(configs[0].dataset)
    scoring.check(info)
    if isinstance(configs[0], CorruptedConfig):
        raise PredictionError(
            f"{store.path} has no clean predictions of {info.name}; rBE and the drop need them."
        )
    measured = {}
    for config in configs:
        kept = store.read(config, logits=scoring.logits)
        labels = _same_labels(kept, labels, config, store.path)
        classified = classify(info, labels, kept.scores, scoring.threshold)
        measured[config] = measure(classified, corrupted=isinstance(config, CorruptedConfig))
    assert labels is not None
    return dataset_report(measured, len(labels), scoring.baseline)


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
