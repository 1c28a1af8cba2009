"""torchvision's Gaussian in float32, bit for bit: its kernel and the order of its sums.

Measured with torch 2.15.0 and torchvision 0.29.2 on x86-64, kernels of 3 to 33 pixels.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from medmnist_c.corruptions.exact.elementary import exp
from medmnist_c.corruptions.exact.rounding import error_bound

LARGEST_SIZE = 63  # pixels; a border of the kernel's half is still inside the smallest image


class Gaussian(NamedTuple):
    """A kernel of size x size pixels.

    line: one axis of it, float32; weights: all of it, row by row, float64 that float32 can hold;
    error: by how many levels `float32_sum` and a float32 filter with `line` on each axis can differ,
    with what `floor_with_error_bound` does then.
    """

    line: np.ndarray
    weights: np.ndarray
    error: float


@lru_cache(maxsize=64)
def gaussian(size: int) -> Gaussian:
    """The kernel of odd `size`, up to `LARGEST_SIZE`, of standard deviation 0.15 size + 0.35."""
    sigma = np.float32(0.15 * size + 0.35)
    steps = (np.arange(size) - size // 2).astype(np.float32) / sigma
    densities = exp(np.float32(-0.5) * (steps * steps)).astype(np.float32)
    if size == 15:  # here torch's exp, good to 0.52 units in the last place, rounds the other way
        densities[[3, 11]] = np.nextafter(densities[[3, 11]], np.float32(0))
    line = densities / _torch_sum(densities)
    weights = np.outer(line, line).reshape(-1).astype(np.float64)
    # An addition in `float32_sum` is off by half a unit in the last place of the sum so far.
    largest_sums = 255.01 * np.cumsum(weights)
    half_units = np.exp2(np.floor(np.log2(largest_sums)) - 24)
    return Gaussian(line, weights, error_bound(2 * size + 7) + float(half_units.sum()))


def _torch_sum(numbers: np.ndarray) -> np.float32:
    """The float32 sum of up to 63 numbers in torch's order.

    They stand in lines of 8 lanes (fewer than 8: of one), and are summed lane by lane, lines 1 to 3
    after the others; then the incomplete line, then the lanes.
    """
    lanes = 8 if len(numbers) >= 8 else 1
    count = len(numbers) // lanes
    lines = numbers[: count * lanes].reshape(count, lanes)
    order = [0, *range(4, count), *range(1, min(4, count))]
    sums = np.cumsum(lines[order], axis=0)[-1]  # unlike `sum`, strictly one after the other
    return np.cumsum([*numbers[count * lanes :], *sums], dtype=np.float32)[-1]


def float32_sum(terms: np.ndarray) -> np.ndarray:
    """Sums of float64 terms down axis 0, rounded to float32 after each addition.

    So torch's convolution adds: weight after weight, the product fused with the addition.
    """
    total, rounded = np.zeros(terms.shape[1]), np.empty(terms.shape[1], np.float32)
    for term in terms:
        total += term
        rounded[:] = total
        total[:] = rounded
    return total
