"""Elementary functions and fused sums that are the same to the last bit on every machine.

Those of a C library or of numpy depend on the system and on the processor's instructions, and a
compiler may fuse a product with a sum. Here is nothing but IEEE 754's own operations, one at a time,
and whole numbers.
"""

from decimal import Decimal, localcontext

import numpy as np

_DIGITS = 50
_FIXED_BITS = 256

# exp(x) = 2^(whole / 64) exp(rest), |rest| < ln 2 / 128. The 64 roots have a second float64 behind
# the first; `_STEP` has few enough bits for `whole * _STEP` to be exact.
_ROOTS = 64
with localcontext(prec=_DIGITS):
    _exact = [Decimal(2) ** (Decimal(root) / _ROOTS) for root in range(_ROOTS)]
    _ROOT = np.array([float(one) for one in _exact])
    _ROOT_REST = np.array([float(one - Decimal(float(one))) for one in _exact])
    _exact_step = Decimal(2).ln() / _ROOTS
    _STEP = round(float(_exact_step) * 2.0**42) / 2.0**42
    _STEP_REST = float(_exact_step - Decimal(_STEP))
_LOWEST = -745.2  # below it exp is 0


def exp(x: np.ndarray) -> np.ndarray:
    """exp(x), float64, within 0.51 units in the last place; `x` is at most 709."""
    x = np.maximum(np.asarray(x, np.float64), _LOWEST)
    whole = np.rint(x * (1 / _STEP))
    rest = (x - whole * _STEP) - whole * _STEP_REST
    series = 1 / 120 + rest * (1 / 720)
    for factor in (1 / 24, 1 / 6, 1 / 2):
        series = factor + rest * series
    beyond_one = rest + rest * rest * series
    exponent, root = np.divmod(whole.astype(np.int64), _ROOTS)
    result = _ROOT[root] + (_ROOT_REST[root] + _ROOT[root] * beyond_one)
    return np.ldexp(result, exponent.astype(np.int32))


def power(base: float, exponent: float) -> float:
    """base ** exponent rounded to the nearest float64, for a base above 0."""
    with localcontext(prec=_DIGITS):
        return float(Decimal(base) ** Decimal(exponent))


def sine_and_cosine(x: float) -> tuple[float, float]:
    """Of `x` radians, at most some turns, rounded to the nearest float64; below 2^-256 it is 0."""
    numerator, denominator = x.as_integer_ratio()
    one = 1 << _FIXED_BITS
    scaled = (numerator << _FIXED_BITS) // denominator
    terms = [one]
    while terms[-1] not in (0, -1):  # a negative one is rounded down to -1 for ever
        terms.append((terms[-1] * scaled >> _FIXED_BITS) // len(terms))
    sine = sum(terms[1::4]) - sum(terms[3::4])
    cosine = sum(terms[0::4]) - sum(terms[2::4])
    return sine / one, cosine / one


def fused(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """a * b + c of float32, rounded once: as a processor's fused multiply-add."""
    product = np.multiply(a, b, dtype=np.float64)  # exact
    total = product + c
    # What rounding to float64 took away (Knuth's two-sum) decides ties of the rounding to float32: an
    # inexact total gets an odd last bit, which no tie has (Boldo and Melquiond, 2008).
    part = total - product
    rest = (product - (total - part)) + (c - part)
    is_even = (total.view(np.int64) & 1) == 0
    towards = np.where(rest > 0, np.inf, -np.inf)
    total = np.where((rest != 0) & is_even, np.nextafter(total, towards), total)
    return total.astype(np.float32)
