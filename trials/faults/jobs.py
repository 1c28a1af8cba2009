"""What faults are tried on: each job is a real command, and says what it has made."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from faults.place import Place, contents, last_line, python, unlike

NAMES = ("bloodmnist_clean", "bloodmnist_bubble_2", "organsmnist_shot_noise_2")
PATIENCE_S = 180  # after which a job counts as hung


@dataclass
class Run:
    """A job that has ended: how, and what it says; `wrong` names what it calls made and is not."""

    status: int | None  # None: it hung
    said: str
    seconds: float
    right: bool
    wrong: set[str]


@dataclass(frozen=True)
class Job:
    """A command to run in a place; `made` gives what it has made, to be compared."""

    name: str
    command: Callable[[Place], list[str]]
    made: Callable[[Place, str], dict[str, str]]

    def start(self, place: Place) -> subprocess.Popen:
        return subprocess.Popen(
            self.command(place),
            cwd="/",
            env=place.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def finish(self, process: subprocess.Popen, place: Place, *right: dict[str, str]) -> Run:
        """Wait for a started job, and hold what it made against what is right (any of them)."""
        begun = time.monotonic()
        try:
            stdout, stderr = process.communicate(timeout=PATIENCE_S)
            status = process.returncode
        except subprocess.TimeoutExpired:
            kill_group(process)
            stdout, stderr = process.communicate()
            status = None
        found = self.made(place, stdout)
        seconds = time.monotonic() - begun
        wrong = set.intersection(*(self._unlike(found, one) for one in right))
        return Run(status, last_line(stderr), seconds, found in right, wrong)

    def _unlike(self, found: dict[str, str], right: dict[str, str]) -> set[str]:
        if self.name == "build":
            return unlike(found, right)
        return {name for name in found if found[name] != right[name]}


def kill_group(process: subprocess.Popen) -> None:
    """SIGKILL for a job and all its workers."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def workers_of(process: subprocess.Popen) -> list[int]:
    """Processes that a job has started and that work (the helpers of multiprocessing do not)."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError):
            fields = path.read_text().rpartition(")")[2].split()
            command = path.with_name("cmdline").read_bytes()
            if int(fields[1]) == process.pid and b"resource_tracker" not in command:
                found.append(int(path.parent.name))
    return sorted(found)


def _build(place: Place) -> list[str]:
    return python("-m", "medmnist_c.cli", "build", *NAMES, "--data-dir", place.data,
                  "--num-proc", 2, "-o", place.out)  # fmt: skip


def _load(*how: str) -> Callable[[Place], list[str]]:
    program = Path(__file__).with_name("load_rows.py")
    return lambda place: python(program, place.data, *NAMES, *how)


def _printed(place: Place, stdout: str) -> dict[str, str]:
    return dict(line.split() for line in stdout.splitlines() if len(line.split()) == 2)


BUILD = Job("build", _build, lambda place, stdout: contents(place.out))
LOAD = Job("load", _load(), _printed)
LOAD_2 = Job("load, num_proc=2", _load("--num-proc", "2"), _printed)
STREAM = Job("stream", _load("--streaming"), _printed)
EVALUATE = Job(
    "evaluate",
    lambda place: python(Path(__file__).with_name("evaluate_model.py"), place.data, place.out),
    _printed,
)
JOBS = (BUILD, LOAD, LOAD_2, STREAM, EVALUATE)
