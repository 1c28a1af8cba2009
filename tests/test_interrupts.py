"""Ctrl-C and SIGTERM: whatever is under way ends within two seconds, and leaves nothing half-made."""

import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.medmnist_files import write_medmnist_file

SECONDS = 2.0
SLACK = 2.0  # for a machine that is busy with other tests
NAME = "organsmnist_shot_noise_5"  # behind 4 x 1,200 images of noise, which take long
EVALUATE = """
import numpy, sys
from medmnist_c import evaluate
def predict(images): return numpy.full((len(images), 11), 1 / 11)
evaluate(predict, "organsmnist", corruptions="shot_noise", severities=5, data_dir=sys.argv[1],
         predictions="predictions")
"""
LOAD = f"""
import sys, medmnist_c
from datasets import load_dataset
num_proc = int(sys.argv[2]) or None
load_dataset("medmnist_c", "{NAME}", split="test", data_dir=sys.argv[1], num_proc=num_proc)
"""
PROBE = """
import signal, sys, threading, time
from medmnist_c.models.probe.threads import side_by_side
def fit(head):
    print("fitting", file=sys.stderr, flush=True)
    if sys.argv[1] == "thread":
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
    time.sleep(60)  # like linear algebra it is not interrupted
side_by_side(fit, range(8))
"""
COMMAND = "from medmnist_c.cli import main; main()"
LEFT = (".tmp", ".making", ".incomplete", "medmnist_c_push/*/*")


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_medmnist_file(folder, "organsmnist", 1200, compression=zipfile.ZIP_STORED)
    return folder


def python(program: str, *arguments: object, cwd: Path) -> subprocess.Popen:
    """A process in a group of its own, whose Ctrl-C works even where this one's is ignored."""
    program = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n{program}"
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=cwd,
        env=os.environ
        | {"HF_HOME": str(cwd / "huggingface"), "HF_DATASETS_DISABLE_PROGRESS_BARS": "0"},
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def ended_by(number: int, process: subprocess.Popen, seen: Iterator[object]) -> tuple[float, str]:
    """Send a signal when something is seen; seconds until the process has ended, and its words."""
    next(seen)
    started = time.monotonic()
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    return time.monotonic() - started, said.decode()


def drawing(process: subprocess.Popen, words: bytes = b"advancing past") -> Iterator[None]:
    """Until the bar says that noise is advanced past, or the program says other words."""
    said = b""
    while words not in said:
        more = os.read(process.stderr.fileno(), 4096)
        assert more, said.decode()
        said += more
    yield


def states(folder: Path) -> Iterator[None]:
    """Until a worker has kept a state of the noise that it draws through."""
    deadline = time.monotonic() + 60
    while not list(folder.rglob("*.state")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield


def leftovers(folder: Path) -> list[Path]:
    return [path for end in LEFT for path in folder.rglob(f"*{end}" if end[0] == "." else end)]


def processes_in(group: int) -> list[str]:
    """Those of a group that have not ended, once the trackers of `multiprocessing` had time to."""
    deadline = time.monotonic() + SLACK
    while (found := _processes_in(group)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def _processes_in(group: int) -> list[str]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] not in "ZX":
            found.append(stat.parent.name)
    return found


def test_item_11_ctrl_c_ends_evaluate_while_shot_noise_is_drawn_through(data, tmp_path):
    process = python(EVALUATE, data, cwd=tmp_path)
    seconds, said = ended_by(signal.SIGINT, process, drawing(process))
    assert seconds < SECONDS + SLACK
    assert process.returncode == -signal.SIGINT and said.rstrip().endswith("KeyboardInterrupt")
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("num_proc", [0, 2])
def test_item_11_ctrl_c_ends_load_dataset(num_proc, data, tmp_path):
    process = python(LOAD, data, num_proc, cwd=tmp_path)
    seconds, said = ended_by(signal.SIGINT, process, drawing(process))
    assert seconds < SECONDS + SLACK
    assert process.returncode == -signal.SIGINT and said.rstrip().endswith("KeyboardInterrupt")
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(("taker", "number"), [("process", signal.SIGINT), ("thread", 0)])
def test_item_11_ctrl_c_ends_a_probe_whose_heads_are_fitted(taker, number, tmp_path):
    """Also if the system gives the signal to a thread that fits one: nothing wakes the main thread."""
    pytest.importorskip("threadpoolctl")
    process = python(PROBE, taker, cwd=tmp_path)
    seconds, said = ended_by(number, process, drawing(process, b"fitting"))
    assert seconds < SECONDS + SLACK
    assert process.returncode == -signal.SIGINT and said.rstrip().endswith("KeyboardInterrupt")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_item_11_a_signal_ends_build_and_its_workers(number, status, data, tmp_path):
    build = ("build", NAME, "--data-dir", data, "-o", "out", "--num-proc", "2")
    process = python(COMMAND, *build, cwd=tmp_path)
    seconds, said = ended_by(number, process, states(tmp_path))
    assert seconds < SECONDS + SLACK
    assert process.returncode == status
    assert "the same command goes on from there" in said and "Traceback" not in said
    assert leftovers(tmp_path) == [] and processes_in(process.pid) == []


def test_item_11_a_whole_group_that_gets_the_signal_says_one_sentence(data, tmp_path):
    build = ("build", NAME, "--data-dir", data, "-o", "out", "--num-proc", "2")
    process = python(COMMAND, *build, cwd=tmp_path)
    next(states(tmp_path))
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does it
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in said.decode()
    assert leftovers(tmp_path) == [] and processes_in(process.pid) == []


@pytest.mark.parametrize("command", ["preview", "verify"])
def test_item_11_sigterm_ends_any_command(command, data, tmp_path):
    arguments = {
        "preview": ("organsmnist", "--corruption", "shot_noise"),
        "verify": (NAME, "--release", data),
    }[command]
    if command == "verify":
        write_release(data)
    process = python(COMMAND, command, *arguments, "--data-dir", data, cwd=tmp_path)
    seconds, said = ended_by(signal.SIGTERM, process, drawing(process))
    assert seconds < SECONDS + SLACK
    assert process.returncode == 143 and said.rstrip().endswith("Stopped.")
    assert leftovers(tmp_path) == []


def write_release(folder: Path) -> None:
    """A file of the release's form for the test set; what is in it does not matter here."""
    import numpy as np

    (folder / "organsmnist").mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / "organsmnist" / "shot_noise.npz", "w") as archive:
        for name, shape in (("images", (6000, 224, 224)), ("labels", (6000, 1))):
            with archive.open(f"test_{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.zeros(shape, np.uint8))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_command_s_handler_is_neither_left_behind_nor_kept_by_a_forked_process():
    """A pool of `datasets` waits for ever for a process in which Python has swallowed the exception."""
    from click.testing import CliRunner

    from medmnist_c.commands.options import Command

    def forked() -> None:
        child = os.fork()
        if child == 0:
            # Where an exception of a handler is lost, as in this one's own end, a default is not.
            os._exit(0 if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL else 1)
        assert os.waitpid(child, 0)[1] == 0

    before = signal.getsignal(signal.SIGTERM)
    done = CliRunner().invoke(Command("forked", callback=forked), catch_exceptions=False)
    assert done.exit_code == 0
    assert signal.getsignal(signal.SIGTERM) == before
