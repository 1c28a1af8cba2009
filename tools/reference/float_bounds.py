"""How far off the rough values of the compiled noise are: the numbers that its proofs rest on.

    python tools/reference/float_bounds.py [--every N]

`corruptions/random/normals.h` and `poisson.h` decide most bytes by float32 values. The same operations
in numpy round the same, so that every float32 that can occur is tried here (or every N-th).
"""

import argparse
from collections.abc import Iterator

import numpy as np

F = np.float32
_BLOCK = 1 << 20


def floats(low: float, high: float, every: int) -> Iterator[np.ndarray]:
    """The float32 from `low` to `high` (both above 0), every `every`-th, in blocks."""
    first, last = (int(F(one).view(np.int32)) for one in (low, high))
    for start in range(first, last + 1, _BLOCK * every):
        bits = np.arange(start, min(start + _BLOCK * every, last + 1), every, dtype=np.int32)
        yield bits.view(F)


def log_near(s: np.ndarray) -> np.ndarray:
    """As `log_near` in `logarithm.h`."""
    bits = s.view(np.int32)
    exponent = (bits - np.int32(0x3F3504F3)) >> 23
    m = (bits - exponent * np.int32(1 << 23)).view(F)
    w = (m - F(1)) / (m + F(1))
    square = w * w
    series = w * (F(2) + square * (F(0.66652447) + square * F(0.41301909)))
    return exponent.astype(F) * F(0.69314718) + series


def factor_errors(every: int) -> tuple[float, float]:
    """Largest relative errors of `log_near` and of the factor of rough normals."""
    worst = np.zeros(2)
    for s in floats(2.0**-10, 1 - 2.0**-10, every):
        rough_log = log_near(s)
        rough = np.sqrt(F(-2) * rough_log / s)
        exact_log = np.log(s.astype(np.float64))
        exact = np.sqrt(-2 * exact_log / s)
        errors = np.abs(rough_log / exact_log - 1).max(), np.abs(rough / exact - 1).max()
        worst = np.maximum(worst, errors)
    return float(worst[0]), float(worst[1])


def log2_errors(every: int, fused: bool) -> tuple[float, float]:
    """Least and largest excess of the rough -log2 u of `poisson.h`; u from 1/2 to 1 stands for all."""
    least, most = np.inf, -np.inf
    for u in floats(0.5, 1.0, every):
        excess = rough_logarithms(u, fused) * 2.0**-20 + np.log2(u.astype(np.float64))
        least, most = min(least, excess.min()), max(most, excess.max())
    return float(least), float(most)


def rough_logarithms(u: np.ndarray, fused: bool) -> np.ndarray:
    """As in `poisson.h`, which multiplies and adds with one rounding (`fused`) or two."""

    def multiply_add(a: np.ndarray, b: np.ndarray | np.float32, c: np.float32) -> np.ndarray:
        return (a.astype(np.float64) * b + np.float64(c)).astype(F) if fused else a * b + c

    unit = F(2**20)
    bits = u.view(np.int32)
    m = (bits & 0x7FFFFF).astype(F) * F(2.0**-23)
    rest = multiply_add(m, F(0.0448585782) * unit, F(-0.192156318) * unit)
    for coefficient in (0.413593864, -0.707979036, 0.44168291, -1.5e-6):
        rest = multiply_add(rest, m, F(coefficient) * unit)
    return (127 << 20) - (bits >> 3) - rest.astype(np.int32)


def normal_error(square: np.ndarray) -> np.ndarray:
    """Steps 2, 4 and 6 of the proof in `normals.h`: how far off a rough normal is at most.

    Args:
        square: float64, S, from 2^-10 to 1 - 2^-10.
    """
    r = 2.0**-24
    length = np.sqrt(square)
    of_square = 2 * np.sqrt(2) * length * 2.0**-26 + 4 * r * square
    logarithm = -np.log(square)
    factor = np.sqrt(2 * logarithm / square)
    normal = factor * length
    by_square = normal * (1 + 1 / logarithm) * of_square / (2 * square)
    return by_square + normal * (5e-7 + 2 * r) + factor * 2.0**-26


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--every", type=int, default=1, help="only every N-th float")
    every = parser.parse_args().every
    print("ln, factor: off by at most {:.2e}, {:.2e} of themselves".format(*factor_errors(every)))
    for fused in (False, True):
        print("-log2: too high by {:.2e} to {:.2e}".format(*log2_errors(every, fused)))
    squares = np.linspace(2.0**-10, 1 - 2.0**-10, 1_000_001)
    print(f"normals: off by at most {normal_error(squares).max():.2e}")


if __name__ == "__main__":
    main()
