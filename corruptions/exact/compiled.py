"""Filters by compiled functions, where there are any.

`sums.c` is compiled when the package is installed, if there is a C compiler. Without it OpenCV and scipy
filter, more slowly. Whole levels are given with the places at which they are not certain: an exact
rule decides these, so that the bits are the same.
"""

from collections.abc import Sequence
from math import prod
from types import ModuleType

import numpy as np

from medmnist_c.corruptions.extension import extension

Levels = tuple[
    np.ndarray, np.ndarray
]  # uint8, and where in the flattened array another is possible


def library() -> ModuleType | None:
    """The compiled functions; None if there are none."""
    return extension("exact._sums", newest="zoomed_levels")


def grouped_sums(
    padded: np.ndarray,
    shape: tuple[int, ...],
    offsets: np.ndarray,
    ends: np.ndarray,
    weights: np.ndarray,
) -> Levels | None:
    """Sums with few different weights, in double precision, rounded down; None if not compiled.

    Args:
        padded: uint8, an image with its border.
        shape: of the image without it.
        offsets: int64, where in `padded`, flattened, is read, from the place of each level on.
        ends: int64, up to which of the offsets a weight goes.
        weights: float64, together about 1.

    Returns:
        Levels, and the places that are within 1e-10 of another.
    """
    functions = library()
    if functions is None:
        return None
    levels, places = np.empty(shape, np.uint8), np.empty(prod(shape), np.int64)
    found = functions.grouped_sums(
        padded, _lines(padded, levels), offsets, ends, weights, levels, places
    )
    return levels, places[:found]


def float_sums(
    padded: np.ndarray,
    shape: tuple[int, ...],
    offsets: np.ndarray,
    weights: np.ndarray,
    offset: float,
    error: float,
) -> Levels | None:
    """Sums in float32, rounded down; None if not compiled.

    Args:
        padded, shape, offsets: as `grouped_sums`.
        weights: float32, together about 1.
        offset: added to the sums.
        error: by how much a sum may be off, in levels, with three roundings after it.
    """
    functions = library()
    if functions is None:
        return None
    levels, places = np.empty(shape, np.uint8), np.empty(prod(shape), np.int64)
    found = functions.float_sums(
        padded.astype(np.float32),
        _lines(padded, levels),
        offsets,
        weights,
        offset - error,
        2 * error,
        levels,
        places,
    )
    return levels, places[:found]


def float32_sums(
    padded: np.ndarray, shape: tuple[int, ...], size: int, weights: np.ndarray, places: np.ndarray
) -> np.ndarray | None:
    """Sums of size x size weights, rounded to float32 after each addition; None if not compiled.

    Args:
        padded: uint8, an image with a border of half the size.
        shape: of the image without it.
        weights: float64, line by line, that float32 can hold.
        places: int64, in the flattened image without its border.

    Returns:
        float64, by place.
    """
    functions = library()
    if functions is None:
        return None
    sums = np.empty(len(places))
    lines = padded[0].size, shape[0], prod(shape[1:])
    step = padded[0, 0].size
    functions.float32_sums(padded, lines, step, size, weights, places, sums)
    return sums


def zoomed_sums(
    image: np.ndarray,
    rows: Sequence[np.ndarray],
    columns: Sequence[np.ndarray],
    error: float,
) -> Levels | None:
    """Sums of an image's enlargements in float32, rounded down; None if not compiled.

    Args:
        image: uint8, H x W x 3 or H x W.
        rows, columns: first, second (int64), low and high (float32) of each enlargement's lines:
            such a line is low times line `first` of the image and high times line `second`.
        error: as `float_sums`.
    """
    functions = library()
    if functions is None:
        return None
    levels, places = np.empty(image.shape, np.uint8), np.empty(image.size, np.int64)
    shape = (*image.shape[:2], image[0, 0].size)
    found = functions.zoomed_sums(
        image.astype(np.float32),
        shape,
        tuple(rows),
        tuple(columns),
        -error,
        2 * error,
        levels,
        places,
    )
    return levels, places[:found]


def zoomed_levels(
    image: np.ndarray,
    rows: Sequence[np.ndarray],
    columns: Sequence[np.ndarray],
    unit: np.ndarray,
    places: np.ndarray,
) -> np.ndarray | None:
    """Levels at some places as scipy's zoom has them; None if not compiled.

    Args:
        image, rows, columns: as `zoomed_sums`, `low` and `high` float64, without the image itself.
        unit: float64, by level, on the scale 0-1.
        places: int64, in the flattened image.
    """
    functions = library()
    if functions is None:
        return None
    levels = np.empty(len(places), np.uint8)
    shape = (*image.shape[:2], image[0, 0].size)
    functions.zoomed_levels(image, shape, tuple(rows), tuple(columns), unit, places, levels)
    return levels


def _lines(padded: np.ndarray, levels: np.ndarray) -> tuple[int, int, int]:
    """Numbers in a line of the padded image, lines, and numbers in a line of the levels."""
    return padded[0].size, len(levels), levels[0].size
