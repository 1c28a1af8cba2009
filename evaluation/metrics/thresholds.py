"""Operating points: each label's threshold of best balanced accuracy, chosen on validation images.

"Yes" is a score above the threshold. Between two neighbouring scores every threshold gives the same
answers, so the candidates are the midpoints between neighbouring distinct scores, and the largest
score ("no" to every image). The one of best balanced accuracy is taken; of several equally good ones
the one in the widest gap, which is the furthest from any score, and of equally wide ones the smallest.
A label without a positive or without a negative image keeps 0.5.
"""

from dataclasses import dataclass

import numpy as np

DEFAULT = 0.5


@dataclass(frozen=True)
class OperatingPoint:
    """A label's threshold and where it is from.

    threshold: of the score of "yes", 0 to 1.
    balanced_accuracy: with it, on the images it was chosen on; None if it was not chosen.
    positives, negatives: how many images it was chosen on.
    """

    threshold: float
    balanced_accuracy: float | None
    positives: int
    negatives: int


def operating_point(positive: np.ndarray, scores: np.ndarray) -> OperatingPoint:
    """The best threshold of one label.

    Args:
        positive: bool, N, whether the label is there.
        scores: float, N, of "yes", 0 to 1.
    """
    positive = np.asarray(positive, bool)
    yes = int(positive.sum())
    no = len(positive) - yes
    if not yes or not no:
        return OperatingPoint(DEFAULT, None, yes, no)
    values, position = np.unique(np.asarray(scores, np.float64), return_inverse=True)
    of_yes = np.bincount(position[positive], minlength=len(values))
    of_no = np.bincount(position[~positive], minlength=len(values))
    # Twice yes * no times the balanced accuracy of saying "yes" above each value: whole numbers, so
    # that equally good ones are equal.
    quality = (yes - of_yes.cumsum()) * no + of_no.cumsum() * yes
    gaps = np.append(np.diff(values), 0.0)
    best = np.flatnonzero(quality == quality.max())
    chosen = best[np.argmax(gaps[best])]
    threshold = values[chosen] + gaps[chosen] / 2
    if chosen + 1 < len(values) and threshold >= values[chosen + 1]:
        threshold = values[chosen]  # neighbouring floats have no midpoint
    return OperatingPoint(float(threshold), float(quality[chosen] / (2 * yes * no)), yes, no)


def operating_points(labels: np.ndarray, scores: np.ndarray) -> list[OperatingPoint]:
    """The best threshold of each label.

    Args:
        labels: N x L of 0 and 1 (N x 1 for two classes).
        scores: float, N x L, of "yes", 0 to 1.
    """
    if labels.shape != scores.shape:
        raise ValueError(
            f"Labels are {labels.shape} and scores {scores.shape}; give N x L of both."
        )
    return [operating_point(yes == 1, own) for yes, own in zip(labels.T, scores.T, strict=True)]
