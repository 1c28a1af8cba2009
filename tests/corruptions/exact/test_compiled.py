"""Compiled filters give the levels of the slow way, and take nothing from outside on trust."""

import shutil
from functools import partial

import numpy as np
import pytest

from medmnist_c.corruptions.blur import defocus_blur, gaussian_blur, motion_blur_at, zoom_blur
from medmnist_c.corruptions.exact import compiled


def test_it_is_compiled_where_there_is_a_compiler():
    if compiled.library() is None:
        assert shutil.which("cc") is None, "install the package again: pip install -e ."


needs_compiler = pytest.mark.skipif(compiled.library() is None, reason="nothing is compiled")

BLURS = [
    *(partial(defocus_blur, radius=one, alias=0.1 + one / 20) for one in (0.5, 2.0, 4.4, 9, 30)),
    *(partial(motion_blur_at, radius=one, sigma=5, angle=3 * one) for one in (0.5, 3, 15, 40)),
    partial(motion_blur_at, radius=20, sigma=15, angle=90),
    partial(zoom_blur, factors=(1.0,)),
    partial(zoom_blur, factors=(1.0, 1.0, 2.0, 3.5)),
    partial(zoom_blur, factors=tuple(1 + 0.013 * step for step in range(21))),
    *(partial(gaussian_blur, kernel_size=one) for one in (1, 3, 13, 25)),
]


def images():
    rng = np.random.default_rng(2)
    for shape in ((64, 75, 3), (41, 1100), (28, 33)):
        yield rng.integers(0, 256, shape).astype(np.uint8)
    rows, columns = np.mgrid[:90, :110]  # steps, ramps and flat areas
    yield np.stack([rows // 16 * 16, columns * 2, np.full_like(rows, 37)], -1).astype(np.uint8)
    yield np.full((30, 30), 255, np.uint8)


@needs_compiler
@pytest.mark.parametrize("blur", BLURS, ids=lambda one: one.func.__name__)
def test_levels_are_those_of_the_slow_way(blur, monkeypatch):
    made = [blur(image) for image in images()]
    monkeypatch.setattr(compiled, "library", lambda: None)
    for image, fast in zip(images(), made, strict=True):
        np.testing.assert_array_equal(fast, blur(image))


@needs_compiler
def test_what_does_not_fit_is_refused():
    module = compiled.library()
    padded, levels = np.zeros((6, 8), np.uint8), np.zeros((4, 6), np.uint8)
    shape, places = (8, 4, 6), np.zeros(24, np.int64)
    offsets, ends, weights = np.array([0, 18]), np.array([1, 2]), np.array([0.5, 0.5])
    frozen = levels.copy()
    frozen.setflags(write=False)
    image = np.zeros((4, 6), np.float32)

    def ask(function, given, **changed):
        return partial(function, *(given | changed).values())

    def grouped(**changed):
        given = dict(padded=padded, shape=shape, offsets=offsets, ends=ends, weights=weights)
        return ask(module.grouped_sums, given | dict(levels=levels, places=places), **changed)

    def floats(**changed):
        given = dict(padded=padded.astype(np.float32), shape=shape, offsets=offsets)
        given |= dict(weights=weights.astype(np.float32), shift=0.0, error=0.1)
        return ask(module.float_sums, given | dict(levels=levels, places=places), **changed)

    def squares(**changed):
        given = dict(padded=padded, shape=shape, step=1, size=3, weights=np.ones(9))
        return ask(module.float32_sums, given | dict(places=places, sums=np.ones(24)), **changed)

    def axes(kind):
        whole = np.zeros((2, 4), np.int64), np.zeros((2, 6), np.int64)
        return [(one, one, one.astype(kind), one.astype(kind)) for one in whole]

    def zoomed(**changed):
        rows, columns = axes(np.float32)
        given = dict(image=image, shape=(4, 6, 1), rows=rows, columns=columns)
        given |= dict(shift=0.0, error=0.1, levels=levels, places=places)
        return ask(module.zoomed_sums, given, **changed)

    def exact(**changed):
        rows, columns = axes(np.float64)
        given = dict(image=levels, shape=(4, 6, 1), rows=rows, columns=columns)
        given |= dict(unit=np.ones(256), places=places, levels=levels.reshape(-1))
        return ask(module.zoomed_levels, given, **changed)

    out_of_rows = tuple(one + 4 for one in axes(np.float32)[0])
    out_of_exact_rows = tuple(one + 4 for one in axes(np.float64)[0])
    wrong = []
    for call in (grouped, floats):
        call()()
        wrong += [
            call(offsets=np.array([0, 19])),
            call(offsets=np.array([-1, 0])),
            call(offsets=offsets.astype(np.int32)),
            call(shape=(8, 5, 6)),
            call(shape=(5, 4, 6)),
            call(shape=(8, 0, 6)),
            call(levels=frozen),
            call(levels=levels[:-1].copy()),
            call(places=places[:-1]),
            call(weights=weights[:0]),
        ]
    squares()()
    zoomed()()
    exact()()
    wrong += [
        grouped(ends=np.array([2, 1])),
        grouped(ends=np.array([1, 3])),
        squares(size=4),
        squares(step=4),
        squares(weights=np.ones(8)),
        squares(places=places + 24),
        squares(sums=np.ones(23)),
        zoomed(shape=(4, 6, 2)),
        zoomed(shape=(5, 6, 1)),
        zoomed(rows=out_of_rows),
        zoomed(columns=axes(np.float64)[1]),
        zoomed(rows=tuple(one[:1] for one in axes(np.float32)[0])),
        zoomed(places=places[:-1]),
        exact(rows=out_of_exact_rows),
        exact(places=places - 1),
        exact(unit=np.ones(255)),
        exact(levels=levels.reshape(-1)[:-1]),
    ]
    for call in wrong:
        with pytest.raises((ValueError, TypeError, BufferError)):
            call()
