"""More figures of one test set, without intervals from resamples.

    macro_f1        mean over classes (or labels) of F1
    recall_K        recall of class K (of label K's "yes"), with Jeffreys' interval
    adaptive_ece    calibration error, bins of equal numbers of answers
    aurc, augrc     areas under the risk-coverage curves (selective.py)
    risk_at_80      error rate of the 80 % most confident answers
    failure_auroc   whether right answers are more confident than wrong ones
    ood_auroc       corrupted images told from clean ones by lower confidence
    tempered_*      ece, nll and brier at the temperature that validation images chose

With several labels an image, each label is a question of its own, and the mean over labels is taken; an
image's confidence is the mean over its labels.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from medmnist_c.evaluation.metrics.calibration import (
    adaptive_calibration_error,
    scaled,
)
from medmnist_c.evaluation.metrics.classwise import macro_f1, recalls
from medmnist_c.evaluation.metrics.names import recall_of
from medmnist_c.evaluation.metrics.selective import (
    augrc,
    aurc,
    detection_auroc,
    failure_auroc,
    risk_at_coverage,
)
from medmnist_c.evaluation.metrics.test_set import Classified, calibration_figures
from medmnist_c.evaluation.metrics.uncertainty.resampled import Figures, Resampled, missing


def further(test_set: Classified) -> Figures:
    """All but those that need clean images or a temperature."""
    labels, predicted, classes = test_set.labels, test_set.predicted, len(test_set.info.labels)
    found = _of_the_mix(test_set)
    for number, one in enumerate(recalls(labels, predicted, classes)):
        if one.value is None or one.low is None or one.high is None:
            found[recall_of(number)] = missing(f"no image of {test_set.info.labels[number]}")
        else:
            limits = None if test_set.groups is not None else (one.low, one.high)
            found[recall_of(number)] = Resampled(one.value, limits=limits)
    return found


def _of_the_mix(test_set: Classified) -> Figures:
    """Figures of all classes together. A part that has other shares of them says nothing of these."""
    if test_set.class_counts is not None:
        return {}
    labels, predicted, classes = test_set.labels, test_set.predicted, len(test_set.info.labels)
    return {
        "macro_f1": Resampled(macro_f1(labels, predicted, classes)),
        "adaptive_ece": _mean(test_set, lambda c, w: adaptive_calibration_error(c, ~w)),
        "aurc": _mean(test_set, aurc),
        "augrc": _mean(test_set, augrc),
        "risk_at_80": _mean(test_set, risk_at_coverage),
        "failure_auroc": _mean(test_set, failure_auroc),
    }


def _mean(
    test_set: Classified, figure: Callable[[np.ndarray, np.ndarray], float | None]
) -> Resampled:
    """Of a figure of confidences and errors, over the labels."""
    if len(test_set.labels) < 2:
        return missing("one image")
    columns = zip(test_set.confidences.T, ~test_set.correct.T, strict=True)
    values = [figure(*one) for one in columns]
    known = [one for one in values if one is not None]
    if len(known) < len(values):
        return missing("all answers are right, or all are wrong")
    return Resampled(float(np.mean(known)))


def image_confidences(test_set: Classified) -> np.ndarray:
    """Of each image, float64, N."""
    return test_set.confidences.mean(axis=1)


def out_of_distribution(clean: np.ndarray, corrupted: np.ndarray) -> Figures:
    """Corrupted against clean images.

    Args:
        clean, corrupted: `image_confidences`.
    """
    return {"ood_auroc": Resampled(detection_auroc(clean, corrupted))}


def tempered(test_set: Classified, temperature: float) -> Figures:
    """Calibration at a temperature; the predicted labels stay."""
    info = test_set.info
    scores = scaled(test_set.scores, temperature, multi_label=info.multi_label)
    again = replace(test_set, scores=scores)
    return {f"tempered_{name}": one for name, one in calibration_figures(again).items()}
