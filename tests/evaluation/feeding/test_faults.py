"""Workers killed, Ctrl-C, a full disk, failing functions: told at once, and what is finished is kept."""

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from support.medmnist_files import write_medmnist_file

from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.evaluate import evaluate

SECONDS = 2.0
SLACK = 2.0  # for a machine that is busy with other tests


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_medmnist_file(folder, "breastmnist", 156)
    return folder


def fair(images: object) -> np.ndarray:
    return np.full((len(images), 2), 0.5)


def kept_in(folder: Path) -> set[str]:
    return {path.stem for path in folder.rglob("*.parquet")}


def ended(seconds: float, children: set) -> None:
    """No child is left, within so many seconds."""
    deadline = time.monotonic() + seconds
    while set(multiprocessing.active_children()) - children and time.monotonic() < deadline:
        time.sleep(0.01)
    assert set(multiprocessing.active_children()) <= children


def test_a_killed_worker_is_told_in_two_seconds(data, tmp_path):
    before = set(multiprocessing.active_children())
    killed = []

    def predict(images):
        if kept_in(tmp_path) == {"breastmnist_clean"} and not killed:
            worker = (set(multiprocessing.active_children()) - before).pop()
            os.kill(worker.pid, signal.SIGKILL)
            killed.append(time.monotonic())
        return fair(images)

    how = {"data_dir": data, "corruptions": ["pixelate", "contrast_down"], "predictions": tmp_path}
    how |= {"model_name": "fair"}
    with pytest.raises(PredictionError, match=r"A worker process was killed .*are kept") as error:
        evaluate(predict, "breastmnist", num_workers=2, **how)
    assert time.monotonic() - killed[0] < SECONDS + SLACK
    assert "\n" not in str(error.value) and "breastmnist_clean" in kept_in(tmp_path)
    ended(0, before)
    assert len(evaluate(fair, "breastmnist", num_workers=2, **how).datasets) == 1


def test_what_predict_raises_comes_out_and_the_workers_end(data, tmp_path):
    def predict(images):
        if kept_in(tmp_path):
            raise ZeroDivisionError("mine")
        return fair(images)

    before = set(multiprocessing.active_children())
    how = {"data_dir": data, "corruptions": "pixelate", "predictions": tmp_path, "num_workers": 1}
    with pytest.raises(ZeroDivisionError, match="mine"):
        evaluate(predict, "breastmnist", **how)
    ended(0, before)
    assert kept_in(tmp_path) == {"breastmnist_clean"}


def test_a_full_disk_is_told_and_what_is_finished_is_kept(data, tmp_path):
    full = tmp_path / "full"
    full.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24k", "tmpfs", full]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount")
    how = {"data_dir": data, "corruptions": ["pixelate", "contrast_down"], "num_workers": 1}
    try:
        with pytest.raises(PredictionError, match=r"Cannot write .*No space left.*are kept"):
            evaluate(fair, "breastmnist", predictions=full, **how)
        assert "breastmnist_clean" in kept_in(full)
        subprocess.run(["mount", "-o", "remount,size=10m", full], check=True)
        again = evaluate(fair, "breastmnist", predictions=full, **how)
    finally:
        subprocess.run(["umount", "-l", full], check=True)
    assert again.datasets == evaluate(fair, "breastmnist", **how).datasets


PROGRAM = """
import signal; signal.signal(signal.SIGINT, signal.default_int_handler)
import sys, time
import numpy as np
from medmnist_c import evaluate
def predict(images):
    print("asked", flush=True)
    time.sleep(0.2)
    return np.full((len(images), 2), 0.5)
evaluate(predict, "breastmnist", data_dir=sys.argv[1], predictions=sys.argv[2], num_workers=2)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_signal_ends_the_workers_in_two_seconds(number, data, tmp_path):
    arguments = [sys.executable, "-c", PROGRAM, data, tmp_path / "kept"]
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "start_new_session": True}
    shared = set(os.listdir("/dev/shm"))
    with subprocess.Popen(arguments, text=True, **how) as process:
        for _ in range(5):  # three batches a test set
            assert process.stdout.readline() == "asked\n"
        assert len(processes_in(process.pid)) > 2
        started = time.monotonic()
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # as a terminal does it
        else:
            process.send_signal(number)
        process.stdout.close()
        said = process.stderr.read()
        process.wait(timeout=60)
        while processes_in(process.pid):
            assert time.monotonic() - started < SECONDS + SLACK
            time.sleep(0.02)
    assert process.returncode == -number
    if number == signal.SIGINT:
        assert said.rstrip().endswith("KeyboardInterrupt") and said.count("Traceback") == 1
    assert "breastmnist_clean" in kept_in(tmp_path / "kept")
    assert not [name for name in set(os.listdir("/dev/shm")) - shared if "medmnist" in name]


def processes_in(group: int) -> list[str]:
    """Those of a group that have not ended."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] not in "ZX":
            found.append(stat.parent.name)
    return found


def holdings() -> tuple[int, int, int]:
    """Open descriptors, mappings of shared memory and threads of this process."""
    gc.collect()
    maps = Path("/proc/self/maps").read_text().count("medmnist_c images")
    return len(os.listdir("/proc/self/fd")), maps, threading.active_count()


def test_nothing_is_left_by_one_evaluation_after_the_other(data):
    how = {"data_dir": data, "corruptions": "pixelate", "severities": 1}
    evaluate(fair, "breastmnist", num_workers=1, **how)  # what is opened once and for all
    before = holdings()
    for number in range(10):
        evaluate(fair, "breastmnist", num_workers=int(number % 5 == 0), **how)
    assert holdings() == before
