"""Figures of one test set: labels and scores in.

    balanced_error      1 - mean recall of the classes; multi-label: mean of the labels' balanced errors
    accuracy            fraction of right answers; multi-label: of all labels of all images
    auc                 area under the ROC curve, mean over classes (one against the rest) or labels
    worst_class_recall  the smallest recall of a class; multi-label: of any label's yes or no
    ece                 expected calibration error, 15 bins of equal width on the confidence of the
                        predicted label (Guo et al. 2017); multi-label: mean over labels
    nll                 mean negative log-likelihood, natural logarithm; multi-label: mean over labels
    brier               mean squared error of the probabilities, added up over the classes (0-2), for
                        two classes or several labels that of "yes" (0-1)
    kappa               Cohen's kappa with quadratic weights, for ordinal data

The predicted label is the class of the largest score; for two classes and for each of several labels
"yes" where the score is above the threshold. All but ece and worst_class_recall have intervals from
resamples. These two are biased in every resample (a maximum of noise), so an interval would mislead.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medmnist_c.builder.dataset_info import MedMNISTInfo
from medmnist_c.evaluation.metrics.auc import macro_auc
from medmnist_c.evaluation.metrics.calibration import calibration_error
from medmnist_c.evaluation.metrics.names import METRICS, PRIMARY
from medmnist_c.evaluation.metrics.subset import image_weights
from medmnist_c.evaluation.metrics.uncertainty.intervals import (
    auc_draws,
    balanced,
    error_draws,
    loss_draws,
)
from medmnist_c.evaluation.metrics.uncertainty.resampled import Figures, Resampled, missing
from medmnist_c.evaluation.metrics.uncertainty.resampling import Resamples, shared_resamples

_SMALLEST = np.finfo(np.float64).eps  # a probability of 0 has no logarithm


@dataclass(frozen=True)
class Classified:
    """Labels, scores and predicted labels of a test set, in one form for all tasks.

    A multi-class problem is one question with C answers, a multi-label one L questions with two.

    labels: whole numbers, N x 1, or N x L of 0 and 1.
    scores: probabilities, float64, N x C, or N x L of "yes".
    predicted: as `labels`, what the model says.
    groups: what each image belongs to (a patient, a volume), N; None if each stands for itself.
    class_counts: images of each class in the whole, where these are a part of it (subset.py); else None.
    """

    info: MedMNISTInfo
    labels: np.ndarray
    scores: np.ndarray
    predicted: np.ndarray
    groups: np.ndarray | None = None
    class_counts: np.ndarray | None = None

    @property
    def correct(self) -> np.ndarray:
        return self.predicted == self.labels

    @property
    def wrong(self) -> np.ndarray:
        """Where the model errs: bool, N, or N x L with several labels."""
        return ~self.correct if self.info.multi_label else ~self.correct[:, 0]

    @property
    def confidences(self) -> np.ndarray:
        """Probability of the predicted label, N x 1 or N x L."""
        if self.info.multi_label:
            return np.where(self.predicted == 1, self.scores, 1 - self.scores)
        return np.take_along_axis(self.scores, self.predicted, axis=1)

    @property
    def weights(self) -> np.ndarray | None:
        """By how much each image of a part counts, N, adding up to N: each class weighs as much as in
        the whole. None where all count alike."""
        if self.class_counts is None:
            return None
        return image_weights(self.labels, self.class_counts)

    def mean(self, values: np.ndarray) -> float:
        """Of N values over the images."""
        weights = self.weights
        return float(values.mean() if weights is None else (weights * values).mean())


Threshold = float | Sequence[float]  # of the score of "yes"; one for all labels, or one for each


def classify(
    info: MedMNISTInfo,
    labels: np.ndarray,
    scores: np.ndarray,
    threshold: Threshold,
    *,
    groups: np.ndarray | None = None,
    class_counts: np.ndarray | None = None,
) -> Classified:
    """The predicted labels: by `threshold`, or the largest score; `groups` and `class_counts` are as
    `Classified` has them."""
    if info.multi_label:
        predicted = (scores > np.asarray(threshold)).astype(np.int64)
    elif info.task == "binary-class":
        predicted = (scores[:, -1:] > threshold).astype(np.int64)
    else:
        predicted = scores.argmax(axis=1)[:, None]
    return Classified(info, labels.astype(np.int64), scores, predicted, groups, class_counts)


def balanced_error(test_set: Classified, *, corrupted: bool = True, model: int = 0) -> Resampled:
    """The primary figure alone; `corrupted` and `model` are as for `measure`."""
    resamples = _resamples(test_set)
    draws = error_draws(resamples, test_set.wrong, corrupted=corrupted, model=model)
    return _balanced_error(test_set, resamples, draws[PRIMARY])


def error_parts(test_set: Classified) -> np.ndarray:
    """What each image adds to the balanced error, float64, N."""
    parts = _resamples(test_set).error_parts(test_set.wrong)
    return balanced(parts, multi_label=test_set.info.multi_label)


@dataclass(frozen=True)
class Area:
    """The AUC of a test set.

    losses, misplaced: of each image, as `MacroAUC` has them, times its weight, float64, N; None where
        there is no AUC.
    """

    figure: Resampled
    losses: np.ndarray | None
    misplaced: np.ndarray | None


def area(test_set: Classified, *, corrupted: bool = True, model: int = 0) -> Area:
    """The AUC alone; `corrupted` and `model` are as for `measure`."""
    return _area(test_set, _resamples(test_set), corrupted, model)


def measure(test_set: Classified, *, corrupted: bool = True, model: int = 0) -> Figures:
    """All figures of a test set, by the names of `METRICS`; kappa for ordinal data only.

    Args:
        test_set: with its predicted labels.
        corrupted: whether it is a corrupted one.
        model: position of the model among those that are compared.
    """
    resamples = _resamples(test_set)
    draws = error_draws(resamples, test_set.wrong, corrupted=corrupted, model=model)
    error = _balanced_error(test_set, resamples, draws[PRIMARY])
    found = {
        PRIMARY: error,
        "accuracy": Resampled(test_set.mean(test_set.correct.mean(axis=1)), draws["accuracy"]),
        "auc": _area(test_set, resamples, corrupted, model).figure,
        "worst_class_recall": Resampled(
            float(np.nanmin(resamples.recalls(test_set.wrong))), note=error.note
        ),
        "ece": Resampled(_ece(test_set)),
    }
    for name, (losses, floor) in _losses(test_set).items():
        drawn = loss_draws(resamples, losses, floor, corrupted=corrupted, model=model)
        found[name] = Resampled(test_set.mean(losses), drawn)
    if test_set.info.task.startswith("ordinal"):
        found["kappa"] = _kappa(test_set, resamples)
    return {name: found[name] for name in METRICS if name in found}


def calibration_figures(test_set: Classified) -> Figures:
    """ece, nll and brier, without intervals."""
    losses = {
        name: Resampled(test_set.mean(losses)) for name, (losses, _) in _losses(test_set).items()
    }
    return {"ece": Resampled(_ece(test_set))} | losses


def _resamples(test_set: Classified) -> Resamples:
    classes = len(test_set.info.labels)
    return shared_resamples(
        test_set.labels, classes, groups=test_set.groups, class_counts=test_set.class_counts
    )


def _balanced_error(test_set: Classified, resamples: Resamples, draws: np.ndarray) -> Resampled:
    recalls = resamples.recalls(test_set.wrong)
    absent = _absent(test_set.info, resamples.counts)
    note = f"no image of {absent}: over the classes there are" if absent else None
    recall = balanced(recalls, multi_label=test_set.info.multi_label)
    return Resampled(float(1 - recall), draws, note)


def _area(test_set: Classified, resamples: Resamples, corrupted: bool, model: int) -> Area:
    if absent := _absent(test_set.info, resamples.counts):
        return Area(missing(f"no image of {absent}"), None, None)
    members, scores = resamples.members[:, : test_set.scores.shape[1]], test_set.scores
    if members.shape[1] == 2 and not test_set.info.multi_label:  # one question
        members, scores = members[:, 1:], scores[:, 1:]
    weights = test_set.weights
    found = macro_auc(members, scores, weights)
    draws = auc_draws(resamples, found, corrupted=corrupted, model=model)
    weigh = 1.0 if weights is None else weights
    figure = Resampled(found.value, draws)
    return Area(figure, weigh * found.losses, weigh * found.misplaced)


def _losses(test_set: Classified) -> dict[str, tuple[np.ndarray, float]]:
    """Per image, N, and the least of an image whose true class has a probability of 1/4."""
    labels, scores = test_set.labels, test_set.scores
    if test_set.info.multi_label:
        of_truth = np.where(labels == 1, scores, 1 - scores)
        squares = (scores - labels) ** 2
    else:
        of_truth = np.take_along_axis(scores, labels, axis=1)
        squares = (scores - (labels == np.arange(scores.shape[1]))) ** 2
        if scores.shape[1] == 2:
            squares = squares[:, 1:]
    nll = -np.log(np.clip(of_truth, _SMALLEST, None))
    added_up = scores.shape[1] > 2 and not test_set.info.multi_label
    brier = squares.sum(axis=1) if added_up else squares.mean(axis=1)
    count = labels.shape[1]
    return {
        "nll": (nll.mean(axis=1), np.log(4) / count),
        "brier": (brier, (0.75**2 + 0.75**2 * added_up) / count),
    }


def _kappa(test_set: Classified, resamples: Resamples) -> Resampled:
    """Quadratic kappa from counts of (label, predicted label)."""
    classes = len(test_set.info.labels)
    pairs = test_set.labels * classes + test_set.predicted == np.arange(classes**2)
    apart = (np.arange(classes)[:, None] - np.arange(classes)) ** 2

    def kappa(counts: np.ndarray) -> np.ndarray:
        observed = counts.reshape(*counts.shape[:-1], classes, classes)
        total = observed.sum(axis=(-2, -1), keepdims=True)
        rows, columns = (observed.sum(axis=axis, keepdims=True) for axis in (-1, -2))
        expected = (apart * rows * columns / total).sum(axis=(-2, -1))
        with np.errstate(invalid="ignore", divide="ignore"):
            return 1 - (apart * observed).sum(axis=(-2, -1)) / expected

    weights = test_set.weights
    counts = pairs.sum(axis=0, dtype=np.float64) if weights is None else weights @ pairs
    value = float(kappa(counts))
    if not np.isfinite(value):
        return missing("one class only in labels and predicted labels")
    return Resampled(value, kappa(resamples.sums(pairs)))


def _absent(info: MedMNISTInfo, members: np.ndarray) -> str:
    """The classes without an image, in words; empty if there is none."""
    names = list(info.labels)
    if info.multi_label:
        names = [f"{name}: {answer}" for answer in ("yes", "no") for name in info.labels]
    absent = [name for name, count in zip(names, members, strict=True) if count == 0]
    if len(absent) > 3:
        absent = [*absent[:3], f"{len(absent) - 3} more"]
    return ", ".join(absent)


def _ece(test_set: Classified) -> float:
    columns = zip(test_set.confidences.T, test_set.correct.T, strict=True)
    return float(np.mean([calibration_error(*one, weights=test_set.weights) for one in columns]))
