"""Numbers with a confidence interval, and arithmetic that carries the interval along."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A figure, what it would have been in each resample, and a remark.

    `value` is None where the figure does not exist, `draws` (float64, one for each resample) is None
    where it has no interval. Figures of one dataset share their resamples, so a function of several
    is paired.
    """

    value: float | None
    draws: np.ndarray | None = None
    note: str | None = None

    def to_dict(self) -> dict:
        """`value`, `low`, `high` (the 95 % percentile interval) and `note`."""
        low = high = None
        if self.value is not None and self.draws is not None:
            tail = 50 * (1 - CONFIDENCE)
            low, high = (float(x) for x in np.percentile(self.draws, (tail, 100 - tail)))
        value = None if self.value is None else float(self.value)
        return {"value": value, "low": low, "high": high, "note": self.note}


def missing(note: str) -> Estimate:
    """A figure that does not exist, and why."""
    return Estimate(None, None, note)


def combine(function: Callable, *estimates: Estimate, note: str | None = None) -> Estimate:
    """`function` of figures, value by value and resample by resample.

    What is missing in one is missing in the result, with its note; notes are kept.
    """
    for one in estimates:
        if one.value is None:
            return missing(one.note)
    notes = dict.fromkeys(one for one in (note, *(e.note for e in estimates)) if one)
    draws = None
    if all(one.draws is not None for one in estimates):
        draws = function(*(one.draws for one in estimates))
    return Estimate(function(*(one.value for one in estimates)), draws, "; ".join(notes) or None)


def mean(estimates: Sequence[Estimate], note: str | None = None) -> Estimate:
    """The plain mean of figures; missing where one of them is, or where there is none."""
    if not estimates:
        return missing(note or "nothing to take the mean of")
    return combine(lambda *values: np.mean(values, axis=0), *estimates, note=note)
