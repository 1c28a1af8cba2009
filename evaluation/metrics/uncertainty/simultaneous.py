"""Many differences at once: bands that hold for all of them together, and corrected p-values."""

from dataclasses import dataclass

import numpy as np

from medmnist_c.evaluation.metrics.uncertainty.swaps import Swaps


@dataclass(frozen=True)
class Bands:
    """Simultaneous intervals of T differences: with the stated confidence all of them hold.

    low, high: float64, T.
    p_values: float64, T, adjusted for all T by the same resamples: the chance of any difference
        this large in its own standard errors if there are none.
    """

    low: np.ndarray
    high: np.ndarray
    p_values: np.ndarray

    @property
    def differs(self) -> np.ndarray:
        """Where a band leaves 0 out, bool, T."""
        return (self.low > 0) | (self.high < 0)


def max_t_bands(
    values: np.ndarray,
    draws: np.ndarray,
    confidence: float = 0.95,
    *,
    least_errors: np.ndarray | float = 0.0,
    swaps: Swaps | None = None,
) -> Bands:
    """Bands of constant width in standard errors, wide enough for the largest deviation of all.

    The largest deviation's distribution comes from resamples or swaps that all T differences share, so
    what they have in common is paid for once (Westfall & Young, Resampling-Based Multiple Testing,
    1993). By swaps the standard errors are those around 0, as they would be without a difference.

    Args:
        values: float, T.
        draws: float, RESAMPLES x T, each row one resample.
        confidence: that all bands hold.
        least_errors: float, T, standard errors from elsewhere; where they are larger than those of the
            draws, they are taken.
        swaps: of the T differences; None takes the resamples' deviations from their means.
    """
    values, draws = np.asarray(values, np.float64), np.asarray(draws, np.float64)
    errors = draws.std(axis=0, ddof=1)
    if swaps is None:
        largest = _largest(draws - draws.mean(axis=0), errors)
        errors = np.maximum(errors, least_errors)
    else:
        errors = np.sqrt(np.maximum(errors, least_errors) ** 2 + swaps.of_means)
        largest = _largest(swaps.differences, errors)
    critical = np.quantile(largest, confidence, method="higher")
    found = np.abs(values) / np.where(errors > 0, errors, 1)
    at_least = (largest[:, None] >= found).sum(axis=0)
    p_values = np.where((errors == 0) & (values != 0), 0.0, (1 + at_least) / (1 + len(draws)))
    return Bands(values - critical * errors, values + critical * errors, p_values)


def _largest(deviations: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Of each row, in standard errors."""
    return (np.abs(deviations) / np.where(errors > 0, errors, 1)).max(axis=1)
