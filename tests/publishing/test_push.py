"""`push` to a stand-in for the Hub: what arrives there, and what a second publisher adds to it."""

import json
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.request import urlopen

import huggingface_hub
import pytest
import yaml
from hub.by_hand import kinds
from hub.process import Hub, running_hub
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from support.dask_cluster import running_cluster
from support.other_encoder import one_level, rewrite
from support.publishing_runs import (
    NAMES,
    aim_at,
    content,
    make_store,
    ready_made,
    restate,
    titles,
)

from medmnist_c.builder.configs import select
from medmnist_c.builder.errors import PublishError
from medmnist_c.builder.parquet import shards
from medmnist_c.builder.parquet.build import write_card
from medmnist_c.builder.parquet.output_folder import OutputFolder
from medmnist_c.builder.parquet.scheduling import make_test_sets
from medmnist_c.builder.retry import RetryPolicy
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.publishing import push as pushing
from medmnist_c.publishing import uploader as sending
from medmnist_c.publishing.hub.repository import Target
from medmnist_c.publishing.planning.dry_run import DryRun, dry_run
from medmnist_c.publishing.push import push
from medmnist_c.verification import verify

pytestmark = pytest.mark.datasets

OTHERS = ("octmnist_pixelate_1", "pneumoniamnist_clean", "chestmnist_clean")
CHOSEN = select(NAMES)
REAL_SLEEP = time.sleep


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with running_hub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    return make_store(tmp_path_factory.mktemp("made"), NAMES + OTHERS)


@pytest.fixture
def here(hub: Hub, store: Path, monkeypatch) -> Hub:
    aim_at(hub, store, monkeypatch)
    return hub


def card(hub: Hub, repo: str, revision: str = "main") -> dict:
    """The YAML of the card; under "text" the rest."""
    with urlopen(f"{hub.url}/datasets/{repo}/resolve/{revision}/README.md") as answer:
        _, head, text = answer.read().decode().split("---\n", 2)
    return yaml.safe_load(head) | {"text": text}


def config_names(hub: Hub, repo: str, revision: str = "main") -> set[str]:
    return {one["config_name"] for one in card(hub, repo, revision)["configs"]}


def foreseen(repo: str, **target) -> DryRun:
    return dry_run(
        [TestSetSpec(one, ImageSource(sample=True)) for one in CHOSEN], Target(repo, **target)
    )


def medmnist_c(
    arguments: list[str], hub: Hub, home: Path, **options
) -> subprocess.CompletedProcess:
    """The command, in a process of its own."""
    name, *rest = arguments
    program = f"from medmnist_c.commands.{name} import {name}; {name}()"
    return subprocess.run(
        [sys.executable, "-c", program, *rest],
        cwd="/",
        env=hub.environment(home, **options),
        capture_output=True,
        text=True,
        check=False,
    )


READ_BACK = """
import hashlib, sys
sys.modules["medmnist_c"] = None
import numpy as np
from datasets import get_dataset_config_names, load_dataset
names = sys.argv[1].split(",")
for source in sys.argv[2:]:
    assert sorted(get_dataset_config_names(source)) == sorted(names)
    for name in names:
        for streaming in (False, True):
            ds = load_dataset(source, name, split="test", streaming=streaming)
            rows = [(np.asarray(r["image"]).tobytes(), r["label"], r["index"]) for r in ds]
            said = repr((rows, ds.features["label"], ds.features["image"].mode))
            print(name, hashlib.sha256(said.encode()).hexdigest())
    assert len(load_dataset(source, split="test")) == 4  # the default configuration
"""


def test_what_is_published_anyone_reads_back_without_our_code(here, store, tmp_path, monkeypatch):
    built = tmp_path / "built"
    shutil.copytree(store, built, ignore=shutil.ignore_patterns(*OTHERS))
    write_card(OutputFolder.at(built))
    repos = ("tester/medmnist_c", "tester/by_xet")
    here.break_on(
        kind="preupload", number=1, how="status", status=429, headers={"Retry-After": "0"}
    )
    done = medmnist_c(["push", repos[0], *NAMES, "--sample"], here, tmp_path / "ours")
    assert done.returncode == 0, done.stderr
    assert "3 test sets made and sent" in done.stdout and done.stderr == ""
    for folder in (here.root, tmp_path / "ours"):
        for file in folder.rglob("*"):
            assert not file.is_file() or here.token.encode() not in file.read_bytes(), file
    here.forget_requests()
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", False)
    push(repos[1], CHOSEN, sample=True)
    assert "xet_token" in kinds(here) and "lfs_put" not in kinds(here)
    assert content(here, repos[0]) == content(here, repos[1])
    done = subprocess.run(
        [sys.executable, "-c", READ_BACK, ",".join(NAMES), str(built), *repos],
        cwd=tmp_path,
        env=here.environment(tmp_path / "theirs", token=None, xet=True),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 3 * 2 * len(NAMES)
    assert len(set(done.stdout.splitlines())) == len(NAMES)  # all alike, prepared and streamed
    endings = (".parquet", ".json", ".jpg", ".gitattributes")
    assert all(path.endswith(endings) for path in content(here, repos[0]))


def test_workers_of_a_cluster_make_the_same(here, store, tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    push("tester/alone", CHOSEN, sample=True)
    monkeypatch.setattr(pushing, "make_test_sets", make_test_sets)
    monkeypatch.setattr(time, "sleep", REAL_SLEEP)
    with running_cluster(tmp_path / "cluster", "one") as cluster:
        shared = tmp_path / "shared"
        push("tester/many", CHOSEN, sample=True, scheduler=cluster.address, work_dir=shared)
        assert list(cluster.cache("one").rglob("whole.json"))  # it has taken part
    assert content(here, "tester/many") == content(here, "tester/alone")
    assert not list(shared.glob("*/*/*"))


def test_again_nothing_is_made_sent_or_committed(here, monkeypatch):
    first = push("tester/again", CHOSEN, sample=True)
    assert sorted(first.made) == sorted(NAMES) and first.kept == [] and len(first.commits) == 2
    assert first.left == [] and first.over is None
    here.forget_requests()
    monkeypatch.setattr(pushing, "make_test_sets", None)
    again = push("tester/again", CHOSEN, sample=True)
    assert again.made == [] and sorted(again.kept) == sorted(NAMES) and again.commits == []
    assert {request.method for request in here.requests()} == {"GET"}
    assert kinds(here) == ["info", "revision", "tree", "resolve", "resolve"]


def test_more_are_added_and_the_card_names_all(here):
    push("tester/more", CHOSEN[:1], sample=True)
    push("tester/more", CHOSEN[1:], sample=True)
    assert config_names(here, "tester/more") == set(NAMES)
    push("tester/at_once", NAMES, sample=True)
    more, at_once = content(here, "tester/more"), content(here, "tester/at_once")
    assert more == at_once


def test_other_images_replace_the_old_ones_and_their_files(here, store, tmp_path, monkeypatch):
    push("tester/new", CHOSEN, sample=True)
    before = content(here, "tester/new")
    monkeypatch.setattr(shards, "IMAGES_A_SHARD", 2)
    cut = make_store(tmp_path / "cut", NAMES[:1])
    monkeypatch.setattr(pushing, "make_test_sets", ready_made(cut))
    monkeypatch.setattr("medmnist_c.builder.testset.spec.IMAGES_VERSION", "other")
    pushed = push("tester/new", CHOSEN[:1], sample=True, replace=True)
    assert pushed.made == list(NAMES[:1])
    after = content(here, "tester/new")
    old = "octmnist/octmnist_clean/test-00000-of-00001.parquet"
    assert set(before) - set(after) == {old}
    assert len([path for path in after if "octmnist_clean" in path]) == 2
    assert titles(here, "tester/new")[2] == "Add octmnist_clean"


def test_content_without_manifest_is_made_again_but_not_sent_again(here):
    push("tester/lost", CHOSEN, sample=True)
    before = content(here, "tester/lost")
    HfApi().create_commit(
        "tester/lost",
        [CommitOperationDelete("manifest.json"), CommitOperationDelete("README.md")],
        commit_message="oh",
        repo_type="dataset",
    )
    here.forget_requests()
    assert len(push("tester/lost", CHOSEN, sample=True).made) == 3
    assert "lfs_put" not in kinds(here)
    assert content(here, "tester/lost") == before


def test_files_in_the_way_are_deleted(here):
    push("tester/stale", CHOSEN, sample=True)
    before = content(here, "tester/stale")
    stale = "octmnist/octmnist_clean/test-00001-of-00002.parquet"
    HfApi().create_commit(
        "tester/stale",
        [CommitOperationAdd(stale, b"PAR1 not ours PAR1"), CommitOperationAdd("notes.md", b"x")],
        commit_message="stale",
        repo_type="dataset",
    )
    assert push("tester/stale", CHOSEN, sample=True).made == []
    after = content(here, "tester/stale")
    assert after.pop("notes.md") and after == before  # what is not in the way stays


def test_two_publishers_at_once_lose_nothing(here, monkeypatch):
    monkeypatch.setattr(sending, "FILES_A_COMMIT", 1)
    here.break_on(kind="commit", number=1, how="slow", seconds=0.05, times=20)
    halves = [select(NAMES), select(OTHERS)]
    patient = RetryPolicy(
        tries=50, first_s=0.0
    )  # nobody sleeps here: the loser tries until it wins
    errors = []

    def run(half) -> None:
        try:
            push("tester/both", half, sample=True, retry_policy=patient)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=[half]) for half in halves]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert 412 in {r.status for r in here.requests() if r.kind == "commit"}
    assert config_names(here, "tester/both") == {*NAMES, *OTHERS}
    assert titles(here, "tester/both").count("Update the card") <= 2
    assert len(titles(here, "tester/both")) <= 6 + 2
    puts = [request for request in here.requests() if request.kind == "lfs_put"]
    assert all(put.new_content for put in puts)


def test_the_card_is_valid_and_says_what_is_there(here):
    push("tester/card", select(NAMES + OTHERS), sample=True)
    found = card(here, "tester/card")
    first = found["configs"][0]
    assert first == {
        "config_name": "octmnist_clean",
        "default": True,
        "data_files": [{"split": "test", "path": "octmnist/octmnist_clean/test-*.parquet"}],
    }
    assert found["license"] == ["cc-by-4.0"] and found["size_categories"] == ["n<1K"]
    assert found["task_ids"] == [
        "multi-class-image-classification",
        "multi-label-image-classification",
    ]
    text = found["text"]
    assert "![An image of" in text and "(preview.jpg)" in text and "$" not in text
    assert 'load_dataset("tester/card", "octmnist_pixelate_1", split="test")' in text
    assert "| breastmnist | grey | CC BY 4.0 | 2 | 5 | 1 of 7 | 2 |" in text
    assert "sample" in text and "pyarrow" in text and "@article{disalvo" in text
    (info,) = [one for one in found["dataset_info"] if one["config_name"] == "octmnist_clean"]
    size = sum(
        f["size"] for p, f in here.repository("tester/card")["files"].items() if NAMES[0] in p
    )
    assert info["splits"] == [{"name": "test", "num_bytes": size, "num_examples": 4}]
    assert [one["name"] for one in info["features"]] == ["image", "label", "index"]
    assert content(here, "tester/card")["preview.jpg"]


def test_a_pull_request_takes_all_and_main_nothing(here):
    push("tester/pr", CHOSEN[:1], sample=True)
    pushed = push("tester/pr", CHOSEN, sample=True, create_pr=True)
    assert pushed.url.endswith("/discussions/1")
    assert config_names(here, "tester/pr") == {NAMES[0]}
    assert config_names(here, "tester/pr", "refs%2Fpr%2F1") == set(NAMES)
    for how in ({"revision": "refs/pr/1"}, {"create_pr": True}):
        again = push("tester/pr", CHOSEN, sample=True, **how)
        assert again.made == [] and again.commits == []
        assert "0 test sets would be" in str(foreseen("tester/pr", **how))


def test_a_pull_request_goes_on_while_it_is_open(here):
    push("tester/prs", CHOSEN[:1], sample=True)
    stranger = CommitOperationAdd("notes.txt", b"not of a push")
    HfApi().create_commit(
        "tester/prs", [stranger], commit_message="Notes", repo_type="dataset", create_pr=True
    )
    first = push("tester/prs", CHOSEN[:2], sample=True, create_pr=True)
    more = push("tester/prs", CHOSEN, sample=True, create_pr=True)
    assert first.url == more.url and first.url.endswith("/discussions/2")
    assert len(more.made) == len(CHOSEN) - len(CHOSEN[:2])
    HfApi().change_discussion_status("tester/prs", 2, "closed", repo_type="dataset")
    again = push("tester/prs", CHOSEN, sample=True, create_pr=True)
    assert again.url.endswith("/discussions/3") and len(again.made) == len(CHOSEN) - 1
    with pytest.raises(PublishError, match="made to main, not to 'next'"):
        push("tester/prs", CHOSEN, sample=True, create_pr=True, revision="next")


def test_a_branch_that_is_there_and_one_that_is_not(here):
    push("tester/branch", CHOSEN[:1], sample=True)
    HfApi().create_branch("tester/branch", branch="next", repo_type="dataset")
    push("tester/branch", CHOSEN, sample=True, revision="next")
    assert config_names(here, "tester/branch", "next") == set(NAMES)
    assert len(titles(here, "tester/branch")) == 1
    with pytest.raises(PublishError, match="no revision 'nest'"):
        push("tester/branch", CHOSEN, sample=True, revision="nest")


def test_private_means_private(here):
    push("tester/private", CHOSEN[:1], sample=True, private=True)
    assert HfApi().repo_info("tester/private", repo_type="dataset").private
    push("tester/public", NAMES[0], sample=True)
    with pytest.raises(PublishError, match="is public"):
        push("tester/public", CHOSEN, sample=True, private=True)


def test_a_dry_run_tells_and_does_nothing(here, monkeypatch):
    push("tester/dry", CHOSEN[:1], sample=True)
    before = here.repository("tester/dry")
    here.forget_requests()
    found = foreseen("tester/dry")
    assert (found.make, found.keep) == ([*NAMES[1:]], [NAMES[0]])
    assert (found.files, found.commits, found.images) == (2, 2, 10)
    monkeypatch.delenv("HF_TOKEN")
    assert not foreseen("tester/not_there").exists
    assert {request.method for request in here.requests()} == {"GET"}
    assert here.repository("tester/dry") == before
    assert "2 test sets would be made" in str(found) and "estimated" in str(found)


def test_a_dry_run_neither_waits_long_nor_speaks_of_what_it_never_sends(hub, store, monkeypatch):
    slept = aim_at(hub, store, monkeypatch)
    push("tester/dry_broken", CHOSEN[:1], sample=True)
    hub.break_on(kind="tree", number=1, how="status", status=503, times=99)
    with pytest.raises(PublishError, match="dry_broken: 503 Service Unavailable") as told:
        foreseen("tester/dry_broken")
    assert "Run the same command again" in str(told.value) and "sent" not in str(told.value)
    assert sum(slept) < 30


def test_verify_tells_equal_missing_and_different_apart(here):
    push("tester/verify", CHOSEN, sample=True)
    broken = "octmnist/octmnist_clean/test-00000-of-00001.parquet"
    HfApi().create_commit(
        "tester/verify",
        [CommitOperationAdd(broken, b"PAR1 not ours PAR1")],
        commit_message="break",
        repo_type="dataset",
    )
    here.forget_requests()
    wanted = select((*NAMES, OTHERS[0]))
    found = verify(wanted, repo="tester/verify", sample=True, num_proc=1)
    verdicts = {one.name: one.verdict for one in found}
    assert verdicts == {
        "breastmnist_clean": "equal",
        "breastmnist_pixelate_1": "equal",
        "octmnist_clean": "different",
        "octmnist_pixelate_1": "missing",
    }
    # Nothing is downloaded but what has another SHA-256.
    resolved = {r.path.partition("/resolve/")[2] for r in here.requests() if r.kind == "resolve"}
    small = {"manifest.json", "README.md"}
    assert {path.partition("/")[2] for path in resolved} == {*small, broken}


def replace_shard(repo: str, store: Path, folder: Path, name: str, change=None) -> str:
    """Commit a test set's file encoded by another program, and with that other images; its path."""
    path = f"{name.partition('_')[0]}/{name}/test-00000-of-00001.parquet"
    copy = folder / "rewritten.parquet"
    shutil.copy(store / path, copy)
    rewrite(copy, *([change] if change else []))
    HfApi().create_commit(
        repo, [CommitOperationAdd(path, copy)], commit_message="rewrite", repo_type="dataset"
    )
    return path


def test_files_that_another_machine_encoded_are_kept_and_equal(here, store, tmp_path):
    push("tester/encoded", CHOSEN, sample=True)
    kept, other = NAMES[1], NAMES[2]
    path = replace_shard("tester/encoded", store, tmp_path, kept)
    files = content(here, "tester/encoded")
    found = verify(CHOSEN, repo="tester/encoded", sample=True, num_proc=1)
    assert {one.name: (one.verdict, one.why) for one in found} == {
        NAMES[0]: ("equal", ""),
        kept: ("equal", "the images; 1 of 1 files have other bytes"),
        other: ("equal", ""),
    }
    assert foreseen("tester/encoded").make == []
    here.forget_requests()
    pushed = push("tester/encoded", CHOSEN, sample=True)
    assert pushed.made == [] and "lfs_put" not in kinds(here)
    after = content(here, "tester/encoded")
    assert {name for name in files if files[name] != after[name]} == {"manifest.json"}
    (shard,) = manifest_of(here, "tester/encoded")["test_sets"][kept]["shards"]
    assert shard["sha256"] == after[path]
    here.forget_requests()
    assert push("tester/encoded", CHOSEN, sample=True).commits == []
    assert not [r for r in here.requests() if r.path.endswith(".parquet")]  # stated, not read again

    replace_shard("tester/encoded", store, tmp_path, other, one_level)
    found = verify(CHOSEN, repo="tester/encoded", sample=True, num_proc=1)
    assert {one.name for one in found if not one.equal} == {other}
    assert push("tester/encoded", CHOSEN, sample=True).made == [other]
    assert content(here, "tester/encoded") == after


def test_what_is_made_anew_is_not_sent_over_files_with_the_same_images(
    here, store, tmp_path, monkeypatch
):
    """As when the images' version was raised, or the manifest was lost, and the encoder is another."""
    push("tester/anew", CHOSEN, sample=True)
    other = tmp_path / "other"
    shutil.copytree(store, other)
    for name in NAMES[:2]:
        (shard,) = other.glob(f"*/{name}/test-*.parquet")
        rewrite(shard, *([one_level] if name == NAMES[0] else []))
        restate(shard)
    monkeypatch.setattr(pushing, "make_test_sets", ready_made(other))
    monkeypatch.setattr("medmnist_c.builder.testset.spec.IMAGES_VERSION", "other")
    before = content(here, "tester/anew")
    here.forget_requests()
    assert len(push("tester/anew", CHOSEN, sample=True, replace=True).made) == 3
    after = content(here, "tester/anew")
    changed = f"octmnist/{NAMES[0]}/test-00000-of-00001.parquet"
    assert {path for path in after if after[path] != before[path]} == {"manifest.json", changed}
    assert not [r for r in here.requests() if r.kind == "resolve" and "parquet" in r.path]
    HfApi().create_commit(
        "tester/anew",
        [CommitOperationDelete("manifest.json")],
        commit_message="oh",
        repo_type="dataset",
    )
    here.forget_requests()
    assert len(push("tester/anew", CHOSEN, sample=True).made) == 3
    assert "lfs_put" not in kinds(here)  # what differed was read
    lost = content(here, "tester/anew")
    assert lost.pop("manifest.json") and lost == {p: after[p] for p in after if p in lost}


def manifest_of(hub: Hub, repo: str) -> dict:
    with urlopen(f"{hub.url}/datasets/{repo}/resolve/main/manifest.json") as answer:
        return json.loads(answer.read())
