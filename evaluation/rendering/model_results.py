"""A report's headline figures in the repository of a model, where the Hub's leaderboards find them."""

import tempfile
from pathlib import Path

import yaml
from huggingface_hub import (
    CommitOperationAdd,
    EvalResultEntry,
    HfApi,
    ModelCard,
    ModelCardData,
    eval_result_entries_to_yaml,
    parse_eval_result_entries,
)
from huggingface_hub.errors import EntryNotFoundError
from huggingface_hub.utils import yaml_dump

from medmnist_c.builder.headline import METRIC
from medmnist_c.builder.retry import CLIENT_ERRORS, failure_of
from medmnist_c.evaluation.errors import ReportError
from medmnist_c.evaluation.rendering.model_card import evaluation_results
from medmnist_c.evaluation.report.headline import Headline, headlines
from medmnist_c.evaluation.report.model import Report

PATH = ".eval_results/medmnist_c.yaml"
_CARD = "README.md"


def result_entries(report: Report, dataset_repo: str) -> list[EvalResultEntry]:
    """An entry for each headline figure of the report.

    Args:
        report: of the model.
        dataset_repo: the benchmark's repository, "USER/NAME", whose `eval.yaml` has these tasks.
    """
    return [
        EvalResultEntry(
            dataset_id=dataset_repo,
            task_id=one.task,
            value=round(one.value, 4),
            notes=_notes(one, report),
        )
        for one in headlines(report)
    ]


def push_to_model(report: Report, repo: str, *, dataset_repo: str, token: str | None = None) -> str:
    """Write a report's headline figures into a model's repository, and all figures into its card.

    The former as the Hub's evaluation results, in `.eval_results/`, the latter as its `model-index`; in
    one commit, and as a pull request if the repository is somebody else's. Results of other datasets
    stay.

    Args:
        report: of the model.
        repo: the model's repository, "USER/NAME".
        dataset_repo: the benchmark's, "USER/NAME".
        token: by default the Hub's own places.

    Returns:
        The address of the commit, or of the pull request.

    Raises:
        ReportError: no dataset was evaluated whole, a name is none, the Hub refuses, or cannot be
            reached.
    """
    entries = result_entries(report, dataset_repo)
    if not entries:
        raise ReportError(
            f"The report on {report.name} has no headline figure: evaluate at least one dataset whole, "
            "with all its test sets and images."
        )
    if dataset_repo.count("/") != 1:
        raise ReportError(
            f"{dataset_repo!r} is no repository on the Hub; give that of the test sets as "
            "--dataset-repo USER/NAME."
        )
    api = HfApi(token=token)
    try:
        contents = {
            PATH: _with_those_there(_text(api, repo, PATH), entries),
            _CARD: _card(_text(api, repo, _CARD), report, dataset_repo),
        }
        commit = api.create_commit(
            repo,
            [CommitOperationAdd(path, text.encode()) for path, text in contents.items()],
            commit_message="Results on MedMNIST-C",
            create_pr=not _is_own(api, repo),
        )
    except (*CLIENT_ERRORS, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ReportError(
            f"Cannot write the results into {repo} ({failure_of(error).reason})."
        ) from error
    return commit.pr_url or commit.commit_url


def _notes(one: Headline, report: Report) -> str:
    interval = "" if one.low is None else f", 95 % interval {one.low:.2f} to {one.high:.2f}"
    made = report.provenance
    return (
        f"{METRIC}{interval}; medmnist_c {made.medmnist_c}, images of version "
        f"{made.images_version or 'unknown'}"
    )


def _text(api: HfApi, repo: str, path: str) -> str:
    """A file of the repository; "" if it is not there."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            return Path(api.hf_hub_download(repo, path, local_dir=folder)).read_text("utf-8")
        except EntryNotFoundError:
            return ""


def _with_those_there(present: str, entries: list[EvalResultEntry]) -> str:
    ours = {(one.dataset_id, one.task_id) for one in entries}
    others = [
        one
        for one in parse_eval_result_entries(yaml.safe_load(present) or [])
        if (one.dataset_id, one.task_id) not in ours
    ]
    return yaml_dump(eval_result_entries_to_yaml([*others, *entries]), sort_keys=False)


def _card(present: str, report: Report, dataset_repo: str) -> str:
    card = ModelCard(present or "---\n---\n")
    assert isinstance(card.data, ModelCardData)
    new = evaluation_results(report, dataset_repo)
    known = {one.unique_identifier for one in new}
    others = [one for one in card.data.eval_results or [] if one.unique_identifier not in known]
    card.data.eval_results = [*others, *new]
    card.data.model_name = card.data.model_name or report.name
    return str(card)


def _is_own(api: HfApi, repo: str) -> bool:
    account = api.whoami()
    return repo.partition("/")[0] in {account["name"], *(org["name"] for org in account["orgs"])}
