"""`build`: a folder that opens without our code, the same bytes whatever happens on the way."""

import hashlib
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

from medmnist_c.builder.configs import select
from medmnist_c.builder.errors import BuildError
from medmnist_c.builder.parquet.build import MANIFEST, build

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
