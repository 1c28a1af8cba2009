"""Scores of torch-uncertainty on random probabilities, for tests/reference/torch_uncertainty.json.

    python tools/reference/torch_uncertainty_scores.py > tests/reference/torch_uncertainty.json

Runs where torch-uncertainty is installed, not medmnist_c. The probabilities are rounded and kept with
the scores, so that a test computes the same from the same numbers.
"""

import json
from importlib.metadata import version

import numpy as np
import torch
from torch_uncertainty.metrics import (
    AUGRC,
    AURC,
    AdaptiveCalibrationError,
    CalibrationError,
    RiskAt80Cov,
)

cases = []
for classes, images in ((2, 60), (5, 81), (8, 120)):
    rng = np.random.default_rng(classes)
    labels = rng.integers(0, classes, images)
    raw = rng.random((images, classes)) + 0.8 * np.eye(classes)[labels] * rng.random((images, 1))
    probabilities = np.round(raw / raw.sum(axis=1, keepdims=True), 7)
    given = torch.tensor(probabilities), torch.tensor(labels)
    metrics = {
        "aurc": AURC(),
        "augrc": AUGRC(),
        "risk_at_80": RiskAt80Cov(),
        "ece": CalibrationError(task="multiclass", num_classes=classes, num_bins=15),
        "adaptive_ece": AdaptiveCalibrationError(
            task="multiclass", num_classes=classes, num_bins=15
        ),
    }
    for metric in metrics.values():
        metric.update(*given)
    scores = {name: float(metric.compute()) for name, metric in metrics.items()}
    cases.append(
        {"labels": labels.tolist(), "probabilities": probabilities.tolist(), "scores": scores}
    )
print(json.dumps({"torch-uncertainty": version("torch-uncertainty"), "cases": cases}))
