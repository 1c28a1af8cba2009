"""`build`: a folder that opens without our code, the same bytes whatever happens on the way."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from datasets import load_dataset
from support.dataset_rows import rows
from support.medmnist_files import write_medmnist_file
from support.other_encoder import one_level, rewrite

from medmnist_c.builder.configs import select
from medmnist_c.builder.errors import BuildError
from medmnist_c.builder.parquet.build import MANIFEST, build
from medmnist_c.verification import verify

pytestmark = pytest.mark.datasets

NAMES = ("octmnist_clean", "octmnist_speckle_noise_2", "chestmnist_pixelate_1")


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_folder_opens_without_our_code_even_one_called_medmnist_c(tmp_path):
    with pytest.raises(ValueError, match="choose another name"):
        build(select(NAMES), tmp_path / "medmnist_c", sample=True)
    result = build(select(NAMES), tmp_path / "built", sample=True, num_proc=1)
    folder = (tmp_path / "built").rename(tmp_path / "medmnist_c")
    assert sorted(result.made) == sorted(NAMES) and result.kept == []
    program = (
        "import sys; sys.modules['medmnist_c'] = None\n"
        "from datasets import load_dataset, get_dataset_config_names\n"
        f"print(sorted(get_dataset_config_names({str(folder)!r})))\n"
        f"for name in {NAMES!r}:\n"
        f"    ds = load_dataset({str(folder)!r}, name, split='test')\n"
        f"    st = load_dataset({str(folder)!r}, name, split='test', streaming=True)\n"
        "    assert [r['index'] for r in st] == ds['index'] == list(range(len(ds)))\n"
        "    print(name, ds.features['label'], ds[0]['image'].mode)\n"
        # A stream that has just been read may abort its program at its end: huggingface/datasets 7357.
        "sys.stdout.flush()\n"
        "import os; os._exit(0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"HF_DATASETS_CACHE": str(tmp_path / "cache")},
    )
    assert done.returncode == 0, done.stderr
    assert str(sorted(NAMES)) in done.stdout
    assert "drusen" in done.stdout and "names=['no', 'yes']" in done.stdout
    for name in NAMES:
        ours = load_dataset("medmnist_c", name, split="test", sample=True)
        theirs = load_dataset(str(folder), name, split="test", cache_dir=tmp_path / "cache")
        assert rows(theirs) == rows(ours)
        assert theirs.features["image"].mode == ours.features["image"].mode


def test_finished_test_sets_are_kept_and_others_made_again(tmp_path):
    chosen = select(NAMES)
    build(chosen, tmp_path, sample=True, num_proc=1)
    before = contents(tmp_path)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}
    again = build(chosen, tmp_path, sample=True, num_proc=1)
    assert again.made == [] and len(again.kept) == 3
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")} == times

    (shard,) = (tmp_path / "octmnist" / "octmnist_clean").glob("*.parquet")
    shard.write_bytes(shard.read_bytes()[:-1])  # cut short
    (tmp_path / "chestmnist" / "chestmnist_pixelate_1" / MANIFEST).unlink()  # interrupted
    again = build(chosen, tmp_path, sample=True, num_proc=1)
    assert sorted(again.made) == ["chestmnist_pixelate_1", "octmnist_clean"]
    assert contents(tmp_path) == before

    other = build(select(NAMES[1:2]), tmp_path, sample=True, seed=1, num_proc=1)
    assert other.made == ["octmnist_speckle_noise_2"]
    assert contents(tmp_path) != before


def test_any_number_of_processes_gives_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr("medmnist_c.builder.parquet.shards.IMAGES_A_SHARD", 2)
    build(select(NAMES), tmp_path / "one", sample=True, num_proc=1)
    build(select(NAMES[::-1]), tmp_path / "two", sample=True, num_proc=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert len(contents(tmp_path / "one")) > 9


def shard_of(folder: Path, name: str, number: int = 0) -> Path:
    return sorted(folder.glob(f"*/{name}/test-*.parquet"))[number]


def stated(folder: Path, name: str) -> dict:
    (path,) = folder.glob(f"*/{name}/{MANIFEST}")
    return json.loads(path.read_text())


def verdicts(folder: Path) -> list[str]:
    return sorted(map(str, verify(NAMES, folder=folder, sample=True, num_proc=1)))


def test_what_another_machine_encoded_otherwise_is_kept_and_equal(tmp_path, monkeypatch):
    monkeypatch.setattr("medmnist_c.builder.parquet.shards.IMAGES_A_SHARD", 2)
    build(select(NAMES), tmp_path, sample=True, num_proc=1)
    assert verdicts(tmp_path) == sorted(f"{name}: equal" for name in NAMES)
    before = {name: stated(tmp_path, name) for name in NAMES}
    for name in NAMES[:2]:
        rewrite(shard_of(tmp_path, name, 1))
    written = contents(tmp_path)
    assert build(select(NAMES), tmp_path, sample=True, num_proc=1).made == []
    after = {name: stated(tmp_path, name) for name in NAMES}
    assert after[NAMES[2]] == before[NAMES[2]]
    for name in NAMES[:2]:
        path = shard_of(tmp_path, name, 1)
        truth = {
            "bytes": path.stat().st_size,
            "sha256": contents(tmp_path)[f"{path.relative_to(tmp_path)}"],
        }
        assert after[name]["shards"][1] == before[name]["shards"][1] | truth
        assert after[name]["images_digest"] == before[name]["images_digest"]
    shards = [path for path in written if path.endswith(".parquet")]
    assert {path: contents(tmp_path)[path] for path in shards} == {p: written[p] for p in shards}
    counts = [len(before[name]["shards"]) for name in NAMES[:2]]
    assert verdicts(tmp_path) == sorted(
        [f"{NAMES[2]}: equal"]
        + [
            f"{name}: equal (the images; 1 of {count} files have other bytes)"
            for name, count in zip(NAMES[:2], counts, strict=True)
        ]
    )
    for name in NAMES:
        ours = load_dataset("medmnist_c", name, split="test", sample=True)
        theirs = load_dataset(str(tmp_path), name, split="test", cache_dir=tmp_path / "cache")
        assert rows(theirs) == rows(ours)


def test_one_level_in_one_image_is_another_test_set(tmp_path):
    build(select(NAMES), tmp_path, sample=True, num_proc=1)
    before = contents(tmp_path)
    rewrite(shard_of(tmp_path, NAMES[1]), one_level)
    found = {one.name: str(one) for one in verify(NAMES, folder=tmp_path, sample=True, num_proc=1)}
    assert found.pop(NAMES[1]) == f"{NAMES[1]}: different (1 of 1 files differ)"
    assert all(one.endswith(": equal") for one in found.values())
    assert build(select(NAMES), tmp_path, sample=True, num_proc=1).made == [NAMES[1]]
    assert contents(tmp_path) == before


def test_an_interrupted_build_goes_on_from_shards_that_another_machine_encoded(tmp_path):
    build(select(NAMES[:1]), tmp_path, sample=True, num_proc=1)
    shard, known = shard_of(tmp_path, NAMES[0]), stated(tmp_path, NAMES[0])
    shard.with_name(MANIFEST).unlink()
    marker = {"identity": known["identity"], "shard": known["shards"][0]}
    for change, made_again in ((lambda image: image, False), (one_level, True)):
        rewrite(shard, change)
        rewritten = shard.read_bytes()
        shard.with_name(f"{shard.name}.json").write_text(json.dumps(marker))
        assert build(select(NAMES[:1]), tmp_path, sample=True, num_proc=1).made == [NAMES[0]]
        assert (shard.read_bytes() != rewritten) == made_again
        assert stated(tmp_path, NAMES[0])["shards"][0]["bytes"] == shard.stat().st_size
        shard.with_name(MANIFEST).unlink()


def test_a_folder_of_a_version_that_knew_no_digests_of_images_is_kept(tmp_path):
    build(select(NAMES[:1]), tmp_path, sample=True, num_proc=1)
    shard, known = shard_of(tmp_path, NAMES[0]), stated(tmp_path, NAMES[0])
    del known["images_digest"], known["shards"][0]["images_digest"]
    shard.with_name(MANIFEST).write_text(json.dumps(known))
    assert build(select(NAMES[:1]), tmp_path, sample=True, num_proc=1).made == []
    rewrite(shard)  # nothing says what images it should have
    assert build(select(NAMES[:1]), tmp_path, sample=True, num_proc=1).made == [NAMES[0]]


def test_verify_tells_what_is_missing_or_in_the_way(tmp_path):
    build(select(NAMES[:2]), tmp_path, sample=True, num_proc=1)
    shard = shard_of(tmp_path, NAMES[1])
    shard.with_name("test-00001-of-00002.parquet").write_bytes(b"PAR1")
    assert verdicts(tmp_path) == sorted(
        [
            f"{NAMES[0]}: equal",
            f"{NAMES[1]}: different (files beside its own)",
            f"{NAMES[2]}: missing",
        ]
    )
    shard.unlink()
    found = [one for one in verdicts(tmp_path) if "differ" in one]
    assert found == [f"{NAMES[1]}: different (1 of 1 files differ)"]


def test_an_address_of_fsspec_is_looked_at_in_the_same_way(tmp_path):
    url = f"local://{tmp_path}"
    build(select(NAMES[:2]), url, sample=True, num_proc=1)
    rewrite(shard_of(tmp_path, NAMES[0]))
    rewrite(shard_of(tmp_path, NAMES[1]), one_level)
    found = [one.verdict for one in verify(NAMES[:2], folder=url, sample=True, num_proc=1)]
    assert sorted(found) == ["different", "equal"]
    assert build(select(NAMES[:2]), url, sample=True, num_proc=1).made == [NAMES[1]]


def test_killed_at_any_moment_and_run_again_it_ends_the_same(tmp_path):
    write_medmnist_file(tmp_path, "bloodmnist", 150, seed=0)
    names = ["bloodmnist_clean", "bloodmnist_saturate_2", "bloodmnist_motion_blur_1"]
    how = ["--data-dir", str(tmp_path), "--num-proc", "2"]
    command = [sys.executable, "-m", "medmnist_c.cli", "build", *names, *how, "-o"]

    def run(folder: Path, seconds: float | None = None) -> None:
        process = subprocess.Popen(
            [*command, str(folder)], cwd="/", stderr=subprocess.PIPE, start_new_session=True
        )
        try:
            process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        else:
            assert process.returncode == 0

    started = time.monotonic()
    run(tmp_path / "whole")
    duration = time.monotonic() - started
    for part in (0.5, 0.7, 0.85):
        run(tmp_path / "killed", duration * part)
    run(tmp_path / "killed")
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")
    assert sum(name.endswith(".parquet") for name in contents(tmp_path / "whole")) == len(names)


def test_a_folder_that_cannot_be_written_gets_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BuildError, match="choose another folder") as caught:
        build(select(NAMES[:1]), tmp_path / "file" / "below", sample=True, num_proc=1)
    assert "\n" not in str(caught.value)


def test_a_full_disk_gets_one_sentence_and_leaves_nothing_half_written(tmp_path):
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from medmnist_c.builder.parquet.shards import ShardRange, write_shard\n"
        "from medmnist_c.builder.configs import config_named\n"
        "from medmnist_c.builder.source.image_source import ImageSource\n"
        "from medmnist_c.builder.testset.spec import TestSetSpec\n"
        "from medmnist_c.builder.parquet.output_folder import OutputFolder\n"
        "spec = TestSetSpec(config_named('bloodmnist_clean'), ImageSource(sample=True))\n"
        f"t = spec.open({str(tmp_path)!r})\n"
        f"write_shard(t, ShardRange('shard.parquet', 0, t.count), OutputFolder({str(tmp_path)!r}))\n"
    )
    warm = program.replace("100_000", "10_000_000")
    subprocess.run([sys.executable, "-c", warm], cwd="/", check=True)
    (tmp_path / "bloodmnist" / "bloodmnist_clean" / "shard.parquet").unlink()
    done = subprocess.run(
        [sys.executable, "-c", program], cwd="/", capture_output=True, text=True, check=False
    )
    assert "make room" in done.stderr.splitlines()[-1]
    assert not list(tmp_path.rglob("*shard*"))


def test_the_card_says_that_these_are_sample_images_and_whose_licence_they_have(tmp_path):
    build("octmnist_clean", tmp_path, sample=True, num_proc=1)
    card = (tmp_path / "README.md").read_text()
    head = card.split("---\n")[1]
    assert "n<1K" in head and "cc-by-4.0" in head and "cc-by-nc-4.0" not in head
    assert "octmnist_clean` has" in card and "MedMNIST+ has 1,000" in card and "sample" in card
    build("dermamnist_clean", tmp_path, sample=True, num_proc=1)
    assert "cc-by-nc-4.0" in (tmp_path / "README.md").read_text().split("---\n")[1]
