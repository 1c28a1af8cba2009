"""From predictions to a report: every cell read, checked and measured, one at a time."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import datasets as hf_datasets
import numpy as np

from medmnist_c.builder.cards import VERSION
from medmnist_c.builder.configs import CleanConfig, Config, CorruptedConfig
from medmnist_c.builder.dataset_info import MedMNISTInfo, dataset_info
from medmnist_c.builder.source.clean import load_clean
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.builder.versions import library_versions
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.metrics.baseline import Baseline, alexnet, baseline_of
from medmnist_c.evaluation.metrics.bootstrap import RESAMPLES
from medmnist_c.evaluation.metrics.estimates import CONFIDENCE
from medmnist_c.evaluation.metrics.robustness import dataset_scores
from medmnist_c.evaluation.metrics.test_set import answered, measure
from medmnist_c.evaluation.predictions.folder import (
    Predicted,
    PredictionFile,
    PredictionFolder,
    open_predictions,
)
from medmnist_c.evaluation.report.model import RobustnessReport

Threshold = float | Sequence[float]


def score(
    predictions: str | Path,
    *,
    model_name: str = "model",
    data_dir: str | Path | None = None,
    sample: bool = False,
    threshold: Threshold = 0.5,
    logits: bool = False,
    baseline: RobustnessReport | None = None,
) -> RobustnessReport:
    """A report from scores made elsewhere, or kept by `evaluate`.

    Args:
        predictions: a Parquet file with columns dataset, corruption, severity, index, scores and
            perhaps label (see predictions.py), or a folder that `evaluate` wrote.
        model_name: for the report; a folder of `evaluate` knows it.
        data_dir, sample: where the clean test sets are, which have the labels; if one is given, or
            the file has no labels, these are compared with, or taken from, the clean set.
        threshold: of the score of "yes", in binary and multi-label datasets; there one for each
            label may be given.
        logits: the scores are logits.
        baseline: another model's report, in place of AlexNet's errors.

    Raises:
        PredictionError: the scores cannot be scored; the message says why.
    """
    store = open_predictions(predictions)
    cells = store.cells()
    if not cells:
        raise PredictionError(f"There are no predictions in {store.path}.")
    sources, images, version, name = {}, "not stated", None, model_name
    labels: dict[str, np.ndarray] = {}
    for dataset in dict.fromkeys(one.dataset for one in cells):
        if isinstance(store, PredictionFolder):
            first = next(one for one in cells if one.dataset == dataset)
            origin = store.origin(first)
            for one in cells:
                if one.dataset == dataset:
                    store.has(one, {key: origin[key] for key in ("model", "images", "source")})
            name, images = origin["model"], origin["images"]
            version = origin["images_version"]
            sources[dataset] = origin["source"]
        else:
            sources[dataset] = {"digest": None, "where": store.path.name, "count": None}
        if data_dir is not None or sample or not _has_labels(store):
            labels[dataset] = _clean_labels(dataset, data_dir, sample)
    return report_of(
        store,
        cells,
        name=name,
        images=images,
        images_version=version,
        sources=sources,
        labels=labels,
        threshold=threshold,
        logits=logits,
        baseline=baseline,
    )


def report_of(
    store: PredictionFolder | PredictionFile,
    cells: list[Config],
    *,
    name: str,
    images: str,
    images_version: str | None,
    sources: dict[str, dict],
    threshold: Threshold = 0.5,
    logits: bool = False,
    labels: Mapping[str, np.ndarray] | None = None,
    baseline: RobustnessReport | None = None,
) -> RobustnessReport:
    """The report of these cells of a store; `labels`, by dataset, are those of the clean sets."""
    against = alexnet() if baseline is None else baseline_of(baseline.to_dict())
    told = []
    sources = {dataset: dict(source) for dataset, source in sources.items()}
    for dataset in dict.fromkeys(one.dataset for one in cells):
        info = dataset_info(dataset)
        check_threshold(threshold, info)
        own = [one for one in cells if one.dataset == dataset]
        count, scores = _dataset_report(
            store, own, info, threshold, logits, (labels or {}).get(dataset), against
        )
        sources[dataset]["count"] = count
        told.append(
            {
                "dataset": dataset,
                "task": info.task,
                "classes": list(info.labels),
                "count": count,
            }
            | scores
        )
    data = {
        "model": {"name": name},
        "baseline": {"name": against.name},
        "provenance": {
            "medmnist_c": VERSION,
            "libraries": dict(library_versions()),
            "images": images,
            "images_version": images_version,
            "confidence": CONFIDENCE,
            "resamples": RESAMPLES,
            "threshold": threshold if isinstance(threshold, int | float) else list(threshold),
            "logits": logits,
            "sources": sources,
        },
        "datasets": told,
    }
    return RobustnessReport(data, store.path)


def _dataset_report(
    store: PredictionFolder | PredictionFile,
    cells: list[Config],
    info: MedMNISTInfo,
    threshold: Threshold,
    logits: bool,
    labels: np.ndarray | None,
    against: Baseline,
) -> tuple[int, dict]:
    """Number of images and figures of one dataset; one cell is in memory at a time."""
    if isinstance(cells[0], CorruptedConfig):
        raise PredictionError(
            f"{store.path} has no clean predictions of {info.name}; rBE and the drop need them."
        )
    measured = {}
    for cell in cells:
        predicted = store.read(cell, logits=logits)
        labels = _same_labels(predicted, labels, cell, store.path)
        found = measure(answered(info, labels, predicted.scores, threshold))
        measured[cell] = (len(labels), found)
    return len(labels), dataset_scores(measured, against)


def _same_labels(
    predicted: Predicted, labels: np.ndarray | None, cell: Config, place: Path
) -> np.ndarray:
    """The labels of the clean set, which every cell has in the same order."""
    if labels is None:
        return predicted.labels
    if len(predicted.scores) != len(labels):
        raise PredictionError(
            f"{place} has {len(predicted.scores)} images of {cell.name}, the clean test set "
            f"{len(labels)}; predict all of them."
        )
    if predicted.labels is not None and (predicted.labels != labels).any():
        row = int(np.flatnonzero((predicted.labels != labels).any(axis=1))[0])
        raise PredictionError(
            f"Image {row} of {cell.name} in {place} has another label than in the clean test set; "
            "the predictions are for other images, or in another order."
        )
    return labels


def check_threshold(threshold: Threshold, info: MedMNISTInfo) -> None:
    """One number between 0 and 1, or, for a multi-label dataset, one for each label."""
    values = np.atleast_1d(np.asarray(threshold, dtype=np.float64))
    if not ((values >= 0) & (values <= 1)).all():
        raise PredictionError(f"A threshold is a probability from 0 to 1, not {threshold}.")
    if np.ndim(threshold) and (not info.multi_label or len(values) != len(info.labels)):
        wanted = f"{len(info.labels)} numbers or one" if info.multi_label else "one number"
        raise PredictionError(
            f"The threshold of {info.name} is {wanted}, not {len(values)} numbers."
        )


def _has_labels(store: PredictionFolder | PredictionFile) -> bool:
    return isinstance(store, PredictionFolder) or store.has_labels


def _clean_labels(dataset: str, data_dir: str | Path | None, sample: bool) -> np.ndarray:
    spec = TestSetSpec(CleanConfig(dataset), ImageSource(None, data_dir, sample))
    folder = spec.open(hf_datasets.config.HF_DATASETS_CACHE).clean_folder
    return load_clean(folder).labels.astype(np.int64)
