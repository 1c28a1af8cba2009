"""The words of numpy's twister are its state, and are used only where that is known."""

import numpy as np
import pytest

from medmnist_c.corruptions.random import compiled, twister_words
from medmnist_c.corruptions.random.twister_words import twister_of, words_of


def test_words_are_the_state():
    rng = np.random.RandomState(3)
    rng.random_sample(1000)
    twister = twister_of(rng)
    words = words_of(twister)
    state = rng.get_state(legacy=False)["state"]
    assert words[:-1].tolist() == list(state["key"])
    assert words[-1] == state["pos"]

    before = words.copy()
    drawn = rng.random_sample(1000)
    words[:] = before
    np.testing.assert_array_equal(rng.random_sample(1000), drawn)


@pytest.mark.parametrize(
    "generator", [np.random.PCG64(0), np.random.RandomState(np.random.PCG64(0))]
)
def test_no_other_generator_has_them(generator):
    assert twister_of(generator) is None


def test_words_of_another_form_are_left_alone(monkeypatch):
    """numpy draws then: the same values, more slowly."""
    monkeypatch.setattr(twister_words, "_known_form", lambda: False)
    rng = np.random.RandomState(0)
    levels = np.full((28, 28, 3), 9, np.uint8)
    assert compiled.normal_noise(levels, 0.1, False, rng) is None
    assert compiled.poisson_bytes(levels, np.full(256, 3.0), levels[0, 0], rng) is None
    assert not compiled.pass_normals(np.random.MT19937(0), 3)
    assert rng.random_sample() == np.random.RandomState(0).random_sample()
