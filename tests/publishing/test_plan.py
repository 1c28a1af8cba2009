"""The parts of publishing that need no Hub: manifest, snapshot, plan, rate limiter, work folder."""

import json
from pathlib import Path

import pytest

from medmnist_c.builder.cards import filled_card
from medmnist_c.builder.configs import all_configs, config_named
from medmnist_c.builder.parquet.scheduling import Made
from medmnist_c.builder.parquet.shards import Shard
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.stored import StoredTestSet
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.publishing import manifest as manifests
from medmnist_c.publishing.card import repository_card
from medmnist_c.publishing.client import RateLimiter
from medmnist_c.publishing.manifest import Manifest, entry_of, shard_path
from medmnist_c.publishing.plan import plan
from medmnist_c.publishing.snapshot import HubFile, Snapshot, git_blob
from medmnist_c.publishing.work_folder import work_folder

ONE = StoredTestSet(config_named("bloodmnist_bubble_3"))


def spec(seed: int | None = None) -> TestSetSpec:
    return TestSetSpec(ONE.config, ImageSource(seed, sample=True))


def shards(count: int) -> list[Shard]:
    names = [f"test-{n:05d}-of-{count:05d}.parquet" for n in range(count)]
    return [Shard(name, 3, 100 + n, f"{n:064x}") for n, name in enumerate(names)]


def state(count: int = 2) -> Snapshot:
    """A repository with `count` shards of one test set."""
    entry = entry_of(Made(spec(), spec().identity(), shards(count)))
    files = {shard_path(ONE, one): HubFile(one.bytes, one.sha256) for one in entry.shards}
    return Snapshot("0" * 40, files, Manifest().with_test_sets({ONE.name: entry}))


def test_a_manifest_survives_being_written_a_line_a_test_set():
    manifest = state().manifest.with_preview({"path": "preview.jpg"})
    content = manifests.to_bytes(manifest)
    assert manifests.from_bytes(content) == manifest
    assert manifests.to_bytes(manifests.from_bytes(content)) == content
    assert [line for line in content.splitlines() if line.startswith(b'"bloodmnist')]
    (versions,) = json.loads(content)["makers"].values()
    assert {"medmnist_c", "images", "source", "numpy", "pyarrow"} <= set(versions)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"makers": {}, "test_sets": {"a": {}}}'])
def test_what_is_no_manifest_is_said_to_be_none(content):
    with pytest.raises(ValueError):
        manifests.from_bytes(content)


def without(path_end: str, there: Snapshot) -> Snapshot:
    files = {path: file for path, file in there.files.items() if not path.endswith(path_end)}
    return Snapshot(there.head, files, there.manifest)


def changed(there: Snapshot) -> Snapshot:
    path = next(iter(there.files))
    files = {**there.files, path: HubFile(there.files[path].size, "f" * 64)}
    return Snapshot(there.head, files, there.manifest)


@pytest.mark.parametrize(
    "there, seed, kept",
    [
        (state(), None, True),
        (state(), 1, False),  # other images
        (without("00001-of-00002.parquet", state()), None, False),
        (changed(state()), None, False),
        (Snapshot("0" * 40, state().files), None, False),  # no manifest
        (Snapshot("0" * 40), None, False),
    ],
)
def test_only_what_is_whole_and_the_same_is_kept(there, seed, kept):
    found = plan([spec(seed)], there)
    assert (len(found.keep), len(found.make)) == ((1, 0) if kept else (0, 1))


def test_files_that_a_reader_would_take_for_its_own_are_stale():
    there = state()
    others = (
        f"{ONE.folder}/test-00000-of-00009.parquet",
        f"{ONE.folder}/notes.md",
        "test-1.parquet",
    )
    files = {**there.files, **{path: HubFile(1, "0" * 64) for path in others}}
    entry = there.manifest.test_sets[ONE.name]
    assert Snapshot("", files, there.manifest).stale_files(ONE, entry) == [others[0]]


def test_a_small_file_is_known_by_the_name_git_gives_it():
    # As `echo hello | git hash-object --stdin` says.
    assert git_blob(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert HubFile(6, None, git_blob(b"hello\n")).has(b"hello\n")
    assert not HubFile(6, None, git_blob(b"hello\n")).has(b"hallo\n")


def test_the_card_of_all_667_is_small_enough_and_names_each():
    everything = list(all_configs().values())
    entry = state().manifest.test_sets[ONE.name]
    files, entries = {}, {}
    for one in everything:
        entries[one.name] = entry
        files |= {shard_path(one, s): HubFile(s.bytes, s.sha256) for s in entry.shards}
    there = Snapshot("", files, Manifest().with_test_sets(entries))
    assert len(there.published()) == 667
    card = repository_card("tester/medmnist_c", there)
    assert card.count("config_name:") == 667 and card.count("default: true") == 1
    assert len(card.encode()) < 150_000
    assert "- cc-by-nc-4.0" in card and "multi-label-image-classification" in card


def test_an_empty_repository_has_a_card_too():
    assert filled_card({}, "tester/empty").data["configs"] == []
    assert "0 test sets" in repository_card("tester/empty", Snapshot(""))


def test_a_commit_waits_until_the_window_has_room():
    limiter = RateLimiter(most=2, window_s=100, clock=lambda: 1000.0)
    assert limiter.wait_s() == 0
    limiter.know([990, 850, 950])
    assert limiter.wait_s() == 50
    limiter.know([990])
    assert limiter.wait_s() == 0
    limiter.add()
    assert limiter.wait_s() == 90


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
