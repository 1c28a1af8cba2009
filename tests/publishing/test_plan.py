"""The parts of publishing that need no Hub: manifest, plan, sorted errors, pace, work folder."""

import json
from pathlib import Path

import httpx2
import pytest
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

from medmnist_c.builder.cards import filled_card
from medmnist_c.builder.configs import all_configs, config_named
from medmnist_c.builder.parquet.scheduling import Made
from medmnist_c.builder.parquet.shards import Shard
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.publishing import manifest as manifests
from medmnist_c.publishing.card import repository_card
from medmnist_c.publishing.manifest import Manifest, entry_of, shard_path
from medmnist_c.publishing.plan import RemoteFile, State, git_blob, plan, published, stale_files
from medmnist_c.publishing.rate_limiter import RateLimiter
from medmnist_c.publishing.retry import RetryPolicy, failure_of
from medmnist_c.publishing.work_folder import work_folder

ONE = config_named("bloodmnist_bubble_3")


def spec(seed: int | None = None) -> TestSetSpec:
    return TestSetSpec(ONE, ImageSource(seed, sample=True))


def shards(count: int) -> list[Shard]:
    names = [f"test-{n:05d}-of-{count:05d}.parquet" for n in range(count)]
    return [Shard(name, 3, 100 + n, f"{n:064x}") for n, name in enumerate(names)]


def state(count: int = 2) -> State:
    """A repository with `count` shards of one test set."""
    entry = entry_of(Made(spec(), spec().identity(), shards(count)))
    files = {shard_path(ONE, one): RemoteFile(one.bytes, one.sha256) for one in entry.shards}
    return State("0" * 40, files, Manifest().with_test_sets({ONE.name: entry}))


def test_a_manifest_survives_being_written_a_line_a_test_set():
    manifest = state().manifest.with_preview({"path": "preview.jpg"})
    content = manifests.to_bytes(manifest)
    assert manifests.from_bytes(content) == manifest
    assert manifests.to_bytes(manifests.from_bytes(content)) == content
    assert [line for line in content.splitlines() if line.startswith(b'"bloodmnist')]
    (versions,) = json.loads(content)["makers"].values()
    assert {"medmnist_c", "code", "numpy", "pyarrow"} <= set(versions)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"makers": {}, "test_sets": {"a": {}}}'])
def test_what_is_no_manifest_is_said_to_be_none(content):
    with pytest.raises(ValueError):
        manifests.from_bytes(content)


def without(path_end: str, there: State) -> State:
    files = {path: file for path, file in there.files.items() if not path.endswith(path_end)}
    return State(there.head, files, there.manifest)


def changed(there: State) -> State:
    path = next(iter(there.files))
    files = {**there.files, path: RemoteFile(there.files[path].size, "f" * 64)}
    return State(there.head, files, there.manifest)


@pytest.mark.parametrize(
    "there, seed, kept",
    [
        (state(), None, True),
        (state(), 1, False),  # other images
        (without("00001-of-00002.parquet", state()), None, False),
        (changed(state()), None, False),
        (State("0" * 40, state().files), None, False),  # no manifest
        (State("0" * 40), None, False),
    ],
)
def test_only_what_is_whole_and_the_same_is_kept(there, seed, kept):
    found = plan([spec(seed)], there)
    assert (len(found.keep), len(found.make)) == ((1, 0) if kept else (0, 1))


def test_files_that_a_reader_would_take_for_its_own_are_strays():
    there = state()
    others = (
        f"{ONE.folder}/test-00000-of-00009.parquet",
        f"{ONE.folder}/notes.md",
        "test-1.parquet",
    )
    files = {**there.files, **{path: RemoteFile(1, "0" * 64) for path in others}}
    entry = there.manifest.test_sets[ONE.name]
    assert stale_files(ONE, entry, State("", files, there.manifest)) == [others[0]]


def test_a_small_file_is_known_by_the_name_git_gives_it():
    # As `echo hello | git hash-object --stdin` says.
    assert git_blob(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert RemoteFile(6, None, git_blob(b"hello\n")).holds(b"hello\n")
    assert not RemoteFile(6, None, git_blob(b"hello\n")).holds(b"hallo\n")


def test_the_card_of_all_667_is_small_enough_and_names_each():
    everything = list(all_configs().values())
    entry = state().manifest.test_sets[ONE.name]
    files, entries = {}, {}
    for one in everything:
        entries[one.name] = entry
        files |= {shard_path(one, s): RemoteFile(s.bytes, s.sha256) for s in entry.shards}
    there = State("", files, Manifest().with_test_sets(entries))
    assert len(published(there)) == 667
    card = repository_card("tester/medmnist_c", there)
    assert card.count("config_name:") == 667 and card.count("default: true") == 1
    assert len(card.encode()) < 150_000
    assert "- cc-by-nc-4.0" in card and "multi-label-image-classification" in card


def test_an_empty_repository_has_a_card_too():
    assert filled_card([], "tester/empty").data["configs"] == []
    assert "0 test sets" in repository_card("tester/empty", State(""))


def answer(status: int, **headers: str) -> HfHubHTTPError:
    request = httpx2.Request("PUT", "http://hub/lfs?signature=secret")
    return HfHubHTTPError(
        "", response=httpx2.Response(status, headers=headers, request=request), server_message="no"
    )


def wrapped(error: Exception) -> Exception:
    try:
        try:
            raise error
        except Exception as cause:
            raise RuntimeError("Error while uploading") from cause
    except RuntimeError as outer:
        return outer


AGAIN = [
    (answer(429, **{"retry-after": "7"}), 7),
    (answer(429, ratelimit='"api";r=0;t=55'), 55),
    (answer(429, ratelimit='"api";r=3;t=55'), None),
    (answer(503, **{"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}), None),
    (answer(503, **{"retry-after": "999999"}), 3600),
    (answer(408), None),
    (answer(409), None),
    (answer(412), None),
    (wrapped(answer(500)), None),
    (wrapped(httpx2.ReadError("gone")), None),
    (httpx2.ConnectTimeout("slow"), None),
    (ConnectionResetError("gone"), None),
    (json.JSONDecodeError("no JSON", "<html>", 0), None),
    (ValueError("LFS batch API returned errors:\nEncountered error for file"), None),
]


@pytest.mark.parametrize("error, wait_s", AGAIN, ids=lambda one: repr(one)[:40])
def test_errors_that_pass_are_tried_again(error, wait_s):
    failure = failure_of(error)
    assert (failure.again, failure.wait_s) == (True, wait_s)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422])
def test_errors_that_stay_are_not(status):
    assert not failure_of(answer(status)).again
    assert not failure_of(wrapped(answer(status))).again


def test_what_hf_xet_says_of_a_status_is_understood():
    said = "Network error: Request error: HTTP status client error ({}), domain: http://hub/x"
    assert not failure_of(ConnectionError(said.format("403 Forbidden"))).again
    assert failure_of(ConnectionError(said.format("429 Too Many Requests"))).again
    assert not failure_of(OfflineModeIsEnabled("offline")).again


def test_words_of_an_error_are_one_line_without_signatures():
    words = failure_of(httpx2.ReadError("PUT http://s3/x?X-Sig=secret&a=b\nfailed")).words
    assert words == "ReadError: PUT http://s3/x failed"


def test_patience_doubles_up_to_its_longest():
    patience = RetryPolicy(tries=9, first_s=1, longest_s=10)
    assert [patience.wait_s(n) for n in range(1, 7)] == [1, 2, 4, 8, 10, 10]


def test_a_commit_waits_until_the_window_has_room():
    pace = RateLimiter(most=2, window_s=100, clock=lambda: 1000.0)
    assert pace.wait_s() == 0
    pace.know([990, 850, 950])
    assert pace.wait_s() == 50
    pace.know([990])
    assert pace.wait_s() == 0
    pace.add()
    assert pace.wait_s() == 90


def left(base: Path) -> list[str]:
    return [path.name for path in base.iterdir() if path.name != ".lock"]


def test_a_work_folder_goes_and_takes_those_of_the_dead_with_it(tmp_path):
    base = tmp_path / "medmnist_c_push"
    with work_folder(tmp_path) as folder:
        folder.mkdir()
        (folder / "shard").write_bytes(b"x")
        dead = base / "dead"
        dead.mkdir()
        Path(f"{base / 'dead'}.lock").touch()
        (base / "written after all").mkdir()  # by a worker that has outlived its process
        with work_folder(tmp_path) as second:
            assert folder.exists() and not dead.exists() and second != folder
            assert not (base / "written after all").exists()
    assert left(base) == []
