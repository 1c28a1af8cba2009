"""Do probabilities mean what they say? Reliability, calibration errors, temperature scaling."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_expit, log_softmax, softmax

BINS = 15
_SMALLEST = np.finfo(np.float64).eps  # a probability of 0 has no logarithm
_LARGEST_TEMPERATURE = 100.0


@dataclass(frozen=True)
class ReliabilityBin:
    """Answers of similar confidence.

    low, high: of the bin, above low and at most high.
    count: how many answers are in it.
    confidence, accuracy: their means; None in an empty bin.
    """

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None


def reliability(
    confidence: np.ndarray, right: np.ndarray, bins: int = BINS
) -> list[ReliabilityBin]:
    """Bins of equal width, as a reliability diagram shows them.

    Args:
        confidence: float, N, probability of the answer given.
        right: bool, N.
        bins: how many from 0 to 1.
    """
    bin_of = _bins_of(confidence, bins)
    counts = np.bincount(bin_of, minlength=bins)
    said = np.bincount(bin_of, weights=confidence, minlength=bins)
    was = np.bincount(bin_of, weights=right, minlength=bins)
    return [
        ReliabilityBin(
            number / bins,
            (number + 1) / bins,
            int(count),
            float(said[number] / count) if count else None,
            float(was[number] / count) if count else None,
        )
        for number, count in enumerate(counts)
    ]


def pooled_reliability(several: Sequence[Sequence[ReliabilityBin]]) -> list[ReliabilityBin]:
    """The bins of several test sets taken together.

    Args:
        several: bins of equal limits, of each.
    """
    pooled = []
    for same in zip(*several, strict=True):
        count = sum(one.count for one in same)
        said = sum(one.count * one.confidence for one in same if one.confidence is not None)
        was = sum(one.count * one.accuracy for one in same if one.accuracy is not None)
        means = (said / count, was / count) if count else (None, None)
        pooled.append(ReliabilityBin(same[0].low, same[0].high, count, *means))
    return pooled


def calibration_error(
    confidence: np.ndarray,
    right: np.ndarray,
    bins: int = BINS,
    weights: np.ndarray | None = None,
) -> float:
    """Expected calibration error, bins of equal width (Guo et al., ICML 2017).

    Args:
        confidence, right, bins: as for `reliability`.
        weights: float, N, adding up to N: by how much each answer counts, if not all alike.
    """
    gaps = np.asarray(confidence, np.float64) - right
    if weights is not None:
        gaps = weights * gaps
    sums = np.bincount(_bins_of(confidence, bins), weights=gaps, minlength=bins)
    return float(np.abs(sums).sum() / len(gaps))


def adaptive_calibration_error(
    confidence: np.ndarray, right: np.ndarray, bins: int = BINS
) -> float:
    """The same with bins of as equal numbers of answers as can be (Nixon et al., CVPR workshops 2019).

    Args:
        confidence, right, bins: as for `reliability`.
    """
    order = np.argsort(confidence, kind="stable")
    gaps = np.asarray(confidence, np.float64)[order] - np.asarray(right, np.float64)[order]
    return float(sum(abs(one.sum()) for one in np.array_split(gaps, bins)) / len(gaps))


def fit_temperature(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """The temperature of the smallest negative log-likelihood; fit it on clean validation images.

    Args:
        labels: class numbers, N x 1, or N x L of 0 and 1.
        probabilities: float, N x C, or N x L of "yes".

    Returns:
        From 0.01 to 100; above 1 the model was too sure.
    """
    logits = _logits(probabilities, labels.shape[1] > 1)

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        if labels.shape[1] > 1:
            return -log_expit(np.where(labels == 1, scaled, -scaled)).mean()
        return -np.take_along_axis(log_softmax(scaled, axis=1), labels, axis=1).mean()

    limit = np.log(_LARGEST_TEMPERATURE)
    found = minimize_scalar(loss, bounds=(-limit, limit), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


def scaled(probabilities: np.ndarray, temperature: float, *, multi_label: bool) -> np.ndarray:
    """Probabilities at another temperature, same shape; with one label an image no answer changes.

    Args:
        probabilities: float, N x C, or N x L of "yes" (`multi_label`).
        temperature: above 0.
    """
    logits = _logits(probabilities, multi_label) / temperature
    return expit(logits) if multi_label else softmax(logits, axis=1)


def _bins_of(confidence: np.ndarray, bins: int) -> np.ndarray:
    return np.clip(np.ceil(np.asarray(confidence) * bins).astype(int) - 1, 0, bins - 1)


def _logits(probabilities: np.ndarray, multi_label: bool) -> np.ndarray:
    clipped = np.clip(np.asarray(probabilities, np.float64), _SMALLEST, 1 - _SMALLEST)
    return np.log(clipped) - np.log1p(-clipped) if multi_label else np.log(clipped)
