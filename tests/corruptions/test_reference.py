"""`seed=None` gives the reference's own images, wherever the stream is entered.

`tests/reference/digests.json` was made by the reference's own program on the sample's images
(`tools/reference/make_digests.py`).
"""

import hashlib
from pathlib import Path
from random import Random

import datasets
import numpy as np
import pytest
import stored_digests

from medmnist_c.builder.configs import CorruptedConfig, all_configs, config_named
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.builder.versions import IMAGES_VERSION
from medmnist_c.corruptions.reference import (
    IMAGE_SHAPE,
    ReferenceStreams,
    segments,
    stream_index,
)
from medmnist_c.corruptions.table import CORRUPTIONS

REPOSITORY = Path(__file__).parents[2]
REFERENCE = REPOSITORY / "tests" / "reference"
VERSION, DIGESTS = stored_digests.read_digests(REFERENCE / "digests.json")
CACHE = datasets.config.HF_DATASETS_CACHE


def open_sample(name: str):
    return TestSetSpec(config_named(name), ImageSource(sample=True)).open(CACHE)


def no_images(start: int, stop: int):
    raise AssertionError("these draws do not depend on images")


def test_the_digests_are_those_of_the_declared_version():
    """Who changes an image raises the version, makes the digests again, and says so."""
    assert VERSION == IMAGES_VERSION
    changelog = (REPOSITORY / "CHANGELOG.md").read_text("utf-8")
    assert stored_digests.stated_fingerprint(changelog, VERSION) == stored_digests.fingerprint(
        DIGESTS
    )


def test_other_digests_are_not_written_under_the_same_version(tmp_path):
    path = tmp_path / "digests.json"
    stored_digests.write_digests(path, "1", {"a": "0", "b": "1"})
    with pytest.raises(ValueError, match=r"1 test sets \(b, .* raise IMAGES_VERSION"):
        stored_digests.write_digests(path, "1", {"a": "0", "b": "2"})
    assert stored_digests.read_digests(path) == ("1", {"a": "0", "b": "1"})
    stored_digests.write_digests(path, "2", {"a": "0", "b": "2"})
    assert stored_digests.read_digests(path) == ("2", {"a": "0", "b": "2"})


def test_there_is_a_digest_for_each_of_the_655():
    assert list(DIGESTS) == [
        one.name for one in all_configs().values() if isinstance(one, CorruptedConfig)
    ]


@pytest.mark.parametrize("dataset", CORRUPTIONS)
def test_every_test_set_equals_the_reference(dataset):
    different = []
    for name, digest in DIGESTS.items():
        if config_named(name).dataset == dataset:
            test_set = open_sample(name)
            made = hashlib.sha256()
            for image in test_set.images():
                made.update(np.ascontiguousarray(image))
            if made.hexdigest() != digest:
                different.append(name)
    assert different == []


def test_the_first_image_of_each_algorithm_equals_the_reference():
    with np.load(REFERENCE / "images.npz") as images:
        assert len(images.files) == 18
        for key in images.files:
            algorithm, _, name = key.partition(":")
            difference = open_sample(name).image(0).astype(int) - images[key]
            assert np.abs(difference).max() == 0, algorithm


def test_images_come_in_any_order():
    """From the end to the start, on a fresh cache each, nothing known beforehand."""
    for name in ("dermamnist_motion_blur_3", "organcmnist_shot_noise_4", "pathmnist_bubble_2"):
        forwards = open_sample(name)
        expected = [forwards.image(index) for index in range(forwards.count)]
        for index in reversed(range(forwards.count)):
            for state in (forwards.clean_folder / "stream_states").glob("*"):
                state.unlink()
            assert np.array_equal(open_sample(name).image(index), expected[index])


@pytest.mark.parametrize("dataset", ["dermamnist", "chestmnist", "retinamnist", "octmnist"])
def test_the_normals_stand_where_drawing_them_all_would_lead(dataset):
    """Small counts: every noise image's state against one generator that draws them all."""
    count = 2
    streams = ReferenceStreams(dataset, count, no_images, {})
    drawn = np.random.RandomState(0)
    for segment in segments(dataset, "legacy"):
        if not segment.corruption.startswith(("gaussian", "speckle")):
            break
        for index in range(count):
            rng = streams.at(segment.corruption, segment.severity, index)
            assert rng.get_state()[2] == drawn.get_state()[2]
            assert np.array_equal(rng.get_state()[1], drawn.get_state()[1])
            drawn.standard_normal(IMAGE_SHAPE)


def test_impulse_noise_jumps_to_its_image():
    streams = ReferenceStreams("tissuemnist", 3, no_images, {})
    drawn = np.random.default_rng(0)
    for severity in (1, 2):
        for index in range(3):
            rng = streams.at("impulse_noise", severity, index)
            assert rng.bit_generator.state["state"] == drawn.bit_generator.state["state"]
            drawn.random((2, *IMAGE_SHAPE))


def test_the_indices_of_the_official_counts():
    """The figures by hand: five severities of N images before speckle noise, and so on."""
    count = dataset_info("dermamnist").test_count
    assert stream_index("dermamnist", "gaussian_noise", 1, 0, count) == ("legacy", 0)
    assert stream_index("dermamnist", "speckle_noise", 2, 7, count) == ("legacy", 6 * count + 7)
    assert stream_index("dermamnist", "motion_blur", 1, 0, count) == ("legacy", 15 * count)
    assert stream_index("octmnist", "speckle_noise", 1, 3, 1000) == ("legacy", 3)
    assert stream_index("bloodmnist", "bubble", 1, 0, 10) == ("python", 50)
    assert stream_index("chestmnist", "impulse_noise", 5, 1, 10) == ("pcg64", 41)


def test_a_cached_state_is_the_state_found_by_advancing():
    images = np.random.default_rng(1).integers(0, 256, (4, 224, 224), np.uint8)
    cached: dict = {}

    def some(start: int, stop: int):
        return iter(images[start:stop])

    first = ReferenceStreams("organsmnist", 4, some, cached)
    rng = first.at("shot_noise", 3, 0)
    first.cache_state("shot_noise", 3, 0, rng)
    assert cached
    again = ReferenceStreams("organsmnist", 4, some, cached).at("shot_noise", 3, 2)
    alone = ReferenceStreams("organsmnist", 4, some, {}).at("shot_noise", 3, 2)
    assert np.array_equal(again.get_state()[1], alone.get_state()[1])


def test_a_broken_state_file_is_found_anew(tmp_path):
    from medmnist_c.builder.testset.random_states import StateFolder

    states = StateFolder(tmp_path)
    states["python", 12] = np.array(Random(0).getstate()[1], np.uint32)
    assert len(states) == 1
    (path,) = (tmp_path / "stream_states").iterdir()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert states.get(("python", 12)) is None
    assert len(states) == 0
