"""Heads on features: logistic regression and nearest neighbours, chosen on the validation split."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from medmnist_c.builder.dataset_info import MedMNISTInfo
from medmnist_c.builder.suggestions import nearest, shown
from medmnist_c.models.errors import ModelError, needing
from medmnist_c.models.probe.features import Features
from medmnist_c.models.probe.threads import side_by_side

Scores = Callable[[np.ndarray], np.ndarray]  # features B x D to probabilities B x classes

REGULARISATIONS = tuple(10.0**power for power in range(-5, 3))
"""C of logistic regression: the inverse of the strength of its L2 penalty."""

NEIGHBOURS = (1, 3, 5, 10, 20, 50)

_DISTANCES = 64  # MiB at a time, in each thread


@dataclass(frozen=True)
class Head:
    """A trained head.

    scores: from features, float32, B x D, to probabilities, B x classes.
    chosen: what the validation split decided, in words.
    """

    name: str
    scores: Scores
    chosen: str


def trained_head(name: str, train: Features, validation: Features, info: MedMNISTInfo) -> Head:
    """Train a head for each choice, and keep the one with the least loss on validation.

    The loss is the mean negative log-likelihood, that of a yes/no label over labels. Neighbours are
    compared by it too, their probabilities held off 0 and 1 by one image in the number of neighbours.

    Args:
        name: "linear" or "knn".
        train, validation: clean images' features and labels.
        info: of the dataset.

    Raises:
        ModelError: there is no such head, or a class of the dataset has no image to train with.
        ModuleNotFoundError: scikit-learn is not installed.
    """
    if name not in HEADS:
        raise ModelError(f"There is no head {shown(name)}{nearest(name, HEADS)}")
    _check_classes(train.labels, info)
    with needing("probe", "scikit-learn"):
        tried = HEADS[name](train, info)
    best: tuple[float, str, Scores] | None = None
    for words, scores in tried:
        loss = _loss(scores(validation.features), validation.labels, info)
        if best is None or loss < best[0]:
            best = (loss, words, scores)
    assert best is not None
    loss, words, scores = best
    return Head(
        name,
        scores,
        f"{words}, by the loss {loss:.4f} on {len(validation.labels)} validation images",
    )


def _linear(train: Features, info: MedMNISTInfo) -> list[tuple[str, Scores]]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def trained(strength: float) -> tuple[str, Scores]:
        regression = LogisticRegression(C=strength, max_iter=1000)
        if info.multi_label:
            regression = OneVsRestClassifier(regression)
        pipeline = make_pipeline(StandardScaler(), regression)
        pipeline.fit(train.features, _targets(train.labels, info))
        return f"C = {strength:g}", pipeline.predict_proba

    return side_by_side(trained, REGULARISATIONS)


def _nearest_neighbours(train: Features, info: MedMNISTInfo) -> list[tuple[str, Scores]]:
    from sklearn import config_context
    from sklearn.neighbors import NearestNeighbors

    most = min(max(NEIGHBOURS), len(train.labels))
    index = NearestNeighbors(n_neighbors=most, metric="cosine", algorithm="brute")
    index.fit(train.features)
    answers = train.labels if info.multi_label else np.eye(len(info.labels))[train.labels[:, 0]]
    # Features and their neighbours: all numbers of neighbours ask for the same ones.
    latest: list[tuple[np.ndarray, np.ndarray]] = []

    def near(features: np.ndarray) -> np.ndarray:
        for known, neighbours in latest[:]:
            if known is features:
                return neighbours
        with config_context(working_memory=_DISTANCES):
            found = index.kneighbors(features, return_distance=False)
        latest[:] = [(features, found)]
        return found

    def scores_of(count: int) -> Scores:
        def scores(features: np.ndarray) -> np.ndarray:
            even = 0.5 if info.multi_label else 1 / len(info.labels)
            return (answers[near(features)[:, :count]].sum(axis=1) + even) / (count + 1)

        return scores

    return [(f"{count} neighbours", scores_of(count)) for count in NEIGHBOURS if count <= most]


HEADS = {"linear": _linear, "knn": _nearest_neighbours}


def _targets(labels: np.ndarray, info: MedMNISTInfo) -> np.ndarray:
    return labels if info.multi_label else labels[:, 0]


def _check_classes(labels: np.ndarray, info: MedMNISTInfo) -> None:
    if info.multi_label:
        lacking = [
            name for name, column in zip(info.labels, labels.T, strict=True) if len(set(column)) < 2
        ]
    else:
        lacking = [name for number, name in enumerate(info.labels) if number not in labels[:, 0]]
    if lacking:
        raise ModelError(
            f"Of {info.name} there are no training images of {lacking[0]!r} here, so no head can be "
            "trained; use the whole training split."
        )


def _loss(probabilities: np.ndarray, labels: np.ndarray, info: MedMNISTInfo) -> float:
    likely = np.clip(probabilities, 1e-12, 1 - 1e-12)
    if info.multi_label:
        return float(-np.log(np.where(labels == 1, likely, 1 - likely)).mean())
    return float(-np.log(likely[np.arange(len(labels)), labels[:, 0]]).mean())
