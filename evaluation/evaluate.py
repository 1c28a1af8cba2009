"""Score a model under the corruptions, streamed: nothing is prepared on disk."""

import contextlib
import dataclasses
import itertools
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import SupportsIndex

import numpy as np
from datasets.utils import tqdm
from PIL import Image

from medmnist_c.builder.configs import Configuration, find_configuration
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.image_sources import LabelledImages, MadeHere, Published
from medmnist_c.evaluation.predictions.folder import PredictionFolder
from medmnist_c.evaluation.predictions.probabilities import probabilities
from medmnist_c.evaluation.prefetch import prefetched
from medmnist_c.evaluation.report.model import RobustnessReport
from medmnist_c.evaluation.score import Threshold, check_threshold, report_of

Predict = Callable[[np.ndarray | list[Image.Image]], object]


def evaluate(
    predict: Predict,
    dataset: str | Sequence[str],
    *,
    corruptions: str | Sequence[str] | None = None,
    severities: SupportsIndex | Iterable[int] | None = None,
    data_dir: str | Path | None = None,
    sample: bool = False,
    seed: int | None = None,
    repo: str | None = None,
    batch_size: int = 64,
    pil: bool = False,
    rgb: bool = False,
    threshold: Threshold = 0.5,
    logits: bool = False,
    predictions: str | Path | None = None,
    model_name: str | None = None,
    baseline: RobustnessReport | None = None,
) -> RobustnessReport:
    """How well a model does on the clean test set and under every corruption and severity.

    Images are made while `predict` works; memory does not grow with the test set.

    Args:
        predict: from a batch of images, a uint8 array B x 224 x 224 x C (grey: C = 1), to scores, B x
            classes: probabilities, an array or a torch tensor. For a multi-label dataset that of "yes"
            for each label; for two classes both columns, "yes" the last.
        dataset: its name, e.g. "breastmnist", or several.
        corruptions: names; None for all the dataset has.
        severities: 1-5; None for all.
        data_dir, sample, seed: as for `load_dataset`: a folder of MedMNIST+ files, the few images
            inside the package, a seed in place of the release's draws.
        repo: stream published test sets instead, "USER/medmnist_c" or a folder that `build` made.
        batch_size: the last batch may be smaller.
        pil: `predict` gets a list of PIL images instead (mode L or RGB).
        rgb: grey images are given as RGB.
        threshold: of the score of "yes", in binary and multi-label datasets; there one for each label
            may be given.
        logits: `predict` gives logits; softmax or sigmoid is applied.
        predictions: folder to keep them in. The same call goes on from there, after an interruption
            too: what is finished is not computed anew.
        model_name: for the report; predictions of another model are never mixed in.
        baseline: another model's report, in place of AlexNet's errors.

    Raises:
        PredictionError: the scores cannot be scored; the message says why.
        UnknownNameError: no such dataset, corruption or severity.
        CleanDataError: the clean test set cannot be found or fetched.
    """
    cells = chosen_cells(dataset, corruptions, severities)
    for name in dict.fromkeys(one.dataset for one in cells):
        check_threshold(threshold, dataset_info(name))
    if (
        isinstance(batch_size, bool)
        or not isinstance(batch_size, int | np.integer)
        or batch_size < 1
    ):
        raise ValueError(f"batch_size is a whole number from 1 on, not {batch_size!r}.")
    if repo is not None and (sample or data_dir is not None or seed is not None):
        raise ValueError("Give either repo=, or data_dir=, sample= and seed=, not both.")
    source = MadeHere(seed, data_dir, sample) if repo is None else Published.at(repo)
    name = model_name or getattr(predict, "__name__", type(predict).__name__)

    with contextlib.ExitStack() as stack:
        folder = predictions
        if folder is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="medmnist_c_"))
        store = PredictionFolder(folder)
        for one in dict.fromkeys(cell.dataset for cell in cells):
            store.tidy(one)
        show = {"pil": pil, "rgb": rgb, "logits": logits}
        sources: dict[str, dict] = {}
        for cell in tqdm(cells, desc=name, unit="test set"):
            origin = {"model": name, **source.origin(cell), **show}
            if sources.setdefault(cell.dataset, origin["source"]) != origin["source"]:
                raise PredictionError(
                    f"The clean test set of {cell.dataset} has changed since the evaluation began; "
                    "give the same file throughout, and run it again."
                )
            if not store.has(cell, origin):
                digest = origin["digest"]
                labels, scores = _predict_cell(predict, cell, source, digest, batch_size, **show)
                store.write(cell, labels, scores, origin)
        report = report_of(
            store,
            cells,
            name=name,
            images=origin["images"],
            code=origin["code"],
            sources=sources,
            threshold=threshold,
            baseline=baseline,
        )
        return report if predictions is not None else dataclasses.replace(report, predictions=None)


def chosen_cells(
    dataset: str | Sequence[str],
    corruptions: str | Sequence[str] | None,
    severities: SupportsIndex | Iterable[int] | None,
) -> list[Configuration]:
    """The clean cell of each dataset, then the chosen ones in the table's order.

    Raises:
        TypeError, UnknownNameError: something is not in the benchmark.
    """
    datasets = [dataset] if isinstance(dataset, str) else list(dataset)
    names = [corruptions] if isinstance(corruptions, str) else corruptions
    levels = [severities] if isinstance(severities, SupportsIndex) else severities
    levels = SEVERITIES if levels is None else tuple(levels)
    if not datasets or not levels:
        raise ValueError("Give at least one dataset and one severity.")
    cells = []
    for one in dict.fromkeys(datasets):
        every = CORRUPTIONS[dataset_info(one).name]
        wanted = [
            find_configuration(one, corruption, severity)
            for corruption in (every if names is None else names)
            for severity in levels
        ]
        cells.append(Configuration(one))
        cells += sorted(set(wanted), key=lambda c: (list(every).index(c.corruption), c.severity))
    return cells


def _predict_cell(
    predict: Predict,
    cell: Configuration,
    source: MadeHere | Published,
    digest: str,
    batch_size: int,
    *,
    pil: bool,
    rgb: bool,
    logits: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Labels (N x 1 or N x L) and probabilities (N x C) of one cell."""
    info = dataset_info(cell.dataset)
    labels, scores = [], []
    made = prefetched(batches(source.images(cell, digest), batch_size, pil, rgb and info.grey))
    with contextlib.closing(made):
        for images, own in made:
            start = sum(map(len, labels))
            where = f"images {start} to {start + len(own) - 1} of {cell.name}"
            given = predict(images)
            scores.append(probabilities(given, len(own), info, where, logits=logits))
            labels.append(own)
    done, expected = sum(map(len, labels)), source.count(cell)
    if not done or expected not in (None, done):
        raise PredictionError(f"{cell.name} gave {done} images, not {expected or 'any'}.")
    return np.concatenate(labels), np.concatenate(scores)


def batches(
    rows: LabelledImages, batch_size: int, pil: bool, as_rgb: bool
) -> Iterator[tuple[np.ndarray | list[Image.Image], np.ndarray]]:
    """What `predict` is given, with the labels, batch by batch."""
    while some := list(itertools.islice(rows, batch_size)):
        images, labels = zip(*some, strict=True)
        if pil:
            given = [Image.fromarray(image) for image in images]
            given = [image.convert("RGB") for image in given] if as_rgb else given
        else:
            given = np.stack(images)
            if given.ndim == 3:
                given = given[..., None]
            if as_rgb:
                given = np.repeat(given, 3, axis=3)
        yield given, np.stack(labels)
