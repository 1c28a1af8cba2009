"""Compiled draws are numpy's: the same values, and the stream is left in the same state."""

import shutil
from functools import partial

import numpy as np
import pytest

from medmnist_c.corruptions.image import UNIT, look_up
from medmnist_c.corruptions.random import compiled
from medmnist_c.corruptions.table import CORRUPTIONS

PHOTONS = {
    entry.parameters(severity)[0]
    for entries in CORRUPTIONS.values()
    for entry in entries.values()
    if entry.algorithm.name == "shot_noise"
    for severity in (1, 2, 3, 4, 5)
}


def state(rng: np.random.RandomState) -> tuple[int, bytes]:
    twister = rng.get_state(legacy=False)["state"]
    return int(twister["pos"]), twister["key"].tobytes()


def test_it_is_compiled_where_there_is_a_compiler():
    if compiled.library() is None:
        assert shutil.which("cc") is None, "install the package again: pip install -e ."


needs_compiler = pytest.mark.skipif(compiled.library() is None, reason="nothing is compiled")


@needs_compiler
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
        made = compiled.poisson_bytes(levels, UNIT * photons, byte_of_count, ours)
        counts = numpys.poisson(look_up(levels, UNIT * photons))
        compiled.poisson_bytes(levels, UNIT * photons, None, skipping)
        np.testing.assert_array_equal(made, byte_of_count.take(counts, mode="clip"))
        assert state(ours) == state(numpys) == state(skipping)
        assert ours.standard_normal() == numpys.standard_normal()


@needs_compiler
@pytest.mark.parametrize("in_proportion", [False, True])
def test_normals_and_state_are_numpys(in_proportion):
    levels = np.random.default_rng(0).integers(0, 256, (401, 101)).astype(np.uint8)
    ours, numpys = np.random.RandomState(3), np.random.RandomState(3)
    for scale in (
        0.0,
        1e-9,
        0.04,
        0.6,
        50.0,
    ):  # an odd number each: every other time one is kept back
        made = compiled.normal_noise(levels, scale, in_proportion, ours)
        x, noise = levels / 255.0, scale * numpys.standard_normal(levels.shape)
        value = x + x * noise if in_proportion else x + noise
        np.testing.assert_array_equal(made, (np.clip(value, 0, 1) * 255).astype(np.uint8))
        assert state(ours) == state(numpys)
    assert ours.standard_normal() == numpys.standard_normal()


@needs_compiler
def test_what_does_not_fit_is_refused():
    """No size, position or number from outside is taken on trust."""
    module = compiled.library()
    levels, made = np.zeros(9, np.uint8), np.zeros(9, np.uint8)
    key, rates = np.ones(624, np.uint32), np.full(256, 3.0)
    table = module.poisson_table(rates)
    frozen = made.copy()
    frozen.setflags(write=False)

    def counts(**changed):
        asked = dict(levels=levels, begin=0, table=table, key=key, position=624)
        return module.draw_poisson(
            *(asked | dict(byte_of_count=levels, made=made) | changed).values()
        )

    def normals(**changed):
        asked = dict(levels=levels, scale=0.1, in_proportion=False, key=key, position=624)
        asked |= dict(has_kept=0, kept=0.0, made=made)
        return module.draw_normal_noise(*(asked | changed).values())

    wrong = []
    for draw in (counts, normals):
        draw()
        draw(position=0)
        wrong += [
            partial(draw, position=-1),
            partial(draw, position=625),
            partial(draw, key=key[:-1]),
            partial(draw, key=np.ones(625, np.uint32)),
            partial(draw, key=np.ones(2497, np.uint8)[1:].view(np.uint32)),  # not aligned
            partial(draw, key=np.ones(1248, np.uint32)[::2]),
            partial(draw, made=made[:-1]),
            partial(draw, made=frozen),
            partial(draw, made=None),
            partial(draw, levels=np.zeros(18, np.uint8)[::2]),
        ]
    wrong += [
        partial(counts, begin=-1),
        partial(counts, begin=10),
        partial(counts, byte_of_count=np.empty(0, np.uint8)),
        partial(counts, byte_of_count=None),
        partial(counts, table=b"table"),
        partial(normals, scale=-0.1),
        partial(normals, scale=float("nan")),
        partial(normals, scale=1e4),
        partial(normals, kept=float("inf")),
        *(
            partial(module.poisson_table, one)
            for one in (rates[:-1], rates - 4, rates * np.nan, rates * 1e9, 3.0)
        ),
    ]
    for call in wrong:
        with pytest.raises((ValueError, TypeError, BufferError)):
            call()


def test_another_bit_generator_is_left_to_numpy():
    levels, rng = np.arange(256, dtype=np.uint8), np.random.RandomState(np.random.PCG64(1))
    assert compiled.poisson_bytes(levels, UNIT * 60, levels, rng) is None
    assert compiled.normal_noise(levels, 0.1, False, rng) is None
