"""Faults on the way to a test set: never wrong images, never a hang, right when run again.

`trials/run_faults.py` tries many more, on whole commands; here are the quickest of them.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from datasets import load_dataset
from support.dataset_rows import rows
from support.medmnist_files import write_medmnist_file

from medmnist_c.builder import disk
from medmnist_c.builder.configs import select
from medmnist_c.builder.errors import CleanDataError, PreparationError
from medmnist_c.builder.hf import prepared
from medmnist_c.builder.parquet.build import build
from medmnist_c.builder.source.clean import find_clean_source, open_clean
from medmnist_c.builder.source.npz import LocalFile

pytestmark = pytest.mark.datasets

DATASET = "octmnist"
NAME = "octmnist_pixelate_2"


@pytest.fixture
def how(tmp_path) -> dict:
    """Arguments to load a small test set, from a cache of its own."""
    write_medmnist_file(tmp_path, DATASET, 6)
    return {"split": "test", "data_dir": str(tmp_path), "cache_dir": str(tmp_path / "cache")}


def flip(path: Path, place: int = -1) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def clean_copy(tmp_path: Path) -> Path:
    (folder,) = (tmp_path / "cache" / "medmnist_c_clean").glob(f"{DATASET}-*")
    return folder


@pytest.mark.parametrize("way", [{}, {"num_proc": 2}, {"streaming": True}])
def test_a_cache_damaged_on_the_disk(way, how, tmp_path):
    right = rows(load_dataset("medmnist_c", "octmnist_clean", streaming=True, **how))
    flip(clean_copy(tmp_path) / "test_images.npy")
    # Of two workers the one that does not see it may find the copy given up.
    with pytest.raises(
        (PreparationError, CleanDataError), match=r"is damaged on the disk|is no whole copy"
    ):
        rows(load_dataset("medmnist_c", "octmnist_clean", **how, **way))
    assert rows(load_dataset("medmnist_c", "octmnist_clean", **how, **way)) == right


def flip_in_the_middle(path: Path) -> None:
    flip(path, path.stat().st_size // 2)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


@pytest.mark.parametrize(
    ("name", "harm"),
    [("*.arrow", cut), ("dataset_info.json", cut), ("whole.json", Path.unlink)],
)
def test_what_datasets_has_prepared_is_made_again_when_damaged(name, harm, how, tmp_path):
    right = rows(load_dataset("medmnist_c", NAME, **how))
    (file,) = (tmp_path / "cache" / "medmnist_c").rglob(name)
    inode = file.stat().st_ino
    assert rows(load_dataset("medmnist_c", NAME, **how)) == right
    assert file.stat().st_ino == inode
    harm(file)
    with pytest.warns(UserWarning, match="is damaged; it is prepared anew"):
        assert rows(load_dataset("medmnist_c", NAME, **how)) == right
    assert rows(load_dataset("medmnist_c", NAME, **how)) == right


def test_every_byte_that_datasets_has_prepared_is_read_on_request(how, tmp_path, monkeypatch):
    right = rows(load_dataset("medmnist_c", NAME, **how))
    (file,) = (tmp_path / "cache" / "medmnist_c").rglob("*.arrow")
    read = []
    size_and_sum = prepared._size_and_sum
    monkeypatch.setattr(
        prepared, "_size_and_sum", lambda path: read.append(path.name) or size_and_sum(path)
    )
    load_dataset("medmnist_c", NAME, **how)
    assert file.name not in read
    load_dataset("medmnist_c", NAME, verification_mode="all_checks", **how)
    assert file.name in read
    flip(file)
    with pytest.warns(UserWarning, match="is damaged; it is prepared anew"):
        made = load_dataset("medmnist_c", NAME, verification_mode="all_checks", **how)
    assert rows(made) == right


def test_a_clean_file_is_looked_at_once(how, monkeypatch):
    looked = []
    look = LocalFile.__init__
    monkeypatch.setattr(
        LocalFile, "__init__", lambda self, path: looked.append(path) or look(self, path)
    )
    load_dataset("medmnist_c", NAME, **how)
    assert len(looked) == 2  # looked at, then extracted
    load_dataset("medmnist_c", NAME, **how)
    assert len(looked) == 3
    load_dataset("medmnist_c", f"{DATASET}_contrast_down_1", **how)
    assert len(looked) == 4


def test_damaged_shards_are_made_again(tmp_path):
    names = [f"{DATASET}_pixelate_{severity}" for severity in (1, 2, 3, 4)]
    build(select(names), tmp_path, sample=True, num_proc=1)
    shards = [next((tmp_path / DATASET / name).glob("*.parquet")) for name in names]
    right = [shard.read_bytes() for shard in shards]
    flip(shards[0])
    os.truncate(shards[1], 1000)
    shards[2].unlink()
    again = build(select(names), tmp_path, sample=True, num_proc=1)
    assert (again.made, again.kept) == (names[:3], names[3:])
    assert [shard.read_bytes() for shard in shards] == right


def test_files_from_other_times(how, tmp_path):
    right = rows(load_dataset("medmnist_c", NAME, **how))
    for seconds in (0, 4_100_000_000):
        for path in tmp_path.rglob("*"):
            os.utime(path, (seconds, seconds))
        assert rows(load_dataset("medmnist_c", NAME, **how)) == right
        assert rows(load_dataset("medmnist_c", NAME, streaming=True, **how)) == right


def test_a_lock_whose_holder_hangs_is_told_of_and_is_free_when_it_is_killed(
    how, tmp_path, monkeypatch
):
    monkeypatch.setattr(disk, "SILENT_WAIT_S", 0.1)
    lock = tmp_path / "cache" / "medmnist_c_clean" / f".{DATASET}.lock"
    lock.parent.mkdir(parents=True)
    program = (
        "import filelock, sys, time\n"
        "with filelock.FileLock(sys.argv[1]): print(flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(lock)], stdout=subprocess.PIPE
    ) as holder:
        holder.stdout.readline()
        threading.Timer(1, holder.kill).start()
        with pytest.warns(UserWarning, match=f"Waiting for another process, which holds {lock}"):
            assert len(rows(load_dataset("medmnist_c", NAME, **how))) == 6


def test_a_cache_that_nobody_can_write_serves_what_it_has(how, tmp_path):
    """Not even root can write into a folder that is mounted read-only."""
    cache, other = tmp_path / "cache", tmp_path / "other"
    right = list(open_clean(find_clean_source(DATASET, tmp_path), cache).checked_images(0, 6))
    other.mkdir()
    write_medmnist_file(other, DATASET, 3, seed=1)
    bound = subprocess.run(["mount", "--bind", cache, cache], capture_output=True, check=False)
    if bound.returncode:
        pytest.skip("no right to mount")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", cache], check=True)
        clean = open_clean(find_clean_source(DATASET, tmp_path), cache)
        assert np.array_equal(list(clean.checked_images(0, 6)), right)
        read_only = r"Cannot write into .* \(Read-only file system"
        with pytest.raises(CleanDataError, match=read_only):
            open_clean(find_clean_source(DATASET, other), cache)
        with pytest.raises(CleanDataError, match=read_only):  # `datasets` writes even to look
            load_dataset("medmnist_c", NAME, **how)
    finally:
        subprocess.run(["umount", "-l", cache], check=True)


@pytest.mark.parametrize("harm", [flip_in_the_middle, cut, lambda path: path.write_text("")])
def test_damaged_predictions_are_made_anew(harm, tmp_path):
    pytest.importorskip("sklearn")
    from medmnist_c.evaluation.evaluate import evaluate

    def predict(images: np.ndarray) -> np.ndarray:
        brightness = images.reshape(len(images), -1).mean(axis=1) / 255
        return np.stack([brightness, 1 - brightness], axis=1)

    def run() -> str:
        how = {"corruptions": "pixelate", "severities": 1, "sample": True}
        return evaluate(predict, "breastmnist", predictions=tmp_path, **how).to_json()

    right = run()
    for file in tmp_path.rglob("*.parquet"):
        harm(file)
    assert run() == right


LOAD = """
import sys, datasets, medmnist_c
how = dict(split="test", data_dir=sys.argv[1], cache_dir=sys.argv[2], num_proc=2)
print(len(datasets.load_dataset("medmnist_c", "bloodmnist_motion_blur_1", **how)))
"""


def test_a_killed_worker_is_told_and_the_next_run_is_right(tmp_path):
    write_medmnist_file(tmp_path, "bloodmnist", 600)
    arguments = [sys.executable, "-c", LOAD, str(tmp_path), str(tmp_path / "cache")]
    how = {"cwd": "/", "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(arguments, **how) as process:
        while not (begun := list((tmp_path / "cache").rglob("*.arrow"))):
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        # Killed while it waits for work, a worker takes the lock of `multiprocess`'s queue with it, and
        # the pool never ends: so it is stopped first, and killed in the middle of its file.
        path = begun[0]
        os.kill(worker := int(writers_of(path)[0]), signal.SIGSTOP)
        assert str(worker) in writers_of(path), "it was too quick"
        os.kill(worker, signal.SIGKILL)
        try:
            _, stderr = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == 1
    assert "PreparationError: A worker process was killed" in stderr.splitlines()[-1]
    done = subprocess.run(arguments, cwd="/", capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "600"


def test_the_table_of_what_was_found_names_tests_that_there_are():
    root = Path(__file__).parents[1]
    named = re.findall(
        r"`(tests/\S+\.py)::(\w+)`", (root / "docs" / "faults.md").read_text("utf-8")
    )
    assert len(named) > 10
    for path, test in named:
        assert f"def {test}(" in (root / path).read_text("utf-8"), (path, test)


def writers_of(path: Path) -> list[str]:
    """Numbers of the processes that have a file open."""
    found = []
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if link.readlink() == path:
                found.append(link.parts[2])
    return found
