"""Which of several models is best, how sure that is, and when a model loses too much."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.stats import rankdata

from medmnist_c.evaluation.metrics.uncertainty.resampled import Resampled, combine, missing


def mean_ranks(figures: Sequence[Sequence[Resampled]]) -> list[Resampled]:
    """Each model's rank (1 is the smallest figure, ties share) in the mean over datasets.

    Args:
        figures: models x datasets; a dataset that a model does not have leaves the dataset out.

    Returns:
        For each model; its draws are the ranks in each resample, where all models have the same images.
    """
    columns = [one for one in zip(*figures, strict=True) if all(e.value is not None for e in one)]
    if not columns:
        return [missing("no dataset that all models have")] * len(figures)
    values = np.mean([rankdata([one.value for one in column]) for column in columns], axis=0)
    if any(one.draws is None for column in columns for one in column):
        return [Resampled(float(value)) for value in values]
    draws = np.mean(
        [rankdata(np.stack([one.draws for one in column]), axis=0) for column in columns], axis=0
    )
    return [Resampled(float(value), own) for value, own in zip(values, draws, strict=True)]


def severity_lost(clean: Resampled, severities: dict[int, Resampled], margin: float) -> Resampled:
    """The first severity at which the mean error is more than `margin` above the clean one.

    Args:
        clean: balanced error on the clean test set.
        severities: its mean over corruptions, by severity.
        margin: as a fraction, 0 to 1.

    Returns:
        The severity; one more than the largest where the loss is never that large (the note says so).
    """
    if not severities:
        return missing("not all severities are known")
    order = sorted(severities)
    levels = np.array([*order, order[-1] + 1], np.float64)

    def first(of_clean: np.ndarray, *of_severities: np.ndarray) -> np.ndarray:
        lost = np.stack(of_severities) - of_clean > margin
        never = np.ones((1, *lost.shape[1:]), bool)
        return levels[np.concatenate([lost, never]).argmax(axis=0)]

    found = combine(first, clean, *(severities[one] for one in order))
    if found.value is not None and found.value > order[-1]:
        return replace(found, note=f"at no severity to {order[-1]}")
    return found
