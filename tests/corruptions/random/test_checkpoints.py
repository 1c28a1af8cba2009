"""The checkpoints of normals are numpy's own states."""

import numpy as np
import pytest

from medmnist_c.corruptions.random import compiled
from medmnist_c.corruptions.random.checkpoints import (
    NORMALS_PER_IMAGE,
    advance,
    checkpoints,
    random_state_at,
)
from medmnist_c.corruptions.random.streams import key_and_position, twister_at


def assert_same_state(one: np.random.RandomState, other: np.random.RandomState) -> None:
    for left, right in zip(one.get_state(), other.get_state(), strict=True):
        assert np.array_equal(left, right)


@pytest.fixture(params=["compiled", "numpy"], autouse=True)
def either_way(request, monkeypatch):
    """With the compiled way, where there is one, and without."""
    if request.param == "numpy":
        monkeypatch.setattr(compiled, "library", lambda: None)


def test_advancing_passes_just_what_numpy_draws():
    drawn = np.random.RandomState(0)
    for index in range(12):
        assert_same_state(random_state_at(index), drawn)
        drawn.standard_normal(NORMALS_PER_IMAGE)


@pytest.mark.parametrize("number", [1, 2, 30, 400, -1])
def test_a_checkpoint_leads_to_the_next_one(number):
    indices, keys, positions = checkpoints()
    before = np.arange(len(indices))[number] - 1
    twister = twister_at(keys[before], int(positions[before]))
    advance(twister, int(indices[before + 1] - indices[before]))
    key, position = key_and_position(twister)
    assert np.array_equal(key, keys[before + 1])
    assert position == positions[before + 1]


def test_any_index_is_near_a_checkpoint():
    indices, _, _ = checkpoints()
    assert indices[0] == 0
    assert indices[-1] == 2 * 5 * 22_433  # chestmnist: two noises, five severities
    assert np.diff(indices).max() <= 340
