"""The parts of publishing that need no Hub: manifest, snapshot, plan, rate limiter, work folder."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from medmnist_c.builder.card.words import filled_card
from medmnist_c.builder.configs import all_configs, config_named
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.headline import MEANING
from medmnist_c.builder.parquet.scheduling import Made
from medmnist_c.builder.parquet.shards import Shard
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.stored import StoredTestSet
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.corruptions.table import CORRUPTIONS
from medmnist_c.publishing.card.card import repository_card
from medmnist_c.publishing.hub import manifest as manifests
from medmnist_c.publishing.hub.benchmark_file import benchmark_file
from medmnist_c.publishing.hub.client import RateLimiter
from medmnist_c.publishing.hub.manifest import (
    Manifest,
    ManifestEntry,
    entry_of,
    maker_key,
    shard_path,
)
from medmnist_c.publishing.hub.snapshot import HubFile, Snapshot, git_blob
from medmnist_c.publishing.planning.plan import plan
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


def whole(names: list[str], **edited: bytes) -> Snapshot:
    """A repository of whole test sets of real images."""
    files, entries = {}, {}
    for name in names:
        one = StoredTestSet(config_named(name))
        shard = Shard(
            "test-00000-of-00001.parquet", dataset_info(one.config.dataset).test_count, 9, "f" * 64
        )
        entries[name] = ManifestEntry("1" * 16, "c", False, None, maker_key(), (shard,))
        files[shard_path(one, shard)] = HubFile(9, "f" * 64)
    texts = {path.replace("_", "."): text for path, text in edited.items()}
    return Snapshot("", files, Manifest().with_test_sets(entries), texts)


def tasks(there: Snapshot) -> list[str]:
    return [
        task["id"] for task in yaml.safe_load(benchmark_file("tester/x", there) or b"")["tasks"]
    ]


def test_a_benchmark_has_a_task_for_each_whole_dataset_and_one_over_all():
    every = list(all_configs())
    assert tasks(whole(every)) == [*CORRUPTIONS, "overall"]
    assert tasks(whole(every[:-1])) == list(CORRUPTIONS)[:-1]
    assert benchmark_file("tester/x", whole(every[:20])) is None
    mended = (
        b"evaluation_framework: ours\nname: Mine\ntasks: [{id: theirs}, {id: pathmnist, old: 1}]\n"
    )
    found = yaml.safe_load(benchmark_file("tester/x", whole(every, eval_yaml=mended)))
    assert (found["evaluation_framework"], found["name"]) == ("ours", "Mine")
    assert [task["id"] for task in found["tasks"]] == [*CORRUPTIONS, "overall", "theirs"]
    assert found["tasks"][0] == {"id": "pathmnist", "config": "pathmnist_clean", "split": "test"}
    there = whole(every)
    sample = {name: replace(one, sample=True) for name, one in there.manifest.test_sets.items()}
    of_sample = replace(there, manifest=replace(there.manifest, test_sets=sample))
    assert benchmark_file("tester/x", of_sample) is None


def test_the_card_tells_licences_corruptions_scores_and_limits():
    card = repository_card("tester/medmnist_c", whole(list(all_configs())))
    data = yaml.safe_load(card.split("---\n", 2)[1])
    assert data["language"] == ["en"] and data["source_datasets"] == ["extended|medmnist-v2"]
    assert data["annotations_creators"] == ["expert-generated", "machine-generated"]
    assert "dataset_info" not in data  # too many
    rows = [line for line in card.splitlines() if line.startswith("| dermamnist |")]
    assert len(rows) == 1 and "**CC BY-NC 4.0: NOT for commercial use**" in rows[0]
    assert "2,005 | 15 of 15 | 76" in rows[0]
    assert card.count("<details>") == card.count("</details>") == 12
    assert "| black_corner | task-specific | 1 to 5 | 1.1 | 1.05 | 1 | 0.9 | 0.95 |" in card
    assert card.count("\n| `") == 21 + 3  # corruptions and columns
    for words in (
        "arxiv.org/abs/2406.17536",
        "medmnist.com",
        "medmnistc-api",
        "zenodo.org/records",
    ):
        assert words in card
    for words in ("## How to score", MEANING, "## Intended use and limits", "images of version"):
        assert words in card
    few = repository_card("tester/medmnist_c", whole(["bloodmnist_clean", "bloodmnist_bubble_1"]))
    (clean, _) = yaml.safe_load(few.split("---\n", 2)[1])["dataset_info"]
    assert clean["splits"][0]["num_examples"] == 3421
    assert clean["features"][1]["dtype"]["class_label"]["names"]["7"] == "platelet"


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
