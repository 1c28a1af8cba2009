"""Area under the ROC curve with its spread: DeLong's placements in O(N log N).

The AUC is the chance that a positive has a larger score than a negative, ties counting half. The
placement of a positive is the fraction of the negatives below it, that of a negative the fraction of
positives above it; their means are the AUC, their variances give its variance (DeLong, DeLong &
Clarke-Pearson, Biometrics 1988), and sorting gives them all at once (Sun & Xu, IEEE Signal Processing
Letters 2014). A sum of placements weighted as images are in a resample is the AUC of that resample to
first order, so one column an image is enough for means, differences and intervals.

Where images are a part of a whole with other shares of the classes, they are weighted.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

UNSEEN = 8  # an unseen misplaced image of a kind of n has a placement of 1 - 8/n (or 1/2), at best


@dataclass(frozen=True)
class PairedTest:
    """Of a difference: its value, standard error and two-sided p-value."""

    difference: float
    standard_error: float
    p_value: float


def placements(
    positive: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Of each image among those of the other kind, float64, N, 0 to 1.

    Args:
        positive: bool, N; some are, some are not.
        scores: float, N, larger for positives.
        weights: float, N, for how many images each stands; None: each for itself.
    """
    positive = np.asarray(positive, bool)
    yes = int(positive.sum())
    no = len(positive) - yes
    if not yes or not no:
        raise ValueError("The AUC needs a positive and a negative image.")
    order = np.argsort(scores)
    yes_there, ordered = positive[order], scores[order]
    above, below = ordered[yes_there], ordered[~yes_there]
    placed = np.empty(len(positive))
    if weights is None:
        placed[order[yes_there]] = _midrank(below, above) / no
        placed[order[~yes_there]] = 1 - _midrank(above, below) / yes
        return placed
    of_above, of_below = weights[order][yes_there], weights[order][~yes_there]
    placed[order[yes_there]] = _midrank(below, above, of_below) / of_below.sum()
    placed[order[~yes_there]] = 1 - _midrank(above, below, of_above) / of_above.sum()
    return placed


def _midrank(
    ordered: np.ndarray, values: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """How many, or how much weight, is smaller than each value, what is equal to it counting half."""
    sides = [np.searchsorted(ordered, values, side) for side in ("left", "right")]
    if weights is not None:
        up_to = np.concatenate([[0.0], np.cumsum(weights)])
        sides = [up_to[side] for side in sides]
    return (sides[0] + sides[1]) / 2


def auc(positive: np.ndarray, scores: np.ndarray) -> float:
    """Area under the ROC curve, 0 to 1."""
    positive = np.asarray(positive, bool)
    return float(placements(positive, scores)[positive].mean())


def auc_variance(positive: np.ndarray, placed: np.ndarray) -> float:
    """DeLong's variance of an AUC, or of a difference of two if `placed` is that of placements."""
    yes, no = placed[positive], placed[~positive]
    return float(yes.var(ddof=1) / len(yes) + no.var(ddof=1) / len(no))


def delong_test(positive: np.ndarray, scores_a: np.ndarray, scores_b: np.ndarray) -> PairedTest:
    """Whether two models' AUCs on the same images differ (b - a), two-sided, paired.

    Args:
        positive: bool, N, at least two of each kind.
        scores_a, scores_b: float, N each.
    """
    positive = np.asarray(positive, bool)
    apart = placements(positive, scores_b) - placements(positive, scores_a)
    difference = float(apart[positive].mean())
    error = auc_variance(positive, apart) ** 0.5
    if error == 0:
        return PairedTest(difference, 0.0, 1.0 if difference == 0 else 0.0)
    return PairedTest(difference, error, float(2 * norm.sf(abs(difference) / error)))


def delong_error(losses: np.ndarray, labels: np.ndarray, groups: np.ndarray | None = None) -> float:
    """Standard error of a mean AUC, or of a difference of two: DeLong's, for one question or several.

    With one label an image, images of each class vary for themselves, their numbers do not; for two
    classes that is DeLong's variance. Groups of images vary as wholes (Obuchowski, Biometrics 1997).

    Args:
        losses: of `MacroAUC`, or their difference for two models; times the images' weights if any. N.
        labels: class numbers, N x 1, or N x L of 0 and 1.
        groups: what each image belongs to, whole numbers from 0 on, N; None if each stands for itself.
    """
    count = len(losses)
    if groups is not None:
        totals = np.bincount(groups, weights=losses - losses.mean())
        number = len(totals)
        return float((number / max(number - 1, 1) * (totals**2).sum()) ** 0.5 / count)
    if labels.shape[1] > 1:
        return float((losses.var(ddof=1) / count) ** 0.5)
    of_class = [losses[labels[:, 0] == one] for one in np.unique(labels)]
    variance = sum(len(one) * one.var(ddof=1) for one in of_class if len(one) > 1)
    return float(variance**0.5 / count)


@dataclass(frozen=True)
class MacroAUC:
    """Mean AUC over questions, and what each image takes from it.

    value: 0 to 1.
    losses: float64, N; with weights w that add up to N, the mean AUC of the weighted images is to first
        order value - mean(w * losses); the mean of losses is 0.
    misplaced: float64, N; as `losses`, but 0 for an image that is placed before all of the other kind.
    unseen: float64, N; the loss of such an image were it misplaced as `UNSEEN` says in every question.
    """

    value: float
    losses: np.ndarray
    misplaced: np.ndarray
    unseen: np.ndarray


def macro_auc(
    members: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None
) -> MacroAUC:
    """Mean AUC over questions.

    Args:
        members: bool, N x Q, the positives of each question (one class against the rest, or a label).
        scores: float, N x Q.
        weights: float, N, adding up to N: by how much each image counts, if not all alike.
    """
    count, questions = members.shape
    total, losses, misplaced, unseen = 0.0, np.zeros(count), np.zeros(count), np.zeros(count)
    weigh = np.ones(count) if weights is None else weights
    for positive, column in zip(members.T, scores.T, strict=True):
        placed = placements(positive, column, weights)
        area = np.average(placed[positive], weights=weigh[positive])
        of_kind = np.where(positive, positive.sum(), (~positive).sum())
        share = (
            count / questions / np.where(positive, weigh[positive].sum(), weigh[~positive].sum())
        )
        total += area
        losses += share * (area - placed)
        misplaced += share * (1 - placed)
        unseen += share * np.maximum(0, area - np.maximum(0.5, 1 - UNSEEN / of_kind))
    return MacroAUC(float(total / questions), losses, misplaced, unseen)
