"""Balanced errors under corruption, against AlexNet's."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from medmnist_c.corruptions.table import SEVERITIES
from medmnist_c.evaluation.report.baseline import alexnet

_MULTI_LABEL, _BINARY = "multi-label, binary-class", "binary-class"


class Evaluator:
    """Errors of a model on a dataset: clean, under each corruption, and in relation to AlexNet's.

    Args:
        dataset_name: e.g. "dermamnist".
        true_labels: of the clean test set, N x 1 or N x L.
        corruption_types: names, as `CORRUPTIONS_DS[dataset_name].keys()`.
        output_folder: where `dump_summary` writes; made if it is not there.
        architecture, suffix_log: for the file's name.
        task: as medmnist's INFO has it.
    """

    def __init__(
        self,
        dataset_name: str,
        true_labels: Sequence | np.ndarray,
        corruption_types: Iterable[str],
        output_folder: str,
        architecture: str,
        task: str,
        suffix_log: str = "",
    ) -> None:
        self.dataset_name, self.task = dataset_name, task
        self.true_labels = np.asarray(true_labels)
        self.len_dataset = len(self.true_labels)
        self.corruption_types = corruption_types
        self.output_folder, self.architecture = output_folder, architecture
        self.suffix_log = suffix_log
        self.output_log: dict[str, Any] = {}
        self.initialize_evaluation()

    def initialize_evaluation(self) -> None:
        """Forget what was evaluated."""
        self.corruption_errors: dict[str, list[float]] = {one: [] for one in self.corruption_types}
        self.clean_score: float | None = None
        self.evaluation_metric = self.get_eval_metric()
        baseline = alexnet()
        self.corruption_errors_alexnet: dict[str, Any] = {
            "clean_score": baseline.clean[self.dataset_name],
            "raw_scores": {
                name: baseline.mean_error(self.dataset_name, name, SEVERITIES)
                for name in self.corruption_types
            },
        }

    def get_eval_metric(self) -> Callable[[np.ndarray, np.ndarray, Any], float]:
        """The balanced error as a function of labels, scores and a threshold."""
        return lambda labels, scores, threshold: _error(self.task, labels, scores, threshold)

    def evaluate_clean(
        self, predicted_probabilities: np.ndarray, threshold: float | Sequence[float] = 0.5
    ) -> None:
        """Take the scores of the clean test set, N x C."""
        self.clean_score = self.evaluation_metric(
            self.true_labels, np.asarray(predicted_probabilities), threshold
        )

    def evaluate(
        self,
        predicted_probabilities: np.ndarray,
        corruption_type: str,
        threshold: float | Sequence[float] = 0.5,
    ) -> None:
        """Take the scores of a corruption, 5N x C, severity by severity."""
        scores = np.asarray(predicted_probabilities)
        for severity in range(len(SEVERITIES)):
            part = scores[severity * self.len_dataset : (severity + 1) * self.len_dataset]
            self.corruption_errors[corruption_type].append(
                self.evaluation_metric(self.true_labels, part, threshold)
            )

    def populate_summary(self) -> None:
        """Fill `output_log`: BE and rBE of each corruption and their means, the errors' means."""
        if self.clean_score is None:
            raise ValueError("The clean test set comes first; call evaluate_clean.")
        clean, known = self.clean_score, self.corruption_errors_alexnet
        raw = {name: float(np.mean(errors)) for name, errors in self.corruption_errors.items()}
        theirs = known["raw_scores"]
        be = {name: error / theirs[name] for name, error in raw.items()}
        rbe = {
            name: (error - clean) / (theirs[name] - known["clean_score"])
            for name, error in raw.items()
        }
        metrics = {
            "clean_score": clean,
            "be": float(np.mean(list(be.values()))),
            "rbe": float(np.mean(list(rbe.values()))),
        }
        self.output_log = {
            "metrics": metrics,
            "be_scores": be,
            "rbe_scores": rbe,
            "raw_scores": raw,
        }

    def dump_summary(self) -> None:
        """Write `{output_folder}/{dataset}_{architecture}_{suffix}.json`."""
        self.populate_summary()
        name = f"{self.dataset_name}_{self.architecture}_{self.suffix_log}.json"
        Path(self.output_folder).mkdir(parents=True, exist_ok=True)
        path = Path(self.output_folder) / name
        path.write_text(json.dumps(self.output_log, indent=4))
        print(f"Logs stored at `{path}`")


def _error(
    task: str, labels: np.ndarray, scores: np.ndarray, threshold: float | Sequence[float]
) -> float:
    if task == _MULTI_LABEL:
        answers = scores > np.asarray(threshold)
        columns = zip(labels.T, answers.T, strict=True)
        return 1 - float(np.mean([_balanced_accuracy(*one) for one in columns]))
    answers = scores[:, -1] > threshold if task == _BINARY else scores.argmax(axis=1)
    return 1 - _balanced_accuracy(labels.reshape(len(labels)), answers)


def _balanced_accuracy(labels: np.ndarray, answers: np.ndarray) -> float:
    """The mean recall of the classes that are there."""
    return float(np.mean([np.mean(answers[labels == one] == one) for one in np.unique(labels)]))
