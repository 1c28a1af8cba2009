"""Compiled draws are numpy's: the same values, and the stream is left in the same state."""

import os
import shutil
from functools import partial
from types import ModuleType
from typing import Any

import float_bounds
import numpy as np
import pytest
from PIL import Image

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


class Strict(np.random.RandomState):
    """Refuses to draw for those who hold its lock: with numpy before 2.4 they would wait for ever."""

    def _checked(self) -> None:
        lock = self._bit_generator.lock
        assert not (lock._is_owned() if hasattr(lock, "_is_owned") else lock.locked())

    def standard_normal(self, size: Any = None) -> Any:
        self._checked()
        return super().standard_normal(size)

    def poisson(self, lam: Any = 1.0, size: Any = None) -> Any:
        self._checked()
        return super().poisson(lam, size)

    def get_state(self, legacy: bool = True) -> Any:
        self._checked()
        return super().get_state(legacy)


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
        ours, numpys = Strict(start), np.random.RandomState(start)
        for rng in (ours, numpys):
            rng.randint(0, 1 << 30, start, np.int32)  # also from odd places in the twister
            rng.standard_normal(start)  # and with a normal kept back
        made = compiled.poisson_bytes(levels, UNIT * photons, byte_of_count, ours)
        counts = numpys.poisson(look_up(levels, UNIT * photons))
        np.testing.assert_array_equal(made, byte_of_count.take(counts, mode="clip"))
        assert state(ours) == state(numpys)
        assert ours.standard_normal() == numpys.standard_normal()


@needs_compiler
def test_a_count_that_is_too_near_another_is_numpys(monkeypatch):
    real = compiled.library()

    def draw_poisson(levels, begin, table, key, position, byte_of_count, made):
        if begin < 5:
            return begin, position  # as for one that cannot be told
        return real.draw_poisson(levels, begin, table, key, position, byte_of_count, made)

    often = ModuleType("often")
    often.poisson_table, often.draw_poisson = real.poisson_table, draw_poisson
    monkeypatch.setattr(compiled, "library", lambda: often)
    levels = np.arange(100, 200, dtype=np.uint8)
    ours, numpys = Strict(3), np.random.RandomState(3)
    made = compiled.poisson_bytes(levels, UNIT * 60, np.arange(256).astype(np.uint8), ours)
    np.testing.assert_array_equal(made, numpys.poisson(UNIT[levels] * 60))
    assert state(ours) == state(numpys)


@needs_compiler
@pytest.mark.parametrize("in_proportion", [False, True])
def test_normals_and_state_are_numpys(in_proportion):
    levels = np.random.default_rng(0).integers(0, 256, (401, 101)).astype(np.uint8)
    ours, numpys = Strict(3), np.random.RandomState(3)
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
@pytest.mark.parametrize("amount", [0.0, 1e-9, 0.03, 0.17, 0.5, 1.0])
def test_impulses_and_state_are_numpys(amount):
    ours, numpys = np.random.default_rng(5), np.random.default_rng(5)
    for rng in (ours, numpys):
        rng.integers(0, 9, 1, np.uint32)  # half of a draw is kept back
    for size in (0, 1, 3, 255, 256, 257, 40_001):
        levels = np.random.default_rng(size).integers(0, 256, size).astype(np.uint8)
        made = compiled.impulses(levels, amount, ours)
        np.testing.assert_array_equal(made, plain_impulses(levels, amount, numpys))
        assert ours.bit_generator.state == numpys.bit_generator.state


@needs_compiler
@pytest.mark.parametrize("copy", ["plain", "avx2", "avx512"])
@pytest.mark.parametrize("kind", ["normal", "speckle", "impulse", 60.0, 18.0, 5.0])
def test_many_draws_of_each_kind_are_numpys(kind, copy):
    """As many as `MEDMNIST_C_DRAWS` says: `MEDMNIST_C_DRAWS=10000000 pytest -k many_draws`."""
    module = compiled.library()
    try:
        before = module.choose(copy)
    except ValueError:
        pytest.skip("this processor lacks it")
    try:
        left = int(os.environ.get("MEDMNIST_C_DRAWS", 300_000))
        seeds = np.random.default_rng(11)
        start = seeds.integers(1 << 32)
        make = np.random.default_rng if kind == "impulse" else np.random.RandomState
        ours, numpys = make(start), make(start)
        while left > 0:
            # An odd number; runs of like levels as in images, and none.
            levels = seeds.integers(0, 256, 150_001).astype(np.uint8)
            levels[:75_000] = np.repeat(levels[:7_500], 10)
            made, expected = draw_both(kind, levels, ours, numpys)
            np.testing.assert_array_equal(made, expected)
            left -= len(levels)
        assert ours.random() == numpys.random()
    finally:
        module.choose(before)


def draw_both(kind, levels, ours, numpys):
    x = UNIT[levels]
    if kind == "impulse":
        return compiled.impulses(levels, 0.09, ours), plain_impulses(levels, 0.09, numpys)
    if kind in ("normal", "speckle"):
        made = compiled.normal_noise(levels, 0.12, kind == "speckle", ours)
        noise = 0.12 * numpys.standard_normal(len(levels))
        value = x + x * noise if kind == "speckle" else x + noise
        return made, (np.clip(value, 0, 1) * 255).astype(np.uint8)
    byte_of_count = np.arange(256, dtype=np.uint8)
    made = compiled.poisson_bytes(levels, UNIT * kind, byte_of_count, ours)
    return made, numpys.poisson(x * kind)


def plain_impulses(levels, amount, rng):
    jumps, white = rng.random(levels.shape) <= amount, rng.random(levels.shape) <= 0.5
    return np.where(jumps, np.where(white, 255, 0), levels)


def test_rough_values_are_as_near_as_the_proofs_say():
    """Of all floats one in many; `tools/reference/float_bounds.py` takes all."""
    logarithm, factor = float_bounds.factor_errors(every=1009)
    assert logarithm < 4.2e-7 and factor < 5e-7
    for fused in (False, True):
        least, most = float_bounds.log2_errors(every=101, fused=fused)
        assert least > 0 and most < 3e-5
    squares = np.linspace(2.0**-10, 1 - 2.0**-10, 10_001)
    assert float_bounds.normal_error(squares).max() < 8e-6


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
    impulses = partial(module.draw_impulses, levels)
    wrong += [
        partial(impulses, 1.1, bytes(16), bytes(16), made),
        partial(impulses, float("nan"), bytes(16), bytes(16), made),
        partial(impulses, 0.1, bytes(15), bytes(16), made),
        partial(impulses, 0.1, bytes(16), bytes(17), made),
        partial(impulses, 0.1, bytes(16), bytes(16), made[:-1]),
        partial(impulses, 0.1, bytes(16), bytes(16), frozen),
        partial(module.grey_of, levels, made),
        partial(module.grey_of, np.zeros(27, np.uint8), frozen),
        partial(module.choose, "another"),
        partial(module.pass_normals, 1, key, 625),
        partial(module.pass_normals, 1, key[:-1], 624),
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


@needs_compiler
@pytest.mark.parametrize("copy", ["avx512", "avx2", "plain"])
def test_grey_is_pillow_s_for_every_colour(copy):
    module = compiled.library()
    try:
        before = module.choose(copy)
    except ValueError:
        pytest.skip(f"this processor has no {copy}")
    try:
        ramp = np.arange(256, dtype=np.uint8)
        for red in range(0, 256, 1 if copy == before else 15):
            colours = np.stack(np.meshgrid([np.uint8(red)], ramp, ramp), -1)[:, 0]
            expected = np.asarray(Image.fromarray(colours).convert("L"))
            np.testing.assert_array_equal(compiled.grey_of(colours), expected)
    finally:
        module.choose(before)


def test_another_bit_generator_is_left_to_numpy():
    levels, rng = np.arange(256, dtype=np.uint8), np.random.RandomState(np.random.PCG64(1))
    assert compiled.poisson_bytes(levels, UNIT * 60, levels, rng) is None
    assert compiled.normal_noise(levels, 0.1, False, rng) is None
    assert compiled.impulses(levels, 0.1, np.random.Generator(np.random.PCG64DXSM(1))) is None
