"""Normals by the polar method, as numpy's legacy generator draws them, but whole arrays at a time.

The method (Marsaglia and Bray, SIAM Review 6, 1964): points uniform in a square; of each point (a, b)
inside the unit circle, with r = a^2 + b^2, two normals are made: b f and a f, f = sqrt(-2 ln(r) / r).
Which points count is decided here to the bit as `RandomState.standard_normal` decides it. Of the
normals the last bits may differ, since numpy's logarithm of an array is not the C library's, which
`RandomState` uses; single ones are to be had exactly, with the C library's logarithm.
"""

import math
from dataclasses import dataclass

import numpy as np

_BLOCK = 8000  # points at a time: fits the processor's cache


@dataclass(frozen=True)
class Normals:
    """Consecutive legacy normals, times a factor (`fast`, float64; relative error below 1e-13)."""

    fast: np.ndarray
    _points: np.ndarray
    _squared_radii: np.ndarray

    def exact(self, index: int) -> float:
        """The normal behind `fast[index]`, without the factor, to the last bit."""
        pair, second = divmod(index, 2)
        r = float(self._squared_radii[pair])
        return math.sqrt(-2.0 * math.log(r) / r) * (2.0 * float(self._points[pair, 1 - second]))


def some_normals(rng: np.random.RandomState, at_most: int, factor: float) -> Normals:
    """The next normals of `rng`: at most `at_most`, an even number, seldom none.

    Args:
        rng: has no normal kept back; moved on as by drawing as many with `standard_normal`.
        at_most: at least 2.
        factor: what `fast` is multiplied by, >= 0.
    """
    # Never more points than could all be needed, so that the stream never moves too far. They lie in
    # (-0.5, 0.5), half the method's scale: powers of two change no digits. (A point at exactly (0, 0),
    # which the method leaves out, has a chance of 2^-106 and is not looked for.)
    points = rng.random_sample((min(_BLOCK, at_most // 2), 2))
    points -= 0.5
    squares = points * points
    squared_radii = squares[:, 0] + squares[:, 1]
    inside = (squared_radii < 0.25).nonzero()[0]
    points = points.take(inside, axis=0)
    squared_radii = squared_radii.take(inside)
    squared_radii *= 4.0
    scale = np.log(squared_radii)
    scale /= squared_radii
    scale *= -8.0 * factor**2
    np.sqrt(scale, out=scale)
    normals = np.empty_like(points)
    np.multiply(points[:, 1], scale, out=normals[:, 0])
    np.multiply(points[:, 0], scale, out=normals[:, 1])
    return Normals(normals.reshape(-1), points, squared_radii)
