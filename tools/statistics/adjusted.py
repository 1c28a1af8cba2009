"""Other ways to allow for many differences, beside which the report's bands are shown."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import norm


def p_values(values: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Two-sided, of each difference for itself: a normal one with the draws' standard error, T."""
    errors = np.asarray(draws).std(axis=0, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.abs(values) / errors
    return 2 * norm.sf(np.where(np.asarray(values) == 0, 0.0, distance))


def holm(p_values: Sequence[float] | np.ndarray) -> np.ndarray:
    """P-values adjusted for their number, float64, T (Holm, Scandinavian Journal of Statistics 1979)."""
    p_values = np.asarray(p_values, np.float64)
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(p_values[order] * factors))
    return adjusted
