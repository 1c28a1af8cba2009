"""The sample: all twelve datasets in the MedMNIST+ layout, small, and its sources told."""

import numpy as np
import pytest

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.source.sample import SAMPLE_FOLDER
from medmnist_c.corruptions.table import CORRUPTIONS

MEMBERS = [f"{split}_{kind}" for kind in ("images", "labels") for split in ("train", "val", "test")]


@pytest.mark.parametrize("dataset", CORRUPTIONS)
def test_layout_is_that_of_medmnist(dataset):
    info = dataset_info(dataset)
    with np.load(SAMPLE_FOLDER / info.file_name, allow_pickle=False) as file:
        assert file.files == MEMBERS
        arrays = dict(file)
    images, labels = arrays["test_images"], arrays["test_labels"]
    assert images.dtype == labels.dtype == np.uint8
    assert images.shape == (len(labels), *info.image_shape)
    assert labels.shape[1] == (len(info.labels) if info.multi_label else 1)
    assert labels.max() < (2 if info.multi_label else len(info.labels))
    for split in ("train", "val"):
        assert arrays[f"{split}_images"].shape[1:] == images.shape[1:]
        assert arrays[f"{split}_labels"].shape == (len(arrays[f"{split}_images"]), labels.shape[1])
    assert len(images) >= 4
    assert len({image.tobytes() for image in images}) == len(images)
    assert len({label.tobytes() for label in labels}) >= 2


def test_counts_differ_so_that_nothing_can_rely_on_one():
    counts = set()
    for dataset in CORRUPTIONS:
        with np.load(SAMPLE_FOLDER / dataset_info(dataset).file_name) as file:
            counts.add(len(file["test_labels"]))
    assert len(counts) >= 3


def test_it_is_small():
    assert sum(path.stat().st_size for path in SAMPLE_FOLDER.iterdir() if path.is_file()) <= 4e6


@pytest.mark.parametrize("dataset", CORRUPTIONS)
def test_every_image_has_a_source(dataset):
    sources = (SAMPLE_FOLDER / "SOURCES.md").read_text("utf-8")
    rows = [line for line in sources.splitlines() if line.startswith(f"| {dataset} |")]
    told: list[int] = []
    for row in rows:
        _, _, numbers, what, kind, origin, license, _ = (cell.strip() for cell in row.split("|"))
        first, *last = map(int, numbers.split("–"))  # noqa: RUF001
        told += range(first, (last or [first])[0] + 1)
        assert kind.startswith(("real", "drawn"))
        assert what and origin and license
    with np.load(SAMPLE_FOLDER / dataset_info(dataset).file_name) as file:
        assert told == list(range(len(file["test_labels"])))
