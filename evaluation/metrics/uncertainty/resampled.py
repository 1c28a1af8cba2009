"""Figures with what they would have been in each resample, and arithmetic that carries both along."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Resampled:
    """A figure, what it would have been in each resample, and a remark.

    `value` is None where the figure does not exist, `draws` (float64, one for each resample) is None
    where it has no interval. Figures of one dataset share their resamples, so a function of several
    is paired. `runs` are the figures of each training, where there are several (`pooled`); `value` and
    `draws` are their means then. `limits` is an interval that comes from no draws.
    """

    value: float | None
    draws: np.ndarray | None = None
    note: str | None = None
    runs: tuple["Resampled", ...] = ()
    limits: tuple[float, float] | None = None

    def interval(self) -> tuple[float, float] | None:
        """The 95 % percentile interval of the draws, and the figure itself if that lies outside (no
        error at all); `limits` where there are no draws; None where a resample has no such figure."""
        if self.draws is None and self.limits is not None:
            return self.limits
        if self.value is None or self.draws is None or not np.isfinite(self.draws).all():
            return None
        tail = 50 * (1 - CONFIDENCE)
        low, high = np.percentile(self.draws, (tail, 100 - tail))
        return float(min(low, self.value)), float(max(high, self.value))


Figures = dict[str, Resampled]  # of one test set, by metric


def missing(note: str | None) -> Resampled:
    """A figure that does not exist, and why."""
    return Resampled(None, None, note)


def combine(function: Callable, *figures: Resampled, note: str | None = None) -> Resampled:
    """`function` of figures, value by value and resample by resample.

    What is missing in one is missing in the result, with its note; notes are kept.
    """
    for one in figures:
        if one.value is None:
            return missing(one.note)
    trainings = max((len(one.runs) for one in figures), default=0)
    if trainings:
        return pooled(
            [
                combine(function, *(f.runs[n] if f.runs else f for f in figures), note=note)
                for n in range(trainings)
            ]
        )
    notes = dict.fromkeys(one for one in (note, *(figure.note for figure in figures)) if one)
    draws = None
    if all(one.draws is not None for one in figures):
        draws = function(*(one.draws for one in figures))
    value = float(function(*(one.value for one in figures)))
    return Resampled(value, draws, "; ".join(notes) or None)


def pooled(runs: Sequence[Resampled]) -> Resampled:
    """A figure of one model trained several times: the mean, which remembers the trainings."""
    average = mean(runs)
    return average if average.value is None else replace(average, runs=tuple(runs))


def mean(figures: Sequence[Resampled], note: str | None = None) -> Resampled:
    """The plain mean of figures; missing where one of them is, or where there is none."""
    if not figures:
        return missing(note or "nothing to take the mean of")
    return combine(lambda *values: np.mean(values, axis=0), *figures, note=note)


def means(several: Sequence[Figures]) -> Figures:
    """The mean of each metric over several test sets."""
    return {name: mean([one[name] for one in several]) for name in (several[0] if several else ())}
