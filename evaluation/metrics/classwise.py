"""Figures of each class: recall with an interval, precision, F1, and their plain means."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

from medmnist_c.evaluation.metrics.uncertainty.resampled import CONFIDENCE


@dataclass(frozen=True)
class Proportion:
    """A fraction of so many images, with Jeffreys' interval.

    value: None where there is no image.
    """

    value: float | None
    low: float | None
    high: float | None
    count: int


def proportion(hits: int, count: int, confidence: float = CONFIDENCE) -> Proportion:
    """A fraction and its interval: quantiles of Beta(hits + 1/2, misses + 1/2); at no hit the lower
    limit is 0, at no miss the upper is 1 (Brown, Cai & DasGupta, Statistical Science 2001)."""
    hits, count = int(hits), int(count)
    if count == 0:
        return Proportion(None, None, None, 0)
    tail = (1 - confidence) / 2
    posterior = beta(hits + 0.5, count - hits + 0.5)
    low = 0.0 if hits == 0 else float(posterior.ppf(tail))
    high = 1.0 if hits == count else float(posterior.ppf(1 - tail))
    return Proportion(hits / count, low, high, count)


def recalls(labels: np.ndarray, answers: np.ndarray, classes: int) -> list[Proportion]:
    """Recall of each class.

    Args:
        labels, answers: class numbers, N x 1; or N x L of 0 and 1, whose classes are each label's "yes".
        classes: how many classes or labels there are.
    """
    truth, said = _members(labels, classes), _members(answers, classes)
    hits, counts = (truth & said).sum(axis=0), truth.sum(axis=0)
    return [proportion(*one) for one in zip(hits, counts, strict=True)]


def macro_f1(labels: np.ndarray, answers: np.ndarray, classes: int) -> float:
    """Mean over classes (or labels) of 2 TP / (2 TP + FP + FN); 0 for a class neither there nor said,
    as scikit-learn has it.

    Args:
        labels, answers, classes: as for `recalls`.
    """
    truth, said = _members(labels, classes), _members(answers, classes)
    hits, sizes = (truth & said).sum(axis=0), truth.sum(axis=0) + said.sum(axis=0)
    return float(np.mean(2 * hits / np.maximum(sizes, 1)))


def _members(labels: np.ndarray, classes: int) -> np.ndarray:
    """Which images are in which class, bool, N x K."""
    return labels == np.arange(classes) if labels.shape[1] == 1 else labels == 1
