"""The tape of normals holds numpy's own states."""

import numpy as np
import pytest

from medmnist_c.corruptions.random.checkpoints import (
    NORMALS_PER_IMAGE,
    _tape,
    random_state_at,
    state_of,
    twister_at,
    wind,
)


def assert_same_state(one: np.random.RandomState, other: np.random.RandomState) -> None:
    for left, right in zip(one.get_state(), other.get_state(), strict=True):
        assert np.array_equal(left, right)


def test_winding_passes_just_what_numpy_draws():
    drawn = np.random.RandomState(0)
    for place in range(12):
        assert_same_state(random_state_at(place), drawn)
        drawn.standard_normal(NORMALS_PER_IMAGE)


@pytest.mark.parametrize("mark", [1, 2, 30, 400, -1])
def test_a_kept_state_leads_to_the_next_one(mark):
    places, keys, positions = _tape()
    before = np.arange(len(places))[mark] - 1
    twister = twister_at(keys[before], int(positions[before]))
    wind(twister, int(places[before + 1] - places[before]))
    key, position = state_of(twister.state)
    assert np.array_equal(key, keys[before + 1])
    assert position == positions[before + 1]


def test_any_place_is_near_a_kept_state():
    places, _, _ = _tape()
    assert places[0] == 0
    assert places[-1] == 2 * 5 * 22_433  # chestmnist: two noises, five severities
    assert np.diff(places).max() <= 340
