"""Whole levels from fast float32 values: an exact rule decides what float32 leaves open.

A blur ends by rounding a real value down to a whole level. A float32 sum whose error is bounded decides
that everywhere but next to a whole number; only there the slow, exact rule is asked.
"""

from collections.abc import Callable

import cv2
import numpy as np

_AT_ONCE = 1 << 19  # numbers an exact rule handles in one go: few enough for the caches


def error_bound(roundings: int) -> float:
    """Largest error, in levels, of a sum of float32 terms that are none of them negative.

    Args:
        roundings: how many roundings a term goes through at most until it is part of the final sum
            of up to 255, each by 2^-24 of its size at most: then the sum is off by no more than
            1.01 * roundings * 2^-24 of its size (Higham, Accuracy and Stability of Numerical
            Algorithms, 2002, lemma 3.4; for fewer than 160,000 roundings).
    """
    return 255 * 1.01 * roundings * 2.0**-24


def floor_with_error_bound(
    values: np.ndarray, offset: float, error: float
) -> tuple[np.ndarray, np.ndarray]:
    """Whole part of `values + offset`, as far as it is certain.

    Args:
        values: float32, any shape, 0 to 255.4, each off by less than `error`; used up by this.
        offset: 0 to 0.5, added first.
        error: as `error_bound` gives it, three of its roundings for what is done here.

    Returns:
        Levels, uint8 of the same shape, and the indices, in the flattened array, at which they are
        not certain: the level there is the lower one of two.
    """
    values += np.float32(offset - error)
    lower = values.astype(np.uint8)
    values += np.float32(2 * error)
    return lower, np.flatnonzero(lower != values.astype(np.uint8))


def resolve(
    levels: np.ndarray, indices: np.ndarray, exact: Callable[[np.ndarray], np.ndarray], width: int
) -> np.ndarray:
    """`levels`, contiguous, with those at `indices` of the flattened array set to `exact(indices)`.

    `exact` is asked for so many indices at a time that `width` numbers each stay within bounds.
    """
    flattened = levels.reshape(-1)
    step = max(1, _AT_ONCE // width)
    for start in range(0, len(indices), step):
        part = indices[start : start + step]
        flattened[part] = exact(part)
    return levels


def flat_within(image: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Where a channel has one level only, up to `rows` and `columns` away: bool of image's shape."""
    window = np.ones((2 * rows + 1, 2 * columns + 1), np.uint8)
    return cv2.erode(image, window) == cv2.dilate(image, window)
