"""Bytes of noisy pixels by inversion: uniforms drawn only as finely as the bytes need.

A pixel's byte is a rising function of a uniform u, by the inverse of the noise's distribution
function. u is drawn as one of 65,536 cells (16 bits) first. For almost all pixels every u of the cell
leads to the same byte, whose lookup is all the work; only for the others is u drawn out to 53 bits.
The distribution of the bytes is that of a 53-bit u all the same.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from scipy.special import ndtri, pdtr

_CELL_BITS = 16
_UNIFORM_BITS = 53
_BLOCK = 1 << 13  # pixels a step: arrays that stay in the cache, and that malloc does not give back

# A cell's lower and upper end as normals. No u of 53 bits leads beyond 10.
_INFINITY = 40.0
_ENDS = np.clip(ndtri(np.linspace(0.0, 1.0, (1 << _CELL_BITS) + 1)), -_INFINITY, _INFINITY)
_LOWER_NORMALS = _ENDS[:-1].astype(np.float32)
_UPPER_NORMALS = _ENDS[1:].astype(np.float32)
_BEYOND = 256  # noise that saturates every level
_UNDECIDED = np.int16(-(1 << 15))


def added_normals(levels: np.ndarray, scale: float, rng: np.random.Generator) -> np.ndarray:
    """Bytes `level + 255 * scale * n`, n standard normal, cut to whole numbers, 0-255.

    The level is a whole number itself, so that a table of whole numbers by cell is all it takes.

    Args:
        levels: uint8, one dimension.
        scale: >= 0.
        rng: moved by as many draws as it takes, which depends on them.

    Returns:
        A new uint8 array of the same shape.
    """
    result = np.empty_like(levels)
    table = _whole_noise(scale)
    for start in range(0, len(levels), _BLOCK):
        part = levels[start : start + _BLOCK]
        cells = _draw_cells(len(part), rng)
        noise = table.take(cells)
        undecided = (noise == _UNDECIDED).nonzero()[0]
        exact = 255.0 * scale * _normals_within(cells[undecided], rng)
        noise[undecided] = np.clip(np.floor(exact), -_BEYOND, _BEYOND)
        result[start : start + _BLOCK] = cv2.add(part, noise, dtype=cv2.CV_8U).reshape(-1)
    return result


@lru_cache(maxsize=8)
def _whole_noise(scale: float) -> np.ndarray:
    """The whole number below `255 * scale * n`, int16, by cell; `_UNDECIDED` where there are two.

    In float32, so that a scale that is used but once costs little; `doubt` is several times what it
    rounds away of a number below `_BEYOND`.
    """
    factor, doubt = np.float32(255.0 * scale), np.float32(1e-4)
    low = np.clip(_LOWER_NORMALS * factor - doubt, -_BEYOND, _BEYOND)
    high = np.clip(_UPPER_NORMALS * factor + doubt, -_BEYOND, _BEYOND)
    table = np.floor(low).astype(np.int16)
    table[table != np.floor(high)] = _UNDECIDED
    return table


def scaled_by_normals(levels: np.ndarray, scale: float, rng: np.random.Generator) -> np.ndarray:
    """Bytes `level + level * scale * n`, as `added_normals`."""
    result = np.empty_like(levels)
    lower, upper = _factors(scale)
    for start in range(0, len(levels), _BLOCK):
        part = levels[start : start + _BLOCK]
        cells = _draw_cells(len(part), rng)
        level = part.astype(np.float32)
        low = (level * lower.take(cells)).astype(np.int32)
        high = (level * upper.take(cells)).astype(np.int32)
        undecided = (low != high).nonzero()[0]
        level = part[undecided].astype(np.float64)
        low[undecided] = level + level * (scale * _normals_within(cells[undecided], rng))
        result[start : start + _BLOCK] = np.clip(low, 0, 255)
    return result


@lru_cache(maxsize=8)
def _factors(scale: float) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest `1 + scale * n` of each cell, float32."""
    doubt = np.float32(1e-6 * (1 + 4 * scale))  # some roundings, 6e-8 each, are less than this
    scale = np.float32(scale)
    return 1 + _LOWER_NORMALS * scale - doubt, 1 + _UPPER_NORMALS * scale + doubt


def _normals_within(cells: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A normal out of each cell, the uniform behind it drawn out to 53 bits."""
    u = (cells + rng.random(len(cells))) / (1 << _CELL_BITS)
    return np.clip(ndtri(u), -_INFINITY, _INFINITY)


def _draw_cells(count: int, rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 1 << _CELL_BITS, count, dtype=np.uint16).astype(np.intp)


_GUIDE_BITS = 11  # leading bits of a cell that the guide table goes by


@dataclass(frozen=True)
class ByteDistributions:
    """The distribution of a byte for each of the 256 levels, ready to draw from (`draw_bytes`).

    `values` (uint8, ascending) are the bytes that occur. `keys` (int64, 256 x len(values)) are the
    distribution functions as 53-bit numbers, the level in front: one ascending row. `guide` (int16,
    256 x 2^11) gives the place in `values` for the leading bits of u, -1 where they do not decide it.
    """

    values: np.ndarray
    keys: np.ndarray
    guide: np.ndarray


def poisson_bytes(byte_of_count: np.ndarray, rates: np.ndarray) -> ByteDistributions:
    """Distributions of `byte_of_count[k]`, k Poisson with the level's rate.

    Args:
        byte_of_count: uint8, not falling; counts beyond its end give its last byte.
        rates: float64, by level (256).
    """
    values = np.unique(byte_of_count)
    last_counts = (byte_of_count[1:] != byte_of_count[:-1]).nonzero()[0]  # of each value but one
    below = pdtr(last_counts, rates[:, None])  # the chance of values[i] or less
    below = np.maximum.accumulate(np.append(below, np.ones((256, 1)), axis=1), axis=1)
    below = np.rint(below * (1 << _UNIFORM_BITS)).astype(np.int64)

    levels = np.arange(256)[:, None]
    keys = (levels << (_UNIFORM_BITS + 1)) + below
    # For each leading part of u: the number of keys that are not above its lower end. It decides
    # the byte if that number is the same at its upper end.
    cells = 1 << _GUIDE_BITS
    first_cells = -(-below[:, :-1] >> (_UNIFORM_BITS - _GUIDE_BITS))
    places = first_cells + levels * (cells + 1)
    passed = np.bincount(places.ravel(), minlength=256 * (cells + 1)).reshape(256, cells + 1)
    passed = np.cumsum(passed, axis=1, dtype=np.int16)
    guide = np.where(passed[:, :-1] == passed[:, 1:], passed[:, :-1], np.int16(-1))
    return ByteDistributions(values, keys, guide)


def draw_bytes(
    levels: np.ndarray, distributions: ByteDistributions, rng: np.random.Generator
) -> np.ndarray:
    """A byte (uint8) for each of `levels` (uint8, one dimension) from its level's distribution.

    `rng` is moved by as many draws as it takes, which depends on them.
    """
    result = np.empty_like(levels)
    guide = distributions.guide.reshape(-1)
    keys = distributions.keys.reshape(-1)
    for start in range(0, len(levels), _BLOCK):
        part = levels[start : start + _BLOCK].astype(np.intp)
        cells = _draw_cells(len(part), rng)
        places = guide.take((part << _GUIDE_BITS) + (cells >> (_CELL_BITS - _GUIDE_BITS)))
        undecided = (places < 0).nonzero()[0]
        rest_bits = _UNIFORM_BITS - _CELL_BITS
        u = (cells[undecided] << rest_bits) + rng.integers(0, 1 << rest_bits, len(undecided))
        level = part[undecided]
        found = np.searchsorted(keys, (level << (_UNIFORM_BITS + 1)) + u, side="right")
        places[undecided] = found - level * len(distributions.values)
        result[start : start + _BLOCK] = distributions.values.take(places)
    return result
