"""`corrupt(..., seed=None, index=...)`: the published image of a clean test image."""

import hashlib
import io
import zipfile

import numpy as np
import pytest
from datasets import load_dataset
from support.http_server import serving
from support.medmnist_files import medmnist_arrays, write_npz

from medmnist_c import corrupt
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.source import clean
from medmnist_c.corruptions import stain_masks
from medmnist_c.corruptions.reference import ReferenceStreams, depends_on_images
from medmnist_c.corruptions.registry import apply
from medmnist_c.corruptions.table import CORRUPTIONS

pytestmark = pytest.mark.datasets

DATASET = "pneumoniamnist"  # 624 test images, as many as the official file has; shot noise, too
ARRAYS = medmnist_arrays(DATASET, dataset_info(DATASET).test_count)
INDEX = 40


def test_item_6_the_published_image_of_a_clean_one(tmp_path, monkeypatch):
    """Of every corruption: at once, or, where the images before matter, when they are in the cache."""
    write_npz(tmp_path / dataset_info(DATASET).file_name, ARRAYS, zipfile.ZIP_STORED)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    image = ARRAYS["test_images"][INDEX]
    names = list(CORRUPTIONS[DATASET])
    behind = [name for name in names if depends_on_images(DATASET, name)]
    assert 0 < len(behind) < len(names)
    alone = {
        name: corrupt(image, DATASET, name, 1, seed=None, index=INDEX)
        for name in names
        if name not in behind
    }
    for name in behind:
        with pytest.raises(ValueError, match=f'load_dataset."medmnist_c", "{DATASET}_{name}_1"'):
            corrupt(image, DATASET, name, 1, seed=None, index=INDEX)
    with serving(tmp_path) as server:
        monkeypatch.setenv(clean.MIRROR, server.url)
        for name in names:
            stream = load_dataset("medmnist_c", f"{DATASET}_{name}_1", split="test", streaming=True)
            published = np.asarray(next(iter(stream.skip(INDEX)))["image"])
            made = alone.get(name)
            if made is None:
                made = corrupt(image, DATASET, name, 1, seed=None, index=INDEX)
            assert np.array_equal(made, published), name


def test_item_6_the_published_ink_blots(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    sizes = {"3": 24, "4": 32}
    arrays = {name: rng.integers(0, 2, (10, size, size), np.uint8) for name, size in sizes.items()}
    file = io.BytesIO()
    np.savez(file, **arrays)
    (tmp_path / "inks.npz").write_bytes(file.getvalue())
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(stain_masks, "REFERENCE_BYTES", len(file.getvalue()))
    monkeypatch.setattr(
        stain_masks, "REFERENCE_SHA256", hashlib.sha256(file.getvalue()).hexdigest()
    )
    image = rng.integers(1, 256, (224, 224, 3), np.uint8)
    with serving(tmp_path) as server:
        monkeypatch.setattr(stain_masks, "REFERENCE_URL", f"{server.url}/inks.npz")
        made = corrupt(image, "bloodmnist", "stain_deposit", 4, seed=None, index=2)
    entry = CORRUPTIONS["bloodmnist"]["stain_deposit"]
    streams = ReferenceStreams("bloodmnist", 3421, None, {})
    masks = {size: arrays[name] for name, size in sizes.items()}
    stream = streams.at("stain_deposit", 4, 2)
    assert np.array_equal(made, apply(image, entry.algorithm, entry.parameters(4), stream, masks))
    assert (made != image).any()


@pytest.mark.parametrize(
    ("shape", "index", "words"),
    [((224, 224), 624, "624 test images, 0 to 623, no 624"), ((64, 64), 0, "give a seed")],
)
def test_item_6_what_no_published_image_is_made_of(shape, index, words):
    with pytest.raises(ValueError, match=words):
        corrupt(np.zeros(shape, np.uint8), DATASET, "pixelate", 1, seed=None, index=index)


def test_item_6_the_default_stays_a_draw_of_seed_0():
    image = ARRAYS["test_images"][0]
    made = corrupt(image, DATASET, "gaussian_noise", 3)
    assert np.array_equal(made, corrupt(image, DATASET, "gaussian_noise", 3, seed=0))
    assert not np.array_equal(made, corrupt(image, DATASET, "gaussian_noise", 3, seed=None))
