"""Elementary functions against 60 digits, fused sums against fractions."""

from decimal import Decimal, localcontext
from fractions import Fraction
from math import cos, sin, ulp

import numpy as np
import pytest

from medmnist_c.corruptions.exact.elementary import exp, fused, power, sine_and_cosine


def test_exp_is_within_a_hundredth_of_the_nearest():
    rng = np.random.default_rng(0)
    x = np.concatenate([-rng.uniform(0, 700, 3000), rng.uniform(-3, 3, 3000), [0.0, -0.0, 1.0]])
    with localcontext(prec=60):
        for one, result in zip(x.tolist(), exp(x).tolist(), strict=True):
            off = abs(Decimal(one).exp() - Decimal(result)) / Decimal(ulp(result))
            assert off < Decimal("0.51"), one


def test_exp_of_much_less_is_nothing():
    assert exp(np.array([-746.0, -1e300, -np.inf])).tolist() == [0, 0, 0]


def test_power_is_the_nearest():
    rng = np.random.default_rng(1)
    for base, exponent in rng.uniform(0, [1, 3], (500, 2)).tolist():
        assert abs(power(base, exponent) - base**exponent) <= ulp(base**exponent)
    assert power(0.25, 0.5) == 0.5
    assert power(1.0, 7.5) == 1.0


def test_sine_and_cosine_are_the_nearest():
    angles = np.random.default_rng(2).uniform(-6.3, 6.3, 500).tolist()
    for angle in (*angles, 0.0, -1e-9, 1e-50):
        sine, cosine = sine_and_cosine(angle)
        assert abs(sine - sin(angle)) <= ulp(sin(angle))
        assert abs(cosine - cos(angle)) <= ulp(cos(angle))
    assert sine_and_cosine(1e-300) == (0.0, 1.0)  # nothing is below 2^-256
    assert sine_and_cosine(1.0) == (0.84147098480789650665, 0.54030230586813971740)


def nearest32(exact: Fraction) -> float:
    """The nearest float32 of a number in float32's normal range, ties to even."""
    if exact == 0:
        return 0.0
    exponent = 0
    while abs(exact) >= Fraction(2) ** (exponent + 24):
        exponent += 1
    while abs(exact) < Fraction(2) ** (exponent + 23):
        exponent -= 1
    return float(round(exact / Fraction(2) ** exponent) * Fraction(2) ** exponent)


def test_fused_rounds_once():
    rng = np.random.default_rng(3)
    a, b = (rng.standard_normal(2000).astype(np.float32) for _ in range(2))
    c = (rng.standard_normal(2000) * 2.0 ** rng.integers(-30, 30, 2000)).astype(np.float32)
    for one, two, three, result in zip(a, b, c, fused(a, b, c), strict=True):
        assert result == nearest32(
            Fraction(float(one)) * Fraction(float(two)) + Fraction(float(three))
        )


@pytest.mark.parametrize("sign", [1, -1])
def test_fused_where_two_roundings_would_differ(sign):
    """1 + 2^-23 and a little less than half a unit more: float64 makes it half a unit, a tie."""
    a, b = np.float32(1 + 2.0**-23), np.float32(2.0**-24 * (1 - 2.0**-23))
    c = np.float32(sign * (1 + 2.0**-23))
    result = fused(np.array([sign * a]), np.array([b]), np.array([c]))[0]
    assert result == c
    assert np.float32(np.float64(sign * a) * np.float64(b) + np.float64(c)) != result
