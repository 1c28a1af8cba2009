"""Seeded noise as compiled is that of the slow way, and takes nothing from outside on trust."""

import datetime
import shutil
from functools import partial

import numpy as np
import pytest

from medmnist_c.corruptions.noise import gaussian_noise, impulse_noise, shot_noise, speckle_noise
from medmnist_c.corruptions.random import compiled_cells


def test_it_is_compiled_where_there_is_a_compiler():
    if compiled_cells.library() is None:
        assert shutil.which("cc") is None, "install the package again: pip install -e ."


needs_compiler = pytest.mark.skipif(compiled_cells.library() is None, reason="nothing is compiled")


@pytest.fixture
def with_compiled(monkeypatch):
    """Lets the functions of this module be asked with and without what is compiled."""

    def switch(compiled_too: bool) -> None:
        monkeypatch.undo()
        if not compiled_too:
            monkeypatch.setattr(compiled_cells, "library", lambda: None)

    return switch


SEEDED = [
    *((gaussian_noise, scale) for scale in (0.0, 1e-9, 0.04, 0.26, 7.7, 100.0)),
    *((speckle_noise, scale) for scale in (0.0, 1e-9, 0.05, 0.6, 3.0, 100.0)),
    *((impulse_noise, amount) for amount in (0.0, 1e-7, 0.03, 0.5, 1.0)),
    *((shot_noise, photons) for photons in (0.01, 3.0, 5.5, 60.0, 499.9, 701.0, 1e5)),
]


@needs_compiler
@pytest.mark.parametrize(("function", "parameter"), SEEDED)
def test_seeded_noise_is_that_of_the_slow_way(function, parameter, with_compiled):
    """The same bytes, and the generator is left in the same state."""
    images = [np.random.default_rng(1).integers(0, 256, (197, 223, 3)).astype(np.uint8)]
    images += [np.full((28, 31, 3), level, np.uint8) for level in (0, 255)]
    for number, image in enumerate(images):
        ours, slow = (np.random.Generator(np.random.SFC64(number)) for _ in range(2))
        with_compiled(True)
        made = function(image, parameter, ours)
        with_compiled(False)
        np.testing.assert_array_equal(made, function(image, parameter, slow))
        assert ours.random() == slow.random()


@needs_compiler
def test_cells_that_do_not_fit_are_refused():
    module = compiled_cells.library()
    rng = np.random.default_rng(0)
    generator = rng.bit_generator.capsule
    levels, made = np.zeros(9, np.uint8), np.zeros(9, np.uint8)
    ends, nine = np.zeros(65537, np.float32), np.zeros(9, np.int64)
    keys, values = np.zeros((256, 3), np.int64), np.zeros(3, np.uint8)
    guide, rates = np.zeros(65536, np.int16), np.ones(256)
    frozen = made.copy()
    frozen.setflags(write=False)

    def noise(**changed):
        asked = dict(levels=levels, ends=ends, scale=1.0, doubt=0.1, in_proportion=True)
        asked |= dict(generator=generator, made=made, places=nine, uniforms=np.zeros(9))
        return module.cell_noise(*(asked | changed).values())

    def picks(**changed):
        asked = dict(levels=levels, guide=guide, keys=keys, values=values, generator=generator)
        return module.cell_bytes(*(asked | dict(made=made) | changed).values())

    noise()
    picks()
    wrong = [
        partial(noise, ends=ends[:-1]),
        partial(noise, scale=-1.0),
        partial(noise, doubt=float("nan")),
        partial(noise, generator=object()),
        partial(noise, generator=datetime.datetime_CAPI),
        partial(noise, made=made[:-1]),
        partial(noise, made=frozen),
        partial(noise, places=nine[:-1]),
        partial(noise, uniforms=np.zeros(8)),
        partial(module.cell_mask, 3, 0.5, None, made),
        partial(module.cell_mask, 3, 0.5, generator, frozen),
        partial(picks, guide=guide[:-1]),
        partial(picks, guide=np.full(65536, -4, np.int16)),
        partial(picks, keys=keys[:-1]),
        partial(picks, values=np.zeros(0, np.uint8), keys=np.zeros(0, np.int64)),
        partial(picks, generator=None),
        partial(picks, made=made[:-1]),
        partial(module.poisson_keys, rates[:-1], rates, nine[:2], keys),
        partial(module.poisson_keys, rates, rates, nine[:1], keys),
        partial(module.poisson_keys, rates, rates, nine[:2] - 1, keys),
        partial(module.poisson_keys, rates, rates, np.array([5, 4]), keys),
        partial(module.guide_of, keys[:-1], values, guide),
        partial(module.guide_of, keys, values, guide[:-1]),
        partial(module.guide_of, np.zeros(0, np.int64), np.zeros(0, np.uint8), guide),
    ]
    for call in wrong:
        with pytest.raises((ValueError, TypeError, BufferError)):
            call()
