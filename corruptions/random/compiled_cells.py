"""Seeded noise by compiled functions, where there are any.

`cells.c` is compiled when the package is installed, if there is a C compiler. What it makes,
`inverse_cdf.py` makes too, more slowly: the same bytes, and the generator is left in the same state.
"""

from types import ModuleType

import numpy as np

from medmnist_c.corruptions.extension import extension


def library() -> ModuleType | None:
    """The compiled functions; None if there are none."""
    return extension("random._cells", newest="guide_of")


def cell_noise(
    levels: np.ndarray,
    ends: np.ndarray,
    scale: float,
    doubt: float,
    in_proportion: bool,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Levels with normal noise by the inverse CDF; None, and `rng` has not moved, if not compiled.

    Args:
        levels: uint8, one dimension, contiguous.
        ends: float32, normals at the cells' ends.
        scale: standard deviation, in levels, or the level being 1.
        doubt: by how much a normal times `scale` may be off.
        in_proportion: times the level.
        rng: moved by four cells a draw, and for each block of pixels by one `random` for each that its
            cell leaves undecided.

    Returns:
        The levels (uint8), the places that are undecided, and the uniforms there, times 65,536.
    """
    functions = library()
    if functions is None or not isinstance(rng, np.random.Generator):
        return None
    made = np.empty_like(levels)
    places, uniforms = np.empty(len(levels), np.int64), np.empty(len(levels))
    with rng.bit_generator.lock:
        found = functions.cell_noise(
            levels,
            ends,
            scale,
            doubt,
            in_proportion,
            rng.bit_generator.capsule,
            made,
            places,
            uniforms,
        )
    return made, places[:found], uniforms[:found]


def cell_mask(whole: int, rest: float, count: int, rng: np.random.Generator) -> np.ndarray | None:
    """255 where one of `count` uniforms is (whole + rest) / 65,536 or less, else 0; None, and `rng` has
    not moved, if not compiled."""
    functions = library()
    if functions is None or not isinstance(rng, np.random.Generator):
        return None
    mask = np.empty(count, np.uint8)
    with rng.bit_generator.lock:
        functions.cell_mask(whole, rest, rng.bit_generator.capsule, mask)
    return mask


def cell_bytes(
    levels: np.ndarray,
    guide: np.ndarray,
    keys: np.ndarray,
    values: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray | None:
    """A byte for each of the levels (uint8, one dimension, contiguous) from its distribution
    (`inverse_cdf.ByteDistributions`); None, and `rng` has not moved, if not compiled."""
    functions = library()
    if functions is None or not isinstance(rng, np.random.Generator):
        return None
    made = np.empty_like(levels)
    with rng.bit_generator.lock:
        functions.cell_bytes(levels, guide, keys, values, rng.bit_generator.capsule, made)
    return made


def poisson_keys(counts: np.ndarray, rates: np.ndarray, nothing: np.ndarray) -> np.ndarray | None:
    """The chances of so many or less as 53-bit numbers, 1 at last: int64, 256 x (counts + 1).

    None if not compiled.

    Args:
        counts: int64, rising.
        rates: float64, 256.
        nothing: the chances of no count, exp(-rates).
    """
    functions = library()
    if functions is None:
        return None
    keys = np.empty((len(rates), len(counts) + 1), np.int64)
    functions.poisson_keys(rates, nothing, counts, keys)
    return keys


def guide_of(keys: np.ndarray, values: np.ndarray) -> np.ndarray | None:
    """The guide of distributions (`inverse_cdf.ByteDistributions`); None if not compiled."""
    functions = library()
    if functions is None:
        return None
    guide = np.empty(1 << 16, np.int16)
    functions.guide_of(keys, values, guide)
    return guide
