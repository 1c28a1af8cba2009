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
    "macro_f1": (0, 1),
    "adaptive_ece": (0, 1),
    "aurc": (0, 1),
    "augrc": (0, 1),
    "risk_at_80": (0, 1),
    "failure_auroc": (0, 1),
    "ood_auroc": (0, 1),
    "tempered_ece": (0, 1),
    "tempered_nll": (0, math.inf),
    "tempered_brier": (0, 2),
}
FURTHER = tuple(METRICS)[tuple(METRICS).index("macro_f1") :]
_RECALL = "recall_"


def recall_of(number: int) -> str:
    """The metric that is the recall of a class, or of a label's "yes", by its number."""
    return f"{_RECALL}{number}"


def metric_range(name: str) -> tuple[float, float] | None:
    """The least and the largest value; None if there is no such metric."""
    if name.removeprefix(_RECALL).isdecimal() and name.startswith(_RECALL):
        return 0, 1
    return METRICS.get(name)
