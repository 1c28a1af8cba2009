"""The mean of an image and of its enlargements, as zoom blur takes it.

An enlargement is the central part of an image, scaled by `scipy.ndimage.zoom` of order 1 with its
defaults, and of that again the centre. Every pixel of it lies between two rows and two columns of
the image, so the sum of all enlargements is two products with sparse matrices, one an axis.
"""

from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from medmnist_c.corruptions.exact import compiled
from medmnist_c.corruptions.exact.rounding import (
    error_bound,
    flat_within,
    floor_with_error_bound,
    resolve,
)
from medmnist_c.corruptions.image import UNIT

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_UNIT32 = UNIT.astype(np.float32)
_UNIT_OF_32 = _UNIT32.astype(np.float64)  # scipy's double precision starts from float32 images
_LINES = 16  # of each enlargement at a time: they fit the processor's cache
_MANY = 1 / 32  # of all levels that are left open: from there on it pays to look for flat areas


def mean_of_zooms(image: np.ndarray, factors: tuple[float, ...]) -> np.ndarray:
    """The mean of `image` and its enlargements by `factors`, rounded down to whole levels.

    Args:
        image: uint8, H x W x 3 or H x W.
        factors: of at least 1.

    Returns:
        A new uint8 array of the same shape.
    """
    height, width = image.shape[:2]
    rows, columns = _axis(height, factors), _axis(width, factors)
    # A level is rounded 4 times by the first matrix, 2 times and once a term by the second; by the
    # exact rule once itself, once in its enlargement, once a term and 3 times after; 3 times by
    # `floor_with_error_bound`.
    terms = len(factors) + 1
    error = error_bound(4 + 2 + 2 * terms + terms + 4 + 3)
    made = _compiled_mean(image, factors, error)
    levels, indices = made or floor_with_error_bound(_fast_mean(image, factors), 0, error)
    if len(indices) > _MANY * levels.size:
        flat = flat_within(image, rows.reach, columns.reach).reshape(-1)
        of_flat = _level(np.tile(_UNIT32, (len(factors), 1)), _UNIT32)
        known = indices[flat[indices]]
        levels.reshape(-1)[known] = of_flat[image.reshape(-1)[known]]
        indices = indices[~flat[indices]]

    def exact(indices: np.ndarray) -> np.ndarray:
        known = compiled.zoomed_levels(image, rows[:4], columns[:4], _UNIT_OF_32, indices)
        if known is not None:
            return known
        return _level(_enlargements_at(image, rows, columns, indices), _UNIT32[image.take(indices)])

    return resolve(levels, indices, exact, 4 * len(factors))


class _Axis(NamedTuple):
    """Between which pixels of the image those of an enlargement lie: arrays, factors x pixels.

    An enlarged pixel is `low` times pixel `first` and `high` times pixel `second`, float64.
    """

    first: np.ndarray
    second: np.ndarray
    low: np.ndarray
    high: np.ndarray
    reach: int  # how far away a pixel is read at most


@lru_cache(maxsize=64)
def _axis(size: int, factors: tuple[float, ...]) -> _Axis:
    own = np.arange(size)
    first, second = np.empty((2, len(factors), size), np.int64)
    low, high = np.empty((2, len(factors), size))
    for number, factor in enumerate(factors):
        part = ceil(size / factor)
        enlarged = round(part * factor)
        # In scipy's order, for the same doubles: the ratio of the sizes first.
        position = (own + (enlarged - size) // 2) * ((part - 1) / (enlarged - 1))
        whole = np.floor(position)
        inside = position <= part - 1  # what rounding pushes over the last pixel is black in scipy
        high[number] = (position - whole) * inside
        low[number] = (1 - (position - whole)) * inside
        start = (size - part) // 2
        first[number] = start + np.minimum(whole, part - 1)
        second[number] = start + np.minimum(whole + 1, part - 1)
    reach = max(abs(first - own).max(), abs(second - own).max())
    return _Axis(first, second, low, high, int(reach))


def _compiled_mean(
    image: np.ndarray, factors: tuple[float, ...], error: float
) -> tuple[np.ndarray, np.ndarray] | None:
    """The mean in float32 as `floor_with_error_bound` gives it; None if not compiled."""
    zooms, weights = _weighted(factors)
    rows, columns = (_axis(size, zooms) for size in image.shape[:2])
    low, high = (weights[:, None] * columns.low, weights[:, None] * columns.high)
    return compiled.zoomed_sums(
        image,
        (rows.first, rows.second, rows.low.astype(np.float32), rows.high.astype(np.float32)),
        (columns.first, columns.second, low.astype(np.float32), high.astype(np.float32)),
        error,
    )


def _weighted(factors: tuple[float, ...]) -> tuple[tuple[float, ...], np.ndarray]:
    """Each enlargement once, the image itself as one by 1, and its share in the mean."""
    zooms, counts = np.unique((1.0, *factors), return_counts=True)
    return tuple(zooms.tolist()), counts / (len(factors) + 1)


def _fast_mean(image: np.ndarray, factors: tuple[float, ...]) -> np.ndarray:
    """The mean in float32, in levels."""
    height, width = image.shape[:2]
    down, along = _matrices(height, width, factors)
    values = image.reshape(height, -1).astype(np.float32)
    mean = np.empty(image.shape, np.float32)
    for number, matrix in enumerate(down):
        # Turned, so that the second product, too, adds whole contiguous lines.
        lines = cv2.transpose((matrix @ values).reshape(-1, *image.shape[1:]))
        sums = along @ lines.reshape(along.shape[1], -1)
        part = slice(number * _LINES, (number + 1) * _LINES)
        mean[part] = cv2.transpose(sums.reshape(width, -1, *image.shape[2:]))
    return mean


@lru_cache(maxsize=64)
def _matrices(
    height: int, width: int, factors: tuple[float, ...]
) -> tuple[list["csr_array"], "csr_array"]:
    """Interpolation down the columns, a matrix for every `_LINES` lines; then along the rows.

    The first give those lines of all enlargements, one enlargement after the other, from all lines
    of the image; the second gives the mean's columns from those of all enlargements, the first
    column of each, then the second of each, and so on. The image counts as an enlargement by 1.
    """
    zooms, weights = _weighted(factors)
    rows, columns = (_axis(size, zooms) for size in (height, width))
    down = []
    for top in range(0, height, _LINES):
        first, second, low, high = (one[:, top : top + _LINES] for one in rows[:4])
        down.append(_matrix(np.arange(first.size), first, second, low, high, height))
    number = np.arange(len(zooms))[:, None]
    along = _matrix(
        np.tile(np.arange(width), len(zooms)),
        columns.first * len(zooms) + number,
        columns.second * len(zooms) + number,
        columns.low * weights[:, None],
        columns.high * weights[:, None],
        width * len(zooms),
    )
    return down, along


def _matrix(
    lines: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    width: int,
) -> "csr_array":
    """Float32, of the weights `low` in columns `first` and `high` in columns `second` of `lines`."""
    weights = np.concatenate([low.ravel(), high.ravel()]).astype(np.float32)
    columns = np.concatenate([first.ravel(), second.ravel()])
    shape = (lines.max() + 1, width)
    from scipy.sparse import csr_array  # takes a fifth of the time to import all that images need

    matrix = csr_array((weights, (np.tile(lines, 2), columns)), shape=shape)
    matrix.eliminate_zeros()
    return matrix


def _enlargements_at(
    image: np.ndarray, rows: _Axis, columns: _Axis, indices: np.ndarray
) -> np.ndarray:
    """The enlargements at `indices` of the flattened image: factors x indices, float32, scale 0-1.

    Products and sums in scipy's order, in double precision.
    """
    line, channels = image[0].size, image[0, 0].size
    row, rest = np.divmod(indices, line)
    column, channel = np.divmod(rest, channels)
    total = np.zeros((len(rows.first), len(indices)))
    for at_row, down in ((rows.first, rows.low), (rows.second, rows.high)):
        for at_column, along in ((columns.first, columns.low), (columns.second, columns.high)):
            at = at_row[:, row] * line + at_column[:, column] * channels + channel
            total = total + _UNIT_OF_32[image.take(at)] * down[:, row] * along[:, column]
    return total.astype(np.float32)


def _level(enlargements: np.ndarray, own: np.ndarray) -> np.ndarray:
    """The reference's mean: float32 sums in the factors' order, the image itself last."""
    total = np.zeros_like(own)
    for one in enlargements:
        total += one
    mean = (own + total) / np.float32(len(enlargements) + 1)
    return (np.clip(mean, 0, 1) * np.float32(255)).astype(np.uint8)
