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
"yes" where the score is above the threshold. All but auc, ece and worst_class_recall are functions of
sums over images and have bootstrap intervals. The latter two are biased in every resample (a maximum
of noise), so a percentile interval of them would mislead; auc would have to be sorted anew in each.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score

from medmnist_c.builder.dataset_info import MedMNISTInfo
from medmnist_c.evaluation.metrics.bootstrap import resampled_sums
from medmnist_c.evaluation.metrics.names import METRICS
from medmnist_c.evaluation.metrics.resampled import Figures, Resampled, missing

BINS = 15
_MEANS = ("accuracy", "nll", "brier")  # plain means over images
_SMALLEST = np.finfo(np.float64).eps  # a probability of 0 has no logarithm


@dataclass(frozen=True)
class Classified:
    """Labels, scores and predicted labels of a test set, in one form for all tasks.

    A multi-class problem is one question with C answers, a multi-label one L questions with two.

    labels: whole numbers, N x 1, or N x L of 0 and 1.
    scores: probabilities, float64, N x C, or N x L of "yes".
    predicted: as `labels`, what the model says.
    """

    info: MedMNISTInfo
    labels: np.ndarray
    scores: np.ndarray
    predicted: np.ndarray

    @property
    def correct(self) -> np.ndarray:
        return self.predicted == self.labels

    @property
    def confidences(self) -> np.ndarray:
        """Probability of the predicted label, N x 1 or N x L."""
        if self.info.multi_label:
            return np.where(self.predicted == 1, self.scores, 1 - self.scores)
        return np.take_along_axis(self.scores, self.predicted, axis=1)


Threshold = float | Sequence[float]  # of the score of "yes"; one for all labels, or one for each


def classify(
    info: MedMNISTInfo, labels: np.ndarray, scores: np.ndarray, threshold: Threshold
) -> Classified:
    """The predicted labels: by `threshold`, or the largest score."""
    if info.multi_label:
        predicted = (scores > np.asarray(threshold)).astype(np.int64)
    elif info.task == "binary-class":
        predicted = (scores[:, -1:] > threshold).astype(np.int64)
    else:
        predicted = scores.argmax(axis=1)[:, None]
    return Classified(info, labels.astype(np.int64), scores, predicted)


def balanced_error(test_set: Classified) -> Resampled:
    """The primary figure alone."""
    columns = _columns(test_set)
    counts = {name: columns[name] for name in ("members", "true_positives")}
    return _figures(test_set, counts)["balanced_error"]


def measure(test_set: Classified) -> Figures:
    """All figures of a test set, by the names of `METRICS`; kappa for ordinal data only."""
    columns = _columns(test_set)
    found = _figures(test_set, columns)
    members, true_positives = (columns[name].sum(axis=0) for name in ("members", "true_positives"))
    note = found["balanced_error"].note
    found["worst_class_recall"] = Resampled(
        (true_positives[members > 0] / members[members > 0]).min(), note=note
    )
    found["ece"] = Resampled(_ece(test_set))
    absent = _absent(test_set.info, members)
    found["auc"] = missing(f"no image of {absent}") if absent else Resampled(_auc(test_set))
    kappa = found.get("kappa")
    if kappa is not None and kappa.value is not None and not np.isfinite(kappa.value):
        found["kappa"] = missing("one class only in labels and predicted labels")
    return {name: found[name] for name in METRICS if name in found}


def _figures(test_set: Classified, columns: dict[str, np.ndarray]) -> Figures:
    """What follows from sums over images, with its resamples."""
    sums = {name: column.sum(axis=0, dtype=np.float64) for name, column in columns.items()}
    values = _from_sums(test_set.info, sums, len(test_set.labels))
    draws = _from_sums(test_set.info, resampled_sums(columns), len(test_set.labels))
    absent = _absent(test_set.info, sums["members"])
    note = f"no image of {absent}: over the classes there are" if absent else None
    return {
        name: Resampled(
            float(values[name]), draws[name], note if name == "balanced_error" else None
        )
        for name in values
    }


def _columns(test_set: Classified) -> dict[str, np.ndarray]:
    """Per image, what the figures need the sums of; each N x k."""
    labels, scores, correct = test_set.labels, test_set.scores, test_set.correct
    if test_set.info.multi_label:
        members = np.concatenate([labels == 1, labels == 0], axis=1)
        true_positives = members & np.tile(correct, 2)
        nll = -np.log(np.clip(np.where(labels == 1, scores, 1 - scores), _SMALLEST, None))
        brier = (scores - labels) ** 2
    else:
        members = labels == np.arange(len(test_set.info.labels))
        true_positives = members & correct
        nll = -np.log(np.clip(np.take_along_axis(scores, labels, axis=1), _SMALLEST, None))
        squares = (scores - members) ** 2
        binary = len(test_set.info.labels) == 2
        brier = squares[:, -1:] if binary else squares.sum(axis=1, keepdims=True)
    columns = {
        "members": members,
        "true_positives": true_positives,
        "accuracy": correct.mean(axis=1, keepdims=True),
        "nll": nll.mean(axis=1, keepdims=True),
        "brier": brier.mean(axis=1, keepdims=True),
    }
    if _is_ordinal(test_set.info):
        count = len(test_set.info.labels)
        columns["pairs"] = labels * count + test_set.predicted == np.arange(count * count)
    return columns


def _from_sums(info: MedMNISTInfo, sums: dict[str, np.ndarray], count: int) -> dict:
    """Figures from sums, ... x k each; of a test set as it is, or of all its resamples at once."""
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # a class that a resample does not have
        recalls = sums["true_positives"] / sums["members"]
        if info.multi_label:
            recalls = recalls.reshape(*recalls.shape[:-1], 2, -1)
            balanced = np.nanmean(recalls, axis=-2).mean(axis=-1)
        else:
            balanced = np.nanmean(recalls, axis=-1)
        figures = {"balanced_error": 1 - balanced}
        figures |= {name: sums[name][..., 0] / count for name in _MEANS if name in sums}
        if "pairs" in sums:
            figures["kappa"] = _kappa(sums["pairs"], len(info.labels))
    return figures


def _kappa(pairs: np.ndarray, classes: int) -> np.ndarray:
    """Quadratic kappa from counts of (label, predicted label), ... x classes²."""
    observed = pairs.reshape(*pairs.shape[:-1], classes, classes)
    total = observed.sum(axis=(-2, -1), keepdims=True)
    expected = observed.sum(axis=-1, keepdims=True) * observed.sum(axis=-2, keepdims=True) / total
    apart = (np.arange(classes)[:, None] - np.arange(classes)) ** 2
    return 1 - (apart * observed).sum(axis=(-2, -1)) / (apart * expected).sum(axis=(-2, -1))


def _is_ordinal(info: MedMNISTInfo) -> bool:
    return info.task.startswith("ordinal")


def _absent(info: MedMNISTInfo, members: np.ndarray) -> str:
    """The classes without an image, in words; empty if there is none."""
    names = list(info.labels)
    if info.multi_label:
        names = [f"{name}: {answer}" for answer in ("yes", "no") for name in info.labels]
    absent = [name for name, count in zip(names, members, strict=True) if count == 0]
    if len(absent) > 3:
        absent = [*absent[:3], f"{len(absent) - 3} more"]
    return ", ".join(absent)


def _auc(test_set: Classified) -> float:
    labels, scores = test_set.labels, test_set.scores
    if test_set.info.multi_label:
        return float(roc_auc_score(labels, scores, average="macro"))
    classes = range(len(test_set.info.labels)) if len(test_set.info.labels) > 2 else (1,)
    return float(np.mean([roc_auc_score(labels[:, 0] == one, scores[:, one]) for one in classes]))


def _ece(test_set: Classified) -> float:
    errors = []
    for confidence, correct in zip(test_set.confidences.T, test_set.correct.T, strict=True):
        bins = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
        gaps = np.bincount(bins, weights=confidence - correct, minlength=BINS)
        errors.append(np.abs(gaps).sum() / len(confidence))
    return float(np.mean(errors))
