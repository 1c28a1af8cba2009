"""Results in a model's card on the Hub, as the evaluation results that it shows."""

from typing import Any

from huggingface_hub import EvalResult, metadata_update
from huggingface_hub.repocard_data import eval_results_to_model_index

from medmnist_c.builder.retry import CLIENT_ERRORS, failure_of
from medmnist_c.evaluation.errors import ReportError
from medmnist_c.evaluation.report.model import Report

_METRICS = {"balanced_error": "Balanced error", "accuracy": "Accuracy"}


def evaluation_results(report: Report, dataset_repo: str) -> list[EvalResult]:
    """For each dataset: clean, each corruption's mean over the severities, and BE and rBE over all."""
    results = []
    for dataset, one in report.datasets.items():
        common: dict[str, Any] = {
            "task_type": "image-classification",
            "task_name": "Image classification",
            "dataset_type": dataset_repo,
            "dataset_split": "test",
        }
        figures = [("clean", one.clean.metrics)]
        figures += [(corruption.name, corruption.means) for corruption in one.corruptions]
        for what, metrics in figures:
            for metric, name in _METRICS.items():
                found = metrics.get(metric)
                if found is not None and found.value is not None:
                    results.append(
                        EvalResult(
                            **common,
                            dataset_name=f"MedMNIST-C {dataset} ({what})",
                            dataset_config=f"{dataset}_{what}",
                            metric_type=metric,
                            metric_name=name,
                            metric_value=found.value,
                        )
                    )
        for key in ("BE", "rBE", "rBE_stable"):
            value = getattr(one.summary, key).value
            if value is not None:
                results.append(
                    EvalResult(
                        **common,
                        dataset_name=f"MedMNIST-C {dataset} (all corruptions)",
                        dataset_config=dataset,
                        metric_type=key,
                        metric_name=f"{key}, against {report.baseline.name}",
                        metric_value=value,
                    )
                )
    return results


def push_to_card(report: Report, repo: str, *, dataset_repo: str, token: str | None = None) -> str:
    """Write a report's results into the card of a model; those of other datasets stay.

    Args:
        report: of the model.
        repo: the model's repository, "USER/NAME".
        dataset_repo: the repository of the test sets, to which the card will link.
        token: by default the Hub's own places.

    Returns:
        The commit's URL.

    Raises:
        ReportError: the Hub refuses, or cannot be reached.
    """
    index = eval_results_to_model_index(report.name, evaluation_results(report, dataset_repo))
    try:
        return metadata_update(
            repo,
            {"model-index": index},
            overwrite=True,
            token=token,
            commit_message="Results on MedMNIST-C",
        )
    except CLIENT_ERRORS as error:
        raise ReportError(
            f"Cannot write the results into the card of {repo} ({failure_of(error).reason})."
        ) from error
