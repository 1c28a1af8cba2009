"""`medmnist-c verify --release`: files of the release beside what we make."""

import re
import subprocess
import sys
from pathlib import Path

import datasets
import numpy as np
import pytest

from medmnist_c.builder.configs import select
from medmnist_c.builder.source.clean_cache import load_clean
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.testset.reference_comparison import verify_release
from medmnist_c.builder.testset.spec import TestSetSpec

CACHE = datasets.config.HF_DATASETS_CACHE


@pytest.fixture
def release(tmp_path) -> Path:
    """The release's file of octmnist's pixelate, made of our own images of the sample."""
    images, labels = [], []
    for one in select(("octmnist_pixelate_*",)):
        test_set = TestSetSpec(one, ImageSource(sample=True)).open(CACHE)
        images += list(test_set.images())
        labels += list(load_clean(test_set.clean_folder).labels)
    (tmp_path / "octmnist").mkdir()
    np.savez_compressed(
        tmp_path / "octmnist" / "pixelate.npz", test_images=images, test_labels=labels
    )
    return tmp_path


def change(release: Path, member: str, place: tuple, by: int) -> None:
    path = release / "octmnist" / "pixelate.npz"
    with np.load(path) as file:
        arrays = dict(file)
    arrays[member][place] += by
    np.savez_compressed(path, **arrays)


def verify(release: Path, *patterns: str) -> dict:
    found = verify_release(release, select(patterns), sample=True, cache_dir=CACHE)
    return {one.name: one for one in found}


def test_equal_images_are_called_equal(release):
    found = verify(release, "octmnist_pixelate_*")
    assert len(found) == 5 and all(one.equal for one in found.values())


def test_one_pixel_is_found_where_it_is(release):
    count = verify(release, "octmnist_pixelate_1")["octmnist_pixelate_1"].images
    change(release, "test_images", (2 * count + 1, 100, 50), 3)
    found = verify(release, "octmnist_pixelate_*")
    assert [name for name, one in found.items() if not one.equal] == ["octmnist_pixelate_3"]
    wrong = found["octmnist_pixelate_3"]
    assert wrong.equal_images == count - 1
    assert wrong.equal_values == count * 224 * 224 - 1
    assert wrong.largest_difference == 3


def test_labels_count(release):
    change(release, "test_labels", (0, 0), 1)
    found = verify(release, "octmnist_pixelate_[12]")
    assert not found["octmnist_pixelate_1"].equal
    assert "labels differ" in str(found["octmnist_pixelate_1"])
    assert found["octmnist_pixelate_2"].equal


def test_a_file_that_is_not_there_or_broken_is_missing_and_says_why(release):
    assert "Cannot read" in str(verify(release, "octmnist_contrast_down_1").popitem()[1])
    path = release / "octmnist" / "pixelate.npz"
    path.write_bytes(path.read_bytes()[:-50])
    assert "no npz" in str(verify(release, "octmnist_pixelate_1").popitem()[1])


@pytest.mark.parametrize(
    ("member", "change", "words"),
    [
        ("test_labels", lambda a: np.zeros(10**7, np.uint8), r"shape \(10000000,\).* labels"),
        ("test_labels", lambda a: a[:0], r"shape \(0, 1\), not that"),
        ("test_labels", lambda a: np.uint8(7), r"shape \(\), not that"),
        ("test_images", lambda a: a[:7], r"shape \(7, 224, 224\) of uint8, not that of 5 x"),
        ("test_images", lambda a: a[:, :0], r"0, 224\) of uint8, not that of 5 x"),
        ("test_images", lambda a: a.astype(float), "of float64, not that of 5 x"),
        ("test_images", lambda a: np.uint8(7), r"shape \(\) of uint8, not that of 5 x"),
    ],
)
def test_arrays_of_another_form_are_not_read(release, member, change, words):
    path = release / "octmnist" / "pixelate.npz"
    with np.load(path) as file:
        arrays = dict(file)
    np.savez_compressed(path, **{**arrays, member: change(arrays[member])})
    missing = verify(release, "octmnist_pixelate_1")["octmnist_pixelate_1"].missing
    assert re.search(words, missing) and str(path) in missing and "\n" not in missing


def test_the_command_has_a_status_for_scripts(release):
    command = [Path(sys.executable).with_name("medmnist-c"), "verify", "--release", release]
    good = subprocess.run(
        [*command, "--sample", "octmnist_pixelate_2"], capture_output=True, text=True, check=False
    )
    assert good.returncode == 0, good.stderr
    assert "octmnist_pixelate_2: equal" in good.stdout
    assert "1 of 1 test sets equal the release" in good.stdout
    bad = subprocess.run(
        [*command, "--sample", "octmnist_*_2"], capture_output=True, text=True, check=False
    )
    assert bad.returncode == 1
    assert "1 of 6 test sets equal" in bad.stdout
