"""Headline figures: what they are, and how they come into a model's repository."""

import json
import urllib.request
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from hub.process import running_hub
from huggingface_hub import (
    CommitOperationAdd,
    EvalResultEntry,
    HfApi,
    ModelCard,
    constants,
    eval_result_entries_to_yaml,
    parse_eval_result_entries,
)
from support.kept_reports import kept_report

from medmnist_c.cli import main
from medmnist_c.corruptions.table import CORRUPTIONS
from medmnist_c.evaluation.report.headline import Headline, headline_of, headlines, with_overall
from medmnist_c.evaluation.robustness_report import RobustnessReport


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A report, of retinamnist as a whole and of breastmnist but for one test set."""
    return kept_report(
        tmp_path_factory.mktemp("reports") / "a",
        "plain model",
        left_out="breastmnist_motion_blur_5",
    )


@pytest.fixture
def model_hub(tmp_path, monkeypatch):
    """A stand-in for the Hub, to which calls of this process go."""
    with running_hub(tmp_path / "hub") as hub:
        template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setenv("HF_TOKEN", hub.token)
        yield hub


def model_file(hub, repo: str, path: str, revision: str = "main") -> str:
    with urllib.request.urlopen(f"{hub.url}/{repo}/resolve/{revision}/{path}") as answer:
        return answer.read().decode()


def push_to_model(folder, out, repo: str):
    command = ["report", str(folder), "-o", str(out), "--push-to-model", repo]
    return CliRunner().invoke(main, [*command, "--dataset-repo", "someone/medmnist_c"])


def test_headline_figures_go_to_a_model_and_to_a_stranger_s_as_a_proposal(
    folder, tmp_path, model_hub
):
    report = RobustnessReport.load(folder)
    whole = [one.task for one in headlines(report)]
    assert whole == ["retinamnist"]
    api = HfApi()
    path = ".eval_results/medmnist_c.yaml"
    for repo in ("tester/own", "someone/model"):
        api.create_repo(repo)
        other = [EvalResultEntry("someone/else", "task", 3)]
        other.append(EvalResultEntry("someone/medmnist_c", whole[0], 1))
        api.create_commit(
            repo,
            [CommitOperationAdd(path, yaml.dump(eval_result_entries_to_yaml(other)).encode())],
            commit_message="others",
        )
        done = push_to_model(folder, tmp_path / "out", repo)
        assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1].endswith("/someone/model/discussions/1")
    assert "README.md" not in model_hub.repository("someone/model", repo_type="model")["files"]
    assert len(model_hub.repository("tester/own", repo_type="model")["commits"]) == 3
    for repo, revision in (("tester/own", "main"), ("someone/model", "refs%2Fpr%2F1")):
        entries = parse_eval_result_entries(
            yaml.safe_load(model_file(model_hub, repo, path, revision))
        )
        assert [(one.dataset_id, one.task_id) for one in entries] == [
            ("someone/else", "task"),
            *(("someone/medmnist_c", name) for name in whole),
        ]
        error = report.datasets[whole[0]].summary.means["balanced_error"].value
        assert entries[1].value == pytest.approx(100 * (1 - error), abs=1e-4)
        assert "95 % interval" in entries[1].notes and "images of version" in entries[1].notes
        card = ModelCard(model_file(model_hub, repo, "README.md", revision))
        assert card.data.model_name == report.name and len(card.data.eval_results) > 10


def test_what_has_no_headline_or_no_repository_is_not_pushed(folder, tmp_path, model_hub):
    plain = RobustnessReport.load(folder).to_dict()
    for one in plain["datasets"].values():
        one["summary"]["complete"] = False
    (tmp_path / "report.json").write_text(json.dumps(plain))
    done = push_to_model(tmp_path, tmp_path / "out", "tester/own")
    assert done.exit_code == 1 and "no headline figure" in done.output
    done = push_to_model(folder, tmp_path / "out", "tester/nothing")
    assert done.exit_code == 1 and "Cannot write the results into tester/nothing" in done.output


def test_over_all_twelve_the_headline_is_their_mean():
    of_all = [Headline(name, float(number)) for number, name in enumerate(CORRUPTIONS)]
    assert with_overall(of_all)[-1] == Headline("overall", 5.5)
    assert with_overall(of_all[1:]) == of_all[1:]


def test_a_headline_is_the_accuracy_that_goes_with_the_error(folder):
    report = RobustnessReport.load(folder)
    (one,) = headlines(report)
    error = report.datasets[one.task].summary.means["balanced_error"]
    assert (one.value, one.low) == (100 * (1 - error.value), 100 * (1 - error.high))
    assert 0 <= one.low <= one.value <= one.high <= 100
    assert headline_of(report.datasets["breastmnist"]) is None
