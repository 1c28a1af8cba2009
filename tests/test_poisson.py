"""The compiled Poisson draws are numpy's: the same counts, and the stream in the same state."""

import shutil

import numpy as np
import pytest

from medmnist_c.corruptions import poisson
from medmnist_c.corruptions.picture import UNIT, look_up
from medmnist_c.corruptions.table import CORRUPTIONS

PHOTONS = {
    entry.parameters(severity)[0]
    for entries in CORRUPTIONS.values()
    for entry in entries.values()
    if entry.algorithm == "shot_noise"
    for severity in (1, 2, 3, 4, 5)
}


def state(rng: np.random.RandomState) -> tuple[int, bytes]:
    twister = rng.get_state(legacy=False)["state"]
    return int(twister["pos"]), twister["key"].tobytes()


def test_it_is_compiled_where_there_is_a_compiler():
    if not poisson.is_compiled():
        assert shutil.which("cc") is None, "install the package again: pip install -e ."


@pytest.mark.parametrize("photons", sorted(PHOTONS | {0.01, 9.999, 10, 10.2, 300, 70_000, 1e6}))
def test_counts_and_state_are_numpys(photons):
    levels = np.random.default_rng(0).integers(0, 256, (400, 100, 3)).astype(np.uint8)
    levels[:40] = 0  # of these nothing is drawn
    levels[40:80] = 255
    # Of a large count its last bits, so that neighbours differ.
    byte_of_count = (np.arange(min(int(photons * 3) + 30, 2_000_000)) % 251).astype(np.uint8)
    for start in range(3):
        ours, numpys, skipping = (np.random.RandomState(start) for _ in range(3))
        for rng in (ours, numpys, skipping):
            rng.randint(0, 1 << 30, start, np.int32)  # also from odd places in the twister
            rng.standard_normal(start)  # and with a normal kept back
        made = poisson.draw_bytes(levels, UNIT * photons, byte_of_count, ours)
        counts = numpys.poisson(look_up(levels, UNIT * photons))
        poisson.skip(levels, UNIT * photons, skipping)
        np.testing.assert_array_equal(made, byte_of_count.take(counts, mode="clip"))
        assert state(ours) == state(numpys) == state(skipping)
        assert ours.standard_normal() == numpys.standard_normal()


def test_another_bit_generator_is_left_to_numpy():
    levels = np.arange(256, dtype=np.uint8)
    rngs = [np.random.RandomState(np.random.PCG64(1)) for _ in range(2)]
    byte_of_count = np.arange(256, dtype=np.uint8)
    made = poisson.draw_bytes(levels, UNIT * 60, byte_of_count, rngs[0])
    np.testing.assert_array_equal(made, rngs[1].poisson(UNIT * 60))
