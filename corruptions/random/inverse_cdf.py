"""Bytes of noisy pixels by the inverse CDF: uniforms drawn only as finely as the bytes need.

A pixel's byte is a rising function of a uniform u, by the inverse of the noise's distribution
function. u is drawn as one of 65,536 cells (16 bits) first. For almost all pixels every u of the cell
leads to the same byte, whose lookup is all the work; only for the others is u drawn out to 53 bits.
The distribution of the bytes is that of a 53-bit u all the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from medmnist_c.corruptions.exact.elementary import exp
from medmnist_c.corruptions.random import compiled_cells as compiled

_CELL_BITS = 16
_UNIFORM_BITS = 53
_OPENCV_TAKES_CELLS = tuple(map(int, cv2.__version__.split(".")[:2])) >= (4, 13)
_BLOCK = 1 << 15  # pixels a step: arrays that stay in the cache, and that malloc does not give back

_INFINITY = 40.0  # of normals; no u of 53 bits leads beyond 10
_BEYOND = 256  # noise that saturates every level
_UNDECIDED = np.int16(-(1 << 15))


def added_normals(levels: np.ndarray, scale: float, rng: np.random.Generator) -> np.ndarray:
    """Bytes `level + 255 * scale * n`, n standard normal, rounded down, 0-255.

    Args:
        levels: uint8, one dimension, contiguous.
        scale: >= 0.
        rng: moved by as many draws as it takes, which depends on them.

    Returns:
        A new uint8 array of the same shape.
    """
    factor, doubt = (
        255.0 * scale,
        1e-4,
    )  # several times what is rounded away of a number below _BEYOND
    found = compiled.cell_noise(levels, _ends_of_cells(), factor, doubt, False, rng)
    if found is None:
        found = _cell_noise(levels, rng, lambda part, cells: _added(part, cells, scale, doubt))
    made, places, uniforms = found
    made[places] = _clipped(levels[places] + np.floor(factor * _normals_of(uniforms)))
    return made


def _added(
    levels: np.ndarray, cells: np.ndarray, scale: float, doubt: float
) -> tuple[np.ndarray, np.ndarray]:
    noise = _look_up_cells(cells, _whole_noise(scale, doubt))
    undecided = (noise == _UNDECIDED).nonzero()[0]
    return cv2.add(levels, noise, dtype=cv2.CV_8U).reshape(-1), undecided


@lru_cache(maxsize=8)
def _whole_noise(scale: float, doubt: float) -> np.ndarray:
    """The whole number below `255 * scale * n`, int16, by cell; `_UNDECIDED` where there are two.

    In float32, so that a scale that is used but once costs little.
    """
    factor, off = np.float32(255.0 * scale), np.float32(doubt)
    ends = _ends_of_cells()
    low = np.clip(ends[:-1] * factor - off, -_BEYOND, _BEYOND)
    high = np.clip(ends[1:] * factor + off, -_BEYOND, _BEYOND)
    table = np.floor(low).astype(np.int16)
    table[table != np.floor(high)] = _UNDECIDED
    return table


def scaled_by_normals(levels: np.ndarray, scale: float, rng: np.random.Generator) -> np.ndarray:
    """Bytes `level + level * scale * n`, as `added_normals`."""
    doubt = 1e-6 * (1 + 4 * scale)  # some roundings, 6e-8 each, are less than this
    found = compiled.cell_noise(levels, _ends_of_cells(), scale, doubt, True, rng)
    if found is None:
        found = _cell_noise(levels, rng, lambda part, cells: _scaled(part, cells, scale, doubt))
    made, places, uniforms = found
    level = levels[places].astype(np.float64)
    made[places] = _clipped(level + level * (scale * _normals_of(uniforms)))
    return made


def _scaled(
    levels: np.ndarray, cells: np.ndarray, scale: float, doubt: float
) -> tuple[np.ndarray, np.ndarray]:
    lower, upper = _factors(scale, doubt)
    level = levels.astype(np.float32)
    low = (level * _look_up_cells(cells, lower)).astype(np.int32)
    high = (level * _look_up_cells(cells, upper)).astype(np.int32)
    return _clipped(low), (low != high).nonzero()[0]


@lru_cache(maxsize=8)
def _factors(scale: float, doubt: float) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest `1 + scale * n` of each cell, float32."""
    factor, off = np.float32(scale), np.float32(doubt)
    ends = _ends_of_cells()
    return 1 + ends[:-1] * factor - off, 1 + ends[1:] * factor + off


def _cell_noise(
    levels: np.ndarray,
    rng: np.random.Generator,
    make: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """As `compiled.cell_noise`: `make` gives bytes for levels and cells, and the places undecided."""
    made = np.empty_like(levels)
    places, uniforms = [], []
    for start in range(0, len(levels), _BLOCK):
        part = levels[start : start + _BLOCK]
        cells = _draw_cells(len(part), rng)
        made[start : start + _BLOCK], undecided = make(part, cells)
        places.append(undecided + start)
        uniforms.append(cells[undecided] + rng.random(len(undecided)))
    return made, np.concatenate(places), np.concatenate(uniforms)


def _clipped(values: np.ndarray) -> np.ndarray:
    return np.minimum(np.maximum(values, 0), 255).astype(np.uint8)


@lru_cache(maxsize=1)
def _ends_of_cells() -> np.ndarray:
    """The ends of the cells as normals, float32, 65,537."""
    return _normals_of(np.arange((1 << _CELL_BITS) + 1.0)).astype(np.float32)


def _normals_of(uniforms: np.ndarray) -> np.ndarray:
    """Normals of uniforms times 65,536, float64."""
    from scipy.special import ndtri  # takes a third of the time to import all that images need

    return np.clip(ndtri(uniforms / (1 << _CELL_BITS)), -_INFINITY, _INFINITY)


def mask_of_uniforms_up_to(limit: float, count: int, rng: np.random.Generator) -> np.ndarray:
    """255 (uint8) where a uniform draw is `limit` (0-1) or less, 0 elsewhere; `count` of them."""
    whole, rest = divmod(limit * (1 << _CELL_BITS), 1.0)
    mask = compiled.cell_mask(int(whole), rest, count, rng)
    if mask is None:
        cells = _draw_cells(count, rng)
        mask = np.negative(cells < whole, dtype=np.uint8)
        undecided = (cells == whole).nonzero()[0]
        mask[undecided] = (rng.random(len(undecided)) <= rest) * np.uint8(255)
    return mask


def _draw_cells(count: int, rng: np.random.Generator) -> np.ndarray:
    # Four cells of 64 bits each, which are drawn twice as fast.
    words = rng.integers(0, 1 << 64, -(-count // 4), dtype=np.uint64)
    return words.astype("<u8", copy=False).view("<u2")[:count]


def _look_up_cells(cells: np.ndarray, table: np.ndarray) -> np.ndarray:
    """`table[cells]`, for uint16 cells and 65,536 values; by OpenCV, which is faster, where it can."""
    return cv2.LUT(cells, table).reshape(-1) if _OPENCV_TAKES_CELLS else table.take(cells)


# Leading bits of a cell that the guide goes by: with the level in front they are 16, a lookup by OpenCV.
_GUIDE_BITS = 8
_LARGEST_SUMMED_RATE = 700.0  # exp(-rate) is a normal double


@dataclass(frozen=True)
class ByteDistributions:
    """The distribution of a byte for each of the 256 levels, ready to draw from (`draw_bytes`).

    `values` (uint8, ascending) are the bytes that occur. `keys` (int64, 256 x len(values)) are the
    levels' distribution functions as 53-bit numbers, the last always 2^53. `guide` (int16, 65,536) gives
    the byte for a level and the leading bits of u; where these do not decide it, -1 minus the index in
    `values` that it has at least.
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
    last_counts = (byte_of_count[1:] != byte_of_count[:-1]).nonzero()[0]  # of each value but one
    values = byte_of_count[np.append(last_counts, len(byte_of_count) - 1)]
    keys = _poisson_keys(last_counts, rates)
    guide = compiled.guide_of(keys, values)
    return ByteDistributions(values, keys, _guide_of(keys, values) if guide is None else guide)


def _poisson_keys(counts: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Of each rate the chances of so many or less, and 1 at last, as 53-bit numbers."""
    one = 1 << _UNIFORM_BITS
    if rates.max() <= _LARGEST_SUMMED_RATE:
        made = compiled.poisson_keys(counts, rates, exp(-rates))
        if made is not None:
            return made
    keys = np.full((256, len(counts) + 1), one)
    keys[:, :-1] = np.rint(_poisson_cdf(counts, rates) * one)
    return np.minimum(np.maximum.accumulate(keys, axis=1), one, out=keys)


def _guide_of(keys: np.ndarray, values: np.ndarray) -> np.ndarray:
    """For each leading part of u: the number of keys that are not above its lower end.

    It decides the byte if that number is the same at its upper end.
    """
    cells = 1 << _GUIDE_BITS
    first_cells = -(-keys[:, :-1] >> (_UNIFORM_BITS - _GUIDE_BITS))
    offsets = first_cells + np.arange(256)[:, None] * (cells + 1)
    passed = np.bincount(offsets.ravel(), minlength=256 * (cells + 1)).astype(np.int16)
    passed = np.cumsum(passed.reshape(256, cells + 1), axis=1, dtype=np.int16)
    low, high = passed[:, :-1], passed[:, 1:]
    return np.where(low == high, values.astype(np.int16).take(low), ~low).reshape(-1)


def _poisson_cdf(counts: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """The chance of each count or less: float64, rates x counts, off by less than 1e-13.

    Summed from term to term, which is ten times as fast as the incomplete gamma function: augmentation
    draws its parameters, so that a distribution may serve for one image only.
    """
    if rates.max() > _LARGEST_SUMMED_RATE or not len(counts):
        from scipy.special import pdtr  # as above

        return pdtr(counts, rates[:, None])
    terms = np.empty((len(rates), int(counts[-1]) + 1))
    terms[:, 0] = exp(-rates)
    np.divide(rates[:, None], np.arange(1, terms.shape[1]), out=terms[:, 1:])
    np.cumprod(terms, axis=1, out=terms)
    return np.cumsum(terms, axis=1, out=terms).take(counts, axis=1)


def draw_bytes(
    levels: np.ndarray, distributions: ByteDistributions, rng: np.random.Generator
) -> np.ndarray:
    """A byte (uint8) for each of `levels` (uint8, one dimension) from its level's distribution.

    `rng` is moved by as many draws as it takes, which depends on them.
    """
    values, keys, guide = distributions.values, distributions.keys, distributions.guide
    made = compiled.cell_bytes(levels, guide, keys, values, rng)
    if made is not None:
        return made
    cells = _draw_cells(len(levels), rng)
    index = levels.astype(np.uint16)
    index <<= _GUIDE_BITS
    index |= cells >> (_CELL_BITS - _GUIDE_BITS)
    found = _look_up_cells(index, guide)

    # All that is undecided at once: there are few, and some take many steps.
    undecided = (found < 0).nonzero()[0]
    rest_bits = _UNIFORM_BITS - _CELL_BITS
    u = cells[undecided].astype(np.int64) << rest_bits
    u += rng.integers(0, 1 << rest_bits, len(undecided))
    first = levels[undecided].astype(np.intp) * len(values)
    at = first + ~found[undecided]
    below = np.arange(len(at))  # which may still have to go on to a larger value
    while len(below):
        below = below[keys.take(at[below]) <= u[below]]
        at[below] += 1
    found[undecided] = values.take(at - first)
    return found.astype(np.uint8)
