"""Does confidence tell right answers from wrong ones? Risk and coverage of answering selectively.

Images are answered in the order of their confidence. The risk at a coverage is the error rate of the
answered ones, the generalised risk that of all images (errors answered / N). AURC (Geifman & El-Yaniv,
NeurIPS 2017) and AUGRC (Traub et al., NeurIPS 2024) are the areas under the two curves from coverage
1/N to 1 by the trapezoid rule, divided by 1 - 1/N. Images of equal confidence are answered in no
order: each counts as their mean error.
"""

import numpy as np

from medmnist_c.evaluation.metrics.auc import auc


def _risks(confidence: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """How many errors are among the 1, 2, ... N most confident answers, float64, N."""
    confidence = np.asarray(confidence, np.float64)
    _, level = np.unique(-confidence, return_inverse=True)
    counts = np.bincount(level)
    rates = np.bincount(level, weights=np.asarray(wrong, np.float64)) / counts
    return np.repeat(rates, counts).cumsum()


def _area(heights: np.ndarray) -> float:
    return float(np.trapezoid(heights) / (len(heights) - 1))


def aurc(confidence: np.ndarray, wrong: np.ndarray) -> float:
    """Area under the risk-coverage curve, 0 to 1, smaller is better.

    Args:
        confidence: float, N, at least two.
        wrong: bool, N.
    """
    errors = _risks(confidence, wrong)
    return _area(errors / np.arange(1, len(errors) + 1))


def augrc(confidence: np.ndarray, wrong: np.ndarray) -> float:
    """Area under the generalised risk-coverage curve, 0 to (N + 1) / 2N, smaller is better.

    Args:
        confidence: float, N, at least two.
        wrong: bool, N.
    """
    errors = _risks(confidence, wrong)
    return _area(errors / len(errors))


def risk_at_coverage(confidence: np.ndarray, wrong: np.ndarray, coverage: float = 0.8) -> float:
    """Error rate of the most confident fraction of the images (rounded up to whole ones).

    Args:
        confidence: float, N.
        wrong: bool, N.
        coverage: above 0, at most 1.
    """
    errors = _risks(confidence, wrong)
    answered = int(np.ceil(round(coverage * len(errors), 9)))
    return float(errors[answered - 1] / answered)


def failure_auroc(confidence: np.ndarray, wrong: np.ndarray) -> float | None:
    """Chance that a right answer is more confident than a wrong one; None if all are of one kind."""
    wrong = np.asarray(wrong, bool)
    return None if wrong.all() or not wrong.any() else auc(~wrong, confidence)


def detection_auroc(clean: np.ndarray, corrupted: np.ndarray) -> float:
    """Corrupted images told from clean ones by lower confidence: AUROC, 0.5 is chance.

    Args:
        clean, corrupted: float, N each, the largest probability of each image.
    """
    is_clean = np.arange(len(clean) + len(corrupted)) < len(clean)
    return auc(is_clean, np.concatenate([clean, corrupted]))
