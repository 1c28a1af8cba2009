"""`push` when things break: a fault at each request, killed at any request, refused, limited."""

import itertools
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hub.by_hand import kinds
from hub.process import Hub, running_hub
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError
from support.publishing_runs import (
    HURRY,
    NAMES,
    aim_at,
    content,
    make_store,
    ready_made,
    titles,
)

from medmnist_c.builder.configs import select
from medmnist_c.builder.errors import BuildError, PublishError
from medmnist_c.builder.retry import Failure, RetryPolicy, failure_of
from medmnist_c.publishing import push as pushing
from medmnist_c.publishing import uploader as sending
from medmnist_c.publishing.hub import client
from medmnist_c.publishing.hub.client import RateLimiter
from medmnist_c.publishing.push import push

pytestmark = pytest.mark.datasets

CHOSEN = select(NAMES[1:])
COMMITS = ["Add breastmnist_clean and 1 more", "Update the card"]
FAULTS = {
    "500": {"how": "status", "status": 500, "body": "<html>no JSON</html>"},
    "429": {"how": "status", "status": 429, "headers": {"Retry-After": "0"}},
    "dropped-before": {"how": "drop_before"},
    "dropped-after": {"how": "drop_after"},
}


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with running_hub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    return make_store(tmp_path_factory.mktemp("made"))


@pytest.fixture
def slept(hub: Hub, store: Path, monkeypatch) -> list[float]:
    return aim_at(hub, store, monkeypatch)


def pushes_with_each_request_broken(
    hub: Hub, prefix: str, fault: dict, **how
) -> Iterator[tuple[str, str, list]]:
    """A push for each request of one: into which repository, the kind that broke, all requests."""
    for number in itertools.count(1):
        repo = f"{prefix}-{number}"
        hub.forget_requests()
        hub.break_on(number=number, **fault)
        push(repo, CHOSEN, sample=True, retry_policy=HURRY, **how)
        requests = hub.requests()
        if len(requests) < number:
            break
        yield repo, requests[number - 1].kind, requests
        hub.mend()
    assert number > 20  # so many requests, and one more


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_each_request_in_turn_changes_nothing(hub, slept, fault):
    push("tester/whole", CHOSEN, sample=True)
    expected = content(hub, "tester/whole")
    for repo, broken, requests in pushes_with_each_request_broken(
        hub, f"tester/{fault}", FAULTS[fault]
    ):
        assert content(hub, repo) == expected, broken
        assert titles(hub, repo) == COMMITS, broken
        again = [
            r for r in requests if r.kind == "lfs_put" and r.status == 200 and not r.new_content
        ]
        # A client that has no answer to what it has just sent must send it once more.
        assert len(again) == (broken == "lfs_put" and fault == "dropped-after"), broken


def test_a_lost_answer_to_any_request_opens_one_pull_request(hub, slept):
    push("tester/proposed", CHOSEN, sample=True, create_pr=True)
    expected = content(hub, "tester/proposed", "refs/pr/1")
    for repo, broken, _ in pushes_with_each_request_broken(
        hub, "tester/proposed", FAULTS["dropped-after"], create_pr=True
    ):
        assert content(hub, repo, "refs/pr/1") == expected, broken
        assert titles(hub, repo, "refs/pr/1") == ["medmnist_c: " + COMMITS[0], *COMMITS[1:]], broken
        refs = HfApi().list_repo_refs(repo, repo_type="dataset", include_pull_requests=True)
        assert [one.ref for one in refs.pull_requests] == ["refs/pr/1"], broken


def test_a_hub_that_stays_broken_ends_a_push_and_a_second_run_goes_on(hub, slept):
    hub.break_on(kind="commit", number=1, how="status", status=503, times=HURRY.tries)
    with pytest.raises(
        PublishError, match=r"tried 4 times.*503.*run the same command again"
    ) as error:
        push("tester/later", CHOSEN, sample=True, retry_policy=HURRY)
    assert "\n" not in str(error.value)
    assert titles(hub, "tester/later") == []
    hub.forget_requests()
    push("tester/later", CHOSEN, sample=True, retry_policy=HURRY)
    assert titles(hub, "tester/later") == COMMITS
    assert kinds(hub).count("lfs_put") == 1  # the preview; the shards are known


CHILD = """
import sys
from pathlib import Path
from support.publishing_runs import NAMES, ready_made
from medmnist_c.builder.configs import select
from medmnist_c.publishing import push as pushing, uploader as sending
pushing.make_test_sets = ready_made(Path(sys.argv[1]))
sending.FILES_A_COMMIT = 1
pushing.push(sys.argv[2], select(NAMES), sample=True)
"""


def test_killed_at_any_request_and_run_again_it_ends_the_same(
    hub, slept, store, tmp_path, monkeypatch
):
    monkeypatch.setattr(sending, "FILES_A_COMMIT", 1)
    push("tester/unkilled", select(NAMES), sample=True)
    count = len(hub.requests())
    expected = content(hub, "tester/unkilled")
    monkeypatch.undo()
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    for moment in random.Random(5).sample(range(2, count), 2):
        hub.forget_requests()
        hub.break_on(number=moment, how="slow", seconds=60)
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(store), "tester/killed"],
            cwd=tmp_path,
            env=hub.environment(tmp_path) | {"PYTHONPATH": path},
            stderr=subprocess.PIPE,
        )
        while child.poll() is None and len(hub.requests()) < moment:
            time.sleep(0.02)
        child.kill()
        child.communicate()
        assert child.returncode == -signal.SIGKILL
        hub.mend()
    aim_at(hub, store, monkeypatch)
    cache_dir = tmp_path / "huggingface" / "datasets"
    assert len(push("tester/killed", select(NAMES), sample=True, cache_dir=cache_dir).made) < 3
    assert content(hub, "tester/killed") == expected
    assert len(titles(hub, "tester/killed")) <= len(NAMES) + 1
    left = [path.name for path in (cache_dir / "medmnist_c_push").iterdir()]
    assert left in ([], [".lock"])  # nothing of the killed ones


REFUSED = [
    ("info", 401, "does not know the token"),
    ("create", 403, "right to write"),
    ("create", 404, "no such user"),
    ("preupload", 403, "--create-pr"),
    ("lfs_batch", 413, "too large"),
    ("lfs_put", 402, "storage is used up"),
    ("commit", 403, "right to write"),
    ("validate_yaml", 413, "too large"),
    ("commit", 400, "400 Bad Request"),
]


@pytest.mark.parametrize("kind, status, words", REFUSED)
def test_what_is_refused_ends_at_once_with_one_sentence(hub, slept, kind, status, words):
    said = f'{{"error": "no, {hub.token}"}}'
    hub.break_on(kind=kind, number=1, how="status", status=status, body=said, times=9)
    with pytest.raises(PublishError) as error:
        push(f"tester/refused-{kind}-{status}", CHOSEN[:1], sample=True, retry_policy=HURRY)
    assert words in str(error.value) and "\n" not in str(error.value)
    assert hub.token not in str(error.value)
    assert kinds(hub).count(kind) == 1
    assert slept == []


def test_bad_names_and_no_token_end_before_any_request(hub, slept, monkeypatch):
    for name in ("medmnist_c", "a/b/c", "tester/..", "tester/a b"):
        with pytest.raises(PublishError, match="USER/NAME"):
            push(name, CHOSEN, sample=True)
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(PublishError, match="hf auth login"):
        push("tester/none", CHOSEN, sample=True)
    assert hub.requests() == []


def test_another_ones_namespace_and_a_token_to_read(hub, slept):
    with pytest.raises(PublishError, match="right to write"):
        push("stranger/medmnist_c", CHOSEN, sample=True)
    with pytest.raises(PublishError, match="role write"):
        push("tester/reader", CHOSEN, sample=True, token=hub.read_token)


class Clock:
    """Time that passes only where a push waits; stands in for `threading.Event`, too."""

    def __init__(self) -> None:
        self.now, self.waits = time.time(), []

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return False

    def is_set(self) -> bool:
        return False

    def set(self) -> None:
        pass


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(client, "Event", lambda: clock)
    return clock


def test_the_hub_is_asked_again_when_it_says(hub, slept, clock, capsys):
    for headers in ({"Retry-After": "17"}, {"RateLimit": '"api";r=0;t=56'}):
        hub.break_on(kind="info", number=1, how="status", status=429, headers=headers)
        push("tester/limits", CHOSEN, sample=True)
    assert clock.waits == [17, 56]
    assert "429 Too Many Requests); waiting 56 s" in capsys.readouterr().err


def test_commits_are_limited_by_those_that_are_there(hub, slept, clock, monkeypatch):
    monkeypatch.setattr(sending, "FILES_A_COMMIT", 1)
    push("tester/limited", CHOSEN[:1], sample=True)  # makes 2 commits, with that of the repository
    limiter = RateLimiter(most=3, window_s=100, clock=lambda: clock.now)
    push("tester/limited", select(NAMES), sample=True, rate_limiter=limiter)
    assert len(titles(hub, "tester/limited")) == 4
    # Once or twice, as the commits before fell into one second of the server's clock or into two.
    assert sum(clock.waits) == pytest.approx(100, abs=20)


def test_a_hub_that_is_silent_is_asked_again_and_a_late_commit_is_no_second_one(
    hub, slept, monkeypatch
):
    monkeypatch.setattr(client, "_SILENCE_S", 0.3)
    hub.break_on(kind="commit", number=1, how="slow", seconds=1)
    push("tester/silent", CHOSEN, sample=True, retry_policy=HURRY)
    assert titles(hub, "tester/silent") == COMMITS
    deadline = time.monotonic() + 20
    while [r.status for r in hub.requests() if r.kind == "commit"].count(412) < 1:
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)
    assert titles(hub, "tester/silent") == COMMITS


def test_what_cannot_be_made_does_not_hold_up_the_rest(hub, slept, store, monkeypatch):
    def make_test_sets(specs, *arguments, **options):
        yield from ready_made(store)(specs[:1], *arguments, **options)
        raise BuildError("One could not be made.")

    monkeypatch.setattr(pushing, "make_test_sets", make_test_sets)
    with pytest.raises(BuildError, match="One could not"):
        push("tester/rest", CHOSEN, sample=True)
    assert titles(hub, "tester/rest") == ["Add breastmnist_clean"]
    monkeypatch.setattr(pushing, "make_test_sets", ready_made(store))
    assert push("tester/rest", CHOSEN, sample=True).made == ["breastmnist_pixelate_1"]


def test_ctrl_c_stops_cleanly_and_says_how_to_go_on(hub, tmp_path):
    hub.mend()
    hub.forget_requests()
    hub.break_on(kind="lfs_batch", number=1, how="slow", seconds=8)
    # A run of the tests that a shell put into the background has SIGINT ignored, and children too.
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from medmnist_c.commands.push import push; push()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, "tester/stopped", NAMES[0], "--sample", "--num-proc", "1"],
        cwd=tmp_path,
        env=hub.environment(tmp_path),
        stderr=subprocess.PIPE,
        text=True,
    )
    while child.poll() is None and "preupload" not in kinds(hub):
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    begun = time.monotonic()
    _, said = child.communicate(timeout=60)
    assert time.monotonic() - begun < 4  # 2 s, and 2 s for a busy machine
    assert child.returncode == 130
    assert "same command goes on" in said and "Traceback" not in said
    assert titles(hub, "tester/stopped") == []
    assert not list(tmp_path.glob("huggingface/datasets/medmnist_c_push/*/*"))


EXPIRED = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"


def test_an_upload_address_that_is_no_longer_good_is_asked_for_anew(hub, slept):
    hub.break_on(kind="lfs_put", number=1, how="status", status=403, body=EXPIRED)
    push("tester/expired", CHOSEN, sample=True, retry_policy=HURRY)
    assert titles(hub, "tester/expired") == COMMITS
    assert kinds(hub).count("lfs_batch") == 3  # of the shards twice, of the preview
    hub.forget_requests()
    hub.break_on(kind="lfs_put", number=1, how="status", status=403, body=EXPIRED, times=999)
    with pytest.raises(PublishError, match=r"Request has expired.*addresses for uploads") as told:
        push("tester/expired2", CHOSEN, sample=True, retry_policy=replace(HURRY, patience_s=9e9))
    assert "token" not in str(told.value)
    hub.mend()


def test_the_hub_s_own_reason_comes_first(hub, slept, tmp_path):
    said = "Private repository storage limit reached, please upgrade your plan"
    fault = {"how": "status", "status": 403, "body": f'{{"error": "{said}"}}'}
    for number, kind in enumerate(("preupload", "lfs_batch", "commit")):
        hub.break_on(kind=kind, number=1, **fault)
        with pytest.raises(PublishError, match=f": {said}.*403 Forbidden.*make room") as told:
            push(f"tester/quota{number}", CHOSEN, sample=True, retry_policy=HURRY)
        assert "token" not in str(told.value)
    with running_hub(tmp_path / "small", storage=1000) as small:
        failure = refusal_of(small, [("a.parquet", b"PAR1" * 1000)])
    assert failure.quota and not failure.transient and "Storage limit reached" in failure.reason


def refusal_of(hub: Hub, files: list[tuple[str, bytes]]) -> Failure:
    api = HfApi(hub.url, hub.token)
    api.create_repo("tester/small", repo_type="dataset")
    try:
        operations = [CommitOperationAdd(path, content) for path, content in files]
        api.create_commit("tester/small", operations, commit_message="x", repo_type="dataset")
    except HfHubHTTPError as error:
        return failure_of(error)
    raise AssertionError("it was taken")


def test_commit_ids_that_are_no_sha1_are_no_parents(store, tmp_path, monkeypatch):
    with running_hub(tmp_path / "long", commit_digits=64) as hub:
        aim_at(hub, store, monkeypatch)
        pushed = push("tester/long", CHOSEN, sample=True, retry_policy=HURRY)
        assert titles(hub, "tester/long") == COMMITS
        assert {len(commit) for commit in pushed.commits} == {64}
        assert push("tester/long", CHOSEN, sample=True).commits == []


@pytest.mark.parametrize(
    "error, transient",
    [
        (ValueError("Invalid parent_commit: must match [A-Fa-f0-9]{5,40}"), False),
        (ValueError("LFS batch API returned errors:\nEncountered error: `try again`"), True),
        (ValueError("LFS batch API returned errors:\nEncountered error: `storage quota`"), False),
        (ValueError("Malformed response from server"), True),
        (ConnectionResetError("reset"), True),
    ],
)
def test_what_the_client_itself_refuses_is_not_tried_again(
    hub, slept, monkeypatch, error, transient
):
    calls = []

    def create_commit(*_, **__):
        calls.append(1)
        raise error

    monkeypatch.setattr(HfApi, "create_commit", create_commit)
    with pytest.raises(PublishError) as told:
        push("tester/checks", CHOSEN, sample=True, retry_policy=HURRY)
    assert len(calls) == (HURRY.tries if transient else 1)
    assert str(error).split("\n")[0] in str(told.value)


def test_patience_outlives_an_hour_of_503(hub, slept, clock):
    hub.break_on(kind="commit", number=1, how="status", status=503, times=50)
    policy = RetryPolicy(patience_s=2 * 3600, clock=lambda: clock.now)
    push("tester/patient", CHOSEN, sample=True, retry_policy=policy)
    assert titles(hub, "tester/patient") == COMMITS
    assert 2000 < sum(clock.waits) < 3600
    hub.break_on(kind="commit", number=1, how="status", status=503, times=999)
    with pytest.raises(PublishError, match="503"):
        push("tester/patient2", CHOSEN, sample=True, retry_policy=policy)
    hub.mend()
    assert 3 * 3600 > sum(clock.waits) - 3600 > 3600
