"""A folder with part of a dataset's images, for protocols that do not take all of them.

From `--sample`, which has a few test images only, training and validation images are made by turning
these: enough to see whether everything runs, and for nothing else.
"""

import shutil
from pathlib import Path

import numpy as np

from medmnist_c.builder.configs import CleanConfig
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.disk import locked
from medmnist_c.builder.files import absolute, atomic_write
from medmnist_c.builder.settings import cache_folder
from medmnist_c.builder.source.clean_cache import load_clean
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.splits import SPLITS, Split, images_member, labels_member
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.corruptions.stain_masks import REFERENCE_FILE
from medmnist_c.experiments.protocol import Training

Arrays = tuple[np.ndarray, np.ndarray]  # images and labels


def source_for(dataset: str, training: Training, source: ImageSource, output: Path) -> ImageSource:
    """The images that the protocol takes: the source's own, or a folder of some of them, made once.

    Raises:
        CleanDataError: they cannot be had, or not written.
    """
    if not source.sample and not any(training.images.values()):
        return source
    folder = output / ("sample_images" if source.sample else "images")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / dataset_info(dataset).file_name
    with locked(folder / f".{dataset}.lock"):
        if not file.exists():
            arrays: dict[str, np.ndarray] = {}
            for split in SPLITS:
                count = training.images.get(split, 0)
                images, labels = (
                    _turned(dataset, split, count)
                    if source.sample
                    else _evenly(dataset, source, split, count)
                )
                arrays[images_member(split)[: -len(".npy")]] = images
                arrays[labels_member(split)[: -len(".npy")]] = labels
            with atomic_write(file) as out:
                np.savez(out, allow_pickle=False, **arrays)
        masks = source.data_dir and Path(source.data_dir, REFERENCE_FILE)
        if masks and masks.exists() and not (folder / REFERENCE_FILE).exists():
            shutil.copy(masks, folder / REFERENCE_FILE)
    return ImageSource(source.seed, folder)


def _split(dataset: str, source: ImageSource, split: Split) -> Arrays:
    spec = TestSetSpec(CleanConfig(dataset), source, split)
    clean = load_clean(spec.open(absolute(cache_folder())).clean_folder)
    return clean.images, clean.labels


def _evenly(dataset: str, source: ImageSource, split: Split, count: int) -> Arrays:
    """So many images, evenly spaced, so that not only the first patients or sites are among them."""
    images, labels = _split(dataset, source, split)
    count = min(count or len(images), len(images))
    chosen = np.arange(count) * len(images) // count
    return images[chosen], labels[chosen]


def _turned(dataset: str, split: Split, count: int) -> Arrays:
    """The sample's images; for training and validation turned by quarters and mirrored, in a row."""
    images, labels = _split(dataset, ImageSource(sample=True), "test")
    if split == "test":
        return np.asarray(images), labels
    count = count or 8 * len(images)
    made, answers = [], []
    for number in range(count):
        image = images[number % len(images)]
        turns = number // len(images) + (1 if split == "validation" else 0)
        image = np.rot90(image, turns % 4)
        made.append(image[:, ::-1] if turns // 4 % 2 else image)
        answers.append(labels[number % len(images)])
    return np.stack(made), np.stack(answers)
