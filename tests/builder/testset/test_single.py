"""`corrupt`: any image of any size, and clear words for what it does not take."""

import numpy as np
import pytest
from PIL import Image

from medmnist_c import corrupt
from medmnist_c.builder.configs import CorruptedConfig, all_configs

ONE_OF_EACH = {
    one.entry.algorithm.name: (one.dataset, one.corruption)
    for one in all_configs().values()
    if isinstance(one, CorruptedConfig)
}


def sample_image(*shape: int) -> np.ndarray:
    smooth = np.add.outer(np.arange(shape[0]) * 2, np.arange(shape[1])) % 256
    noise = np.random.default_rng(0).integers(0, 40, shape)
    return ((smooth[..., None] if len(shape) == 3 else smooth) // 2 + noise).astype(np.uint8)


@pytest.mark.parametrize("algorithm", ONE_OF_EACH)
@pytest.mark.parametrize("shape", [(32, 32), (32, 32, 3), (45, 61), (224, 224, 3), (97, 32, 3)])
def test_any_size_grey_or_rgb_array_or_pil(algorithm, shape):
    dataset, corruption = ONE_OF_EACH[algorithm]
    image = sample_image(*shape)
    before = image.copy()
    for severity in (1, 5):
        made = corrupt(image, dataset, corruption, severity)
        assert made.dtype == np.uint8 and made.shape == image.shape
        assert np.array_equal(image, before)
        as_pil = corrupt(Image.fromarray(image), dataset, corruption, severity)
        assert isinstance(as_pil, Image.Image) and np.array_equal(as_pil, made)
    if algorithm != "black_corner":  # at severity 5 a small, already round image may stay
        assert not np.array_equal(made, image)


@pytest.mark.parametrize("algorithm", ONE_OF_EACH)
def test_drawn_from_seed_and_index_alone(algorithm):
    dataset, corruption = ONE_OF_EACH[algorithm]
    image = sample_image(64, 64, 3)
    made = {
        (seed, index): corrupt(image, dataset, corruption, 4, seed=seed, index=index)
        for seed in (0, 1)
        for index in (0, 1)
    }
    again = corrupt(image, dataset, corruption, 4, seed=1, index=1)
    assert np.array_equal(made[1, 1], again)
    random = {"noise", "motion", "stain", "bubble", "characters"}
    draws = any(word in algorithm for word in random)
    distinct = {one.tobytes() for one in made.values()}
    assert len(distinct) == (4 if draws else 1)


def test_no_global_random_state_is_read_or_moved():
    import random

    random.seed(1)
    np.random.seed(1)
    before = random.getstate(), np.random.get_state()[1].copy()
    first = {a: corrupt(sample_image(64, 64, 3), *ONE_OF_EACH[a], 3) for a in ONE_OF_EACH}
    assert random.getstate() == before[0]
    assert np.array_equal(np.random.get_state()[1], before[1])
    random.seed(2)
    np.random.seed(2)
    for a, made in first.items():
        assert np.array_equal(corrupt(sample_image(64, 64, 3), *ONE_OF_EACH[a], 3), made)


GOOD = np.zeros((40, 40, 3), np.uint8)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((GOOD, "dermanist", "bubble", 1), ValueError, "did you mean 'dermamnist'"),
        ((GOOD, "bloodmnist", "buble", 1), ValueError, "did you mean 'bubble'"),
        ((GOOD, "bloodmnist", "bubble", 0), ValueError, r"1 \(mildest\) to 5"),
        ((GOOD, "bloodmnist", "bubble", 2.0), TypeError, "whole number"),
        ((GOOD.astype(float), "bloodmnist", "bubble", 1), TypeError, "uint8"),
        ((GOOD[:27], "bloodmnist", "bubble", 1), ValueError, "at least 28"),
        ((GOOD[..., :2], "bloodmnist", "bubble", 1), ValueError, "height x width x 3"),
        ((GOOD[None], "bloodmnist", "bubble", 1), ValueError, "height x width x 3"),
        ((GOOD.tolist(), "bloodmnist", "bubble", 1), TypeError, "PIL image, not a list"),
        ((Image.new("RGBA", (40, 40)), "bloodmnist", "bubble", 1), ValueError, "'RGBA'"),
    ],
)
def test_what_it_does_not_take_gets_one_sentence(arguments, error, words):
    with pytest.raises(error, match=words) as caught:
        corrupt(*arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("how", "error"),
    [({"seed": "0"}, TypeError), ({"seed": -1}, ValueError), ({"index": 1.5}, TypeError)],
)
def test_seed_and_index_are_whole_numbers(how, error):
    with pytest.raises(error, match="whole number"):
        corrupt(GOOD, "bloodmnist", "bubble", 1, **how)


def test_whole_numbers_of_numpy_draw_the_same():
    image = sample_image(48, 48, 3)
    plain = corrupt(image, "dermamnist", "gaussian_noise", 3, seed=7, index=2)
    theirs = corrupt(
        image, "dermamnist", "gaussian_noise", np.int64(3), seed=np.uint8(7), index=np.int32(2)
    )
    assert np.array_equal(plain, theirs)
