"""Names of the metrics, with the range of each."""

import math

PRIMARY = "balanced_error"
METRICS: dict[str, tuple[float, float]] = {
    PRIMARY: (0, 1),
    "accuracy": (0, 1),
    "auc": (0, 1),
    "worst_class_recall": (0, 1),
    "ece": (0, 1),
    "nll": (0, math.inf),
    "brier": (0, 2),
    "kappa": (-1, 1),
}
