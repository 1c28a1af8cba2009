"""Score a model under the corruptions, streamed: nothing is prepared on disk."""

import contextlib
import itertools
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from datasets.utils import tqdm
from PIL import Image

from medmnist_c.builder.configs import Config
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.evaluation.configs import chosen_configs
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.fields import as_text
from medmnist_c.evaluation.image_sources import ImagesMadeHere, LabelledImages, PublishedImages
from medmnist_c.evaluation.predictions.folder import PredictionFolder
from medmnist_c.evaluation.predictions.origin import CleanOrigin, InputForm, Origin
from medmnist_c.evaluation.predictions.probabilities import probabilities
from medmnist_c.evaluation.prefetch import prefetched
from medmnist_c.evaluation.report.operating_point import ThresholdSetting
from medmnist_c.evaluation.report.robustness import MARGIN
from medmnist_c.evaluation.robustness_report import RobustnessReport
from medmnist_c.evaluation.scoring import ScoredImages, Scoring, report_of

Predict = Callable[[Any], object]  # from a batch of images to scores


def evaluate(
    predict: Predict,
    dataset: str | Sequence[str],
    *,
    corruptions: str | Sequence[str] | None = None,
    severities: int | Iterable[int] | None = None,
    data_dir: str | Path | None = None,
    sample: bool = False,
    seed: int | None = None,
    repo: str | None = None,
    batch_size: int = 64,
    pil: bool = False,
    rgb: bool = False,
    threshold: ThresholdSetting = None,
    logits: bool = False,
    predictions: str | Path | None = None,
    model_name: str | None = None,
    baseline: RobustnessReport | str | Path | None = None,
    margin: float = MARGIN,
) -> RobustnessReport:
    """How well a model does on the clean test set and under every corruption and severity.

    Images are made while `predict` works; memory does not grow with the test set.

    Args:
        predict: from a batch of images, a uint8 array B x 224 x 224 x C (grey: C = 1), to scores, B x
            classes: probabilities, an array or a torch tensor. For a multi-label dataset that of "yes"
            for each label; for two classes both columns, "yes" the last.
        dataset: its name, e.g. "breastmnist", or several; wildcards as in "organ*".
        corruptions: names, or wildcards as in "*_noise"; None for all the dataset has.
        severities: 1-5; None for all.
        data_dir, sample, seed: as for `load_dataset`: a folder of MedMNIST+ files, the few images
            inside the package, a seed in place of the release's draws.
        repo: stream published test sets instead, "USER/medmnist_c" or a folder that `build` made.
        batch_size: the last batch may be smaller.
        pil: `predict` gets a list of PIL images instead (mode L or RGB).
        rgb: grey images are given as RGB.
        threshold: of the score of "yes", in binary and multi-label datasets; there one for each label
            may be given. "validation": each label's threshold of best balanced accuracy on the clean
            validation images. None: that if they can be had, else 0.5, as the release's scorer has it.
        logits: `predict` gives logits; softmax or sigmoid is applied.
        predictions: folder to keep them in. The same call goes on from there, after an interruption
            too: what is finished is not computed anew.
        model_name: for the report; predictions of another model are never mixed in.
        baseline: another model's report, or its path, in place of AlexNet's errors.
        margin: the report says at which severity the mean balanced error is by more than this above
            the clean one.

    Raises:
        PredictionError: the scores cannot be scored; the message says why.
        UnknownNameError: no such dataset, corruption or severity.
        CleanDataError: the clean test set cannot be found or fetched.
    """
    configs = chosen_configs(dataset, corruptions, severities)
    scoring = Scoring.of(threshold, False, baseline, margin)
    for one in dict.fromkeys(config.dataset for config in configs):
        scoring.check(dataset_info(one))
    if (
        isinstance(batch_size, bool)
        or not isinstance(batch_size, int | np.integer)
        or batch_size < 1
    ):
        raise ValueError(f"batch_size is a whole number from 1 on, not {batch_size!r}.")
    if repo is not None and (sample or data_dir is not None or seed is not None):
        raise ValueError("Give either repo=, or data_dir=, sample= and seed=, not both.")
    source: ImagesMadeHere | PublishedImages
    source = (
        ImagesMadeHere(ImageSource(seed, data_dir, sample))
        if repo is None
        else PublishedImages.at(repo)
    )
    name = as_text(model_name or getattr(predict, "__name__", type(predict).__name__))
    model = _Model(predict, name, InputForm(pil, rgb, logits), batch_size)
    if predictions is not None:
        store = PredictionFolder(predictions)
        return report_of(store, configs, _predict_all(model, configs, source, store), scoring)
    with tempfile.TemporaryDirectory(prefix="medmnist_c_") as folder:
        store = PredictionFolder(folder)
        scored = _predict_all(model, configs, source, store)
        return RobustnessReport.of(report_of(store, configs, scored, scoring))


@dataclass(frozen=True)
class _Model:
    """What is asked, under which name, and how it is given images."""

    predict: Predict
    name: str
    form: InputForm
    batch_size: int


def _predict_all(
    model: _Model,
    configs: list[Config],
    source: ImagesMadeHere | PublishedImages,
    store: PredictionFolder,
) -> ScoredImages:
    """Keep the predictions of every test set that is not there yet; says what they are of."""
    for dataset in dict.fromkeys(config.dataset for config in configs):
        store.tidy(dataset)
    sources: dict[str, CleanOrigin] = {}
    for config in tqdm(configs, desc=model.name, unit="test set"):
        images = source.origin(config)
        if sources.setdefault(config.dataset, images.source) != images.source:
            raise PredictionError(
                f"The clean test set of {config.dataset} has changed since the evaluation began; "
                "give the same file throughout, and run it again."
            )
        origin = Origin(config.name, model.name, images, model.form)
        if not store.has(config, origin):
            store.write(config, *_predicted(model, config, source, images.digest), origin)
    return ScoredImages(model.name, images.images, images.images_version, sources)


def _predicted(
    model: _Model,
    config: Config,
    source: ImagesMadeHere | PublishedImages,
    digest: str | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Labels (N x 1 or N x L) and probabilities (N x C) of one test set."""
    info = dataset_info(config.dataset)
    as_rgb = model.form.rgb and info.grey
    labels: list[np.ndarray] = []
    scores: list[np.ndarray] = []
    images = source.images(config, digest)
    made = prefetched(batches(images, model.batch_size, model.form.pil, as_rgb))
    with contextlib.closing(made):
        for batch, own in made:
            start = sum(map(len, labels))
            where = f"images {start} to {start + len(own) - 1} of {config.name}"
            given = model.predict(batch)
            scores.append(probabilities(given, len(own), info, where, logits=model.form.logits))
            labels.append(own)
    done, expected = sum(map(len, labels)), source.count(config)
    if not done or expected not in (None, done):
        raise PredictionError(f"{config.name} gave {done} images, not {expected or 'any'}.")
    return np.concatenate(labels), np.concatenate(scores)


def batches(
    rows: LabelledImages, batch_size: int, pil: bool, as_rgb: bool
) -> Iterator[tuple[np.ndarray | list[Image.Image], np.ndarray]]:
    """What `predict` is given, with the labels, batch by batch."""
    while some := list(itertools.islice(rows, batch_size)):
        images, labels = zip(*some, strict=True)
        batch = _pil_images(images, as_rgb) if pil else _array(images, as_rgb)
        yield batch, np.stack(labels)


def _pil_images(images: Sequence[np.ndarray], as_rgb: bool) -> list[Image.Image]:
    given = [Image.fromarray(image) for image in images]
    return [image.convert("RGB") for image in given] if as_rgb else given


def _array(images: Sequence[np.ndarray], as_rgb: bool) -> np.ndarray:
    """B x H x W x C."""
    given = np.stack(images)
    if given.ndim == 3:
        given = given[..., None]
    return np.repeat(given, 3, axis=3) if as_rgb else given
