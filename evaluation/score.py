"""Scores that were made elsewhere, or kept by `evaluate`: read, checked and measured."""

import re
from pathlib import Path

import numpy as np

from medmnist_c.builder.configs import CleanConfig, Config
from medmnist_c.builder.settings import cache_folder
from medmnist_c.builder.source.clean_cache import load_clean
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.suggestions import shown
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.fields import as_text
from medmnist_c.evaluation.predictions.folder import PredictionFolder, open_predictions
from medmnist_c.evaluation.predictions.origin import REFERENCE_IMAGES, CleanOrigin, PartOrigin
from medmnist_c.evaluation.report.completeness import OTHER_IMAGES
from medmnist_c.evaluation.report.operating_point import ThresholdSetting
from medmnist_c.evaluation.report.robustness import MARGIN
from medmnist_c.evaluation.robustness_report import RobustnessReport
from medmnist_c.evaluation.scoring import ScoredImages, Scoring, report_of


def score(
    predictions: str | Path,
    *,
    model_name: str = "model",
    data_dir: str | Path | None = None,
    sample: bool = False,
    threshold: ThresholdSetting = None,
    logits: bool = False,
    baseline: RobustnessReport | str | Path | None = None,
    images: str | None = None,
    margin: float = MARGIN,
) -> RobustnessReport:
    """A report from scores made elsewhere, or kept by `evaluate`.

    Args:
        predictions: a Parquet file with columns dataset, corruption and severity (null for clean),
            index, scores (a list, one for each class), perhaps label and perhaps groups (what an image
            belongs to: a patient, a volume; these are resampled as one), or a folder that `evaluate`
            wrote. A file `{dataset}_groups.parquet` beside it, or in the folder, with columns index
            and groups tells groups as well.
        model_name: for the report; a folder of `evaluate` knows it.
        data_dir, sample: where the clean test sets are, which have the labels; if one is given, or
            the file has no labels, these are compared with, or taken from, the clean set.
        threshold: of the score of "yes", in binary and multi-label datasets; there one for each
            label may be given. "validation": each label's threshold of best balanced accuracy on
            clean validation images, whose scores are in `{dataset}_validation.parquet` beside the
            file. None: that if they are there, else 0.5, as the release's scorer has it.
        logits: the scores are logits.
        baseline: another model's report, or its path, in place of AlexNet's errors.
        images: which ones the scores of a file are for: "reference" (the published test sets, or
            ours, which are equal), "seed N" (drawn afresh from it), or "other", which get no BE
            and are never compared with others. None: not stated. A folder of `evaluate` knows it.

        margin: the report says at which severity the mean balanced error is by more than this above
            the clean one.

    A test set with fewer images than the benchmark's, as the sample or what a loader with
    `drop_last` leaves, is reported as partial: without BE and rBE.

    Returns:
        The report; its `predictions` are those given.

    Raises:
        PredictionError: the scores cannot be scored; the message says why.
        ReportError: the baseline is no report.
    """
    scoring = Scoring.of(threshold, logits, baseline, margin)
    store = open_predictions(predictions)
    configs = store.configs()
    if not configs:
        raise PredictionError(f"There are no predictions in {store.path}.")
    names = dict.fromkeys(one.dataset for one in configs)
    if isinstance(store, PredictionFolder):
        if images is not None:
            raise PredictionError(
                f"{store.path} says itself which images were seen; leave images= (--images) out."
            )
        scored = _kept(store, configs)
    else:
        source = CleanOrigin(None, as_text(store.path.name))
        seen = declared_images(images)
        scored = ScoredImages(as_text(model_name), seen, None, dict.fromkeys(names, source))
    labels = {}
    if data_dir is not None or sample or not store.has_labels:
        labels = {dataset: _clean_labels(dataset, data_dir, sample) for dataset in names}
    return report_of(store, configs, scored, scoring, labels)


def declared_images(images: str | None) -> str:
    """Which images scores made elsewhere are for, as provenance has it.

    Raises:
        PredictionError: it is none of "reference", "seed N" and "other".
    """
    if images is None:
        return "not stated"
    if images == "reference":
        return REFERENCE_IMAGES
    if images == OTHER_IMAGES or re.fullmatch(r"seed (0|[1-9]\d{0,18})", images):
        return images
    raise PredictionError(
        f"images is 'reference', 'seed N' (as 'seed 7') or 'other', not {shown(images)}."
    )


def _kept(store: PredictionFolder, configs: list[Config]) -> ScoredImages:
    """Of one model and one kind of images, as the files of a folder say."""
    first = store.origin(configs[0])
    parts: dict[str, PartOrigin | None] = {}
    sources: dict[str, CleanOrigin] = {}
    fingerprints: dict[str, str | None] = {}
    for config in configs:
        origin = store.origin(config)
        source = sources.setdefault(config.dataset, origin.images.source)
        fingerprint = fingerprints.setdefault(config.dataset, origin.fingerprint)
        part = parts.setdefault(config.dataset, origin.images.part)
        found = (origin.model, origin.images.images, origin.images.source, origin.fingerprint)
        known = (first.model, first.images.images, source, fingerprint)
        if found != known or origin.images.part != part:
            raise PredictionError(
                f"{config.name} in {store.path} was made with another model or other images than "
                f"{configs[0].name}; give a folder for each."
            )
    limits = {name: part.limit for name, part in parts.items() if part is not None}
    version = first.images.images_version
    return ScoredImages(first.model, first.images.images, version, sources, limits)


def _clean_labels(dataset: str, data_dir: str | Path | None, sample: bool) -> np.ndarray:
    spec = TestSetSpec(CleanConfig(dataset), ImageSource(None, data_dir, sample))
    folder = spec.open(cache_folder()).clean_folder
    return load_clean(folder).labels.astype(np.int64)
