"""28, 64 and 128 pixels: every test set is made, is what it was, and is told from the published ones."""

import json

import numpy as np
import other_sizes
import pytest
from datasets import load_dataset
from support.medmnist_files import write_medmnist_file

from medmnist_c import corrupt
from medmnist_c.builder.configs import config_named
from medmnist_c.builder.dataset_info import SIZES, dataset_info
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.corruptions.lengths import LENGTHS, parameters_at, scaled_length, scaled_masks
from medmnist_c.corruptions.registry import ALGORITHMS
from medmnist_c.corruptions.stain_masks import own_masks
from medmnist_c.corruptions.table import CORRUPTIONS

DIGESTS = json.loads(other_sizes.DIGESTS.read_text())


@pytest.mark.parametrize("size", other_sizes.OTHER_SIZES)
@pytest.mark.parametrize("dataset", CORRUPTIONS)
def test_every_test_set_is_made_differs_from_the_clean_one_and_has_its_digest(
    dataset, size, tmp_path
):
    sets = other_sizes.test_sets(dataset, size, tmp_path)
    _, (clean,) = next(sets)
    originals = list(clean.images())
    found = {}
    for corruption, severities in sets:
        found[corruption] = " ".join(map(other_sizes.digest, severities))
        for test_set in severities:
            made = list(test_set.images())
            assert [one.shape for one in made] == [one.shape for one in originals]
            changed = [not np.array_equal(*pair) for pair in zip(made, originals, strict=True)]
            assert all(changed), test_set.config.name
    assert list(found) == list(CORRUPTIONS[dataset])
    assert found == DIGESTS[str(size)][dataset]


@pytest.mark.parametrize("size", SIZES)
def test_the_files_are_medmnists(size):
    info = dataset_info("bloodmnist", size)
    stem = "bloodmnist" if size == 28 else f"bloodmnist_{size}"
    assert info.file_name == f"{stem}.npz"
    assert info.url == f"https://zenodo.org/records/10519652/files/{stem}.npz?download=1"
    assert len(info.md5) == 32 and info.image_shape == (size, size, 3)
    assert len({dataset_info("bloodmnist", one).md5 for one in SIZES}) == len(SIZES)


@pytest.mark.parametrize("size", other_sizes.OTHER_SIZES)
@pytest.mark.parametrize("corruption", ["bubble", "stain_deposit", "motion_blur", "pixelate"])
def test_corrupt_gives_the_image_of_load_dataset(corruption, size, tmp_path):
    write_medmnist_file(tmp_path, "bloodmnist", 3, size=size)
    how = {"data_dir": tmp_path, "cache_dir": tmp_path / "cache", "size": size, "split": "test"}
    clean = load_dataset("medmnist_c", "bloodmnist_clean", **how)
    made = load_dataset("medmnist_c", f"bloodmnist_{corruption}_4", seed=5, **how)
    for index, (before, after) in enumerate(zip(clean, made, strict=True)):
        assert before["image"].size == after["image"].size == (size, size)
        where = ("bloodmnist", corruption, 4)
        alone = corrupt(before["image"], *where, seed=5, index=index, size=size)
        assert np.array_equal(alone, after["image"])


def test_nothing_scales_at_224():
    for corruptions in CORRUPTIONS.values():
        for one in corruptions.values():
            algorithm = one.algorithm
            for parameters in one.severities:
                same = parameters_at(algorithm.function, algorithm.parameters, parameters, 224)
                assert same == (parameters, {})


@pytest.mark.parametrize("size", other_sizes.OTHER_SIZES)
def test_lengths_scale_down_to_their_least_values_and_nothing_else_does(size):
    for name, algorithm in ALGORITHMS.items():
        for corruptions in CORRUPTIONS.values():
            for one in corruptions.values():
                if one.algorithm.name != name:
                    continue
                for parameters in one.severities:
                    scaled, own = parameters_at(
                        algorithm.function, algorithm.parameters, parameters, size
                    )
                    assert (scaled, own) == expected(name, parameters, size)


def expected(name: str, values: tuple, size: int) -> tuple[tuple, dict]:
    """The rule by hand."""
    share = size / 224

    def whole(length: float, least: int) -> int:
        return max(least, int(np.floor(length * size / 224 + 0.5)))

    match name, values:
        case "defocus_blur", (radius, alias):
            return (max(1, radius * size / 224), alias), {}
        case "motion_blur", (radius, sigma):
            return (max(1, radius * size / 224), max(0.5, sigma * size / 224)), {}
        case "gaussian_blur", (kernel,):
            odd = min(range(1, 64, 2), key=lambda one: (abs(one - kernel * share), -one))
            return (max(3, odd),), {}
        case "stain_deposit", (marks, mask):
            return (marks, mask), {"margin": whole(10, 1)}
        case "bubble", (radius, count):
            lengths = {"smallest_radius": whole(3, 1), "rim_width": whole(2, 0)}
            return (whole(radius, 1), count), lengths
        case "characters", (words, letters, scale):
            lengths = {"letter_width": whole(8, 1), "margin": whole(10, 1)}
            smallest = max(0.02, 0.14 * size / 224)
            lengths = {"smallest_scale": smallest, **lengths}
            return (words, letters, max(0.02, scale * size / 224)), lengths
    return values, {}


def test_the_rule_names_lengths_that_there_are():
    assert set(LENGTHS) <= set(ALGORITHMS)
    assert scaled_length(13, 28, 3, "odd") == 3
    assert scaled_length(25, 128, 3, "odd") == 15


@pytest.mark.parametrize("size", other_sizes.OTHER_SIZES)
def test_ink_blots_keep_their_share_of_ink(size):
    for own, masks in own_masks().items():
        small = own_masks(size)[own]
        assert small.shape == (10, *[max(3, int(own * size / 224 + 0.5))] * 2)
        assert np.array_equal(small, scaled_masks(masks, size))
        assert small.any(axis=(1, 2)).all() and set(np.unique(small)) <= {0, 1}
        assert abs(small.mean() - masks.mean()) < 0.03


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"size": 32}, "no images of size 32; it has 28, 64, 128 and 224"),
        ({"size": "64"}, "The size is a whole number such as 64, not '64'"),
        ({"size": True}, "The size is a whole number"),
        ({"size": 64, "seed": None}, "draws at random, .* give a seed, such as seed=0"),
        ({"size": 64, "sample": True}, "sample has test images of 224 pixels only"),
    ],
)
def test_sizes_that_are_not_there_get_one_sentence(how, words, tmp_path):
    with pytest.raises((ValueError, TypeError, OSError), match=words) as caught:
        load_dataset("medmnist_c", "octmnist_motion_blur_1", **{"seed": 0, **how})
    assert "\n" not in str(caught.value)


def test_a_file_of_another_size_is_refused(tmp_path):
    path = write_medmnist_file(tmp_path, "octmnist", 2)
    path.rename(tmp_path / "octmnist_64.npz")
    spec = TestSetSpec(config_named("octmnist_clean"), ImageSource(data_dir=tmp_path, size=64))
    with pytest.raises(
        OSError, match=r"shape \(2, 224, 224\) of uint8; that of octmnist has N x 64 x 64"
    ):
        spec.clean_source()


def test_another_size_is_another_identity_and_another_copy(tmp_path):
    specs = []
    for size in SIZES:
        write_medmnist_file(tmp_path, "octmnist", 2, size=size)
        source = ImageSource(0, tmp_path, size=size)
        specs.append(TestSetSpec(config_named("octmnist_pixelate_1"), source))
    assert len({spec.identity() for spec in specs}) == len(SIZES)
    opened = [spec.open(tmp_path / "cache") for spec in specs]
    assert [one.image(0).shape for one in opened] == [(size, size) for size in SIZES]
    assert len({one.clean_folder for one in opened}) == len(SIZES)
