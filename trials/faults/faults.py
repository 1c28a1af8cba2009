"""The faults: each one is a context in which a job has run with it, and may then run again.

A fault takes a `Trial` and yields the run with the fault; what it has put in the way is gone by then,
unless the job has to do without it (a damaged file stays damaged).
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from faults.jobs import BUILD, EVALUATE, LOAD, LOAD_2, STREAM, Job, Run, kill_group, workers_of
from faults.place import (
    Place,
    cut,
    enlarge,
    flip,
    flip_images,
    make_place,
    python,
    read_only,
    set_times,
    small_disk,
    swap,
)


@dataclass
class Trial:
    """One fault on one job in a place of its own; `right` is what must come out."""

    job: Job
    place: Place
    right: dict[str, str]
    seconds: float  # that the job takes when nothing is wrong

    def run(self) -> Run:
        return self.job.finish(self.job.start(self.place), self.place, self.right)

    def run_after(self, part: float, act: Callable[[subprocess.Popen], None]) -> Run:
        """A run on which something acts after that part of its usual time."""
        process = self.job.start(self.place)
        time.sleep(part * self.seconds)
        act(process)
        return self.job.finish(process, self.place, self.right)

    def warm_up(self) -> None:
        """Have everything in the cache but what was made of it."""
        self.run()
        for folder in (*self.place.cache.glob("medmnist_c"), *self.place.out.iterdir()):
            shutil.rmtree(folder) if folder.is_dir() else folder.unlink()


Fault = Callable[[Trial], "contextlib.AbstractContextManager[Run]"]


@contextlib.contextmanager
def killed(trial: Trial) -> Iterator[Run]:
    for part in (0.4, 0.6, 0.75, 0.9):
        run = trial.run_after(part, kill_group)
    yield run


@contextlib.contextmanager
def worker_killed(trial: Trial) -> Iterator[Run]:
    def kill_one(process: subprocess.Popen) -> None:
        while process.poll() is None and not (workers := workers_of(process)):
            time.sleep(0.02)
        if process.poll() is None:
            time.sleep(0.2)
            with contextlib.suppress(ProcessLookupError):
                os.kill(workers[-1], signal.SIGKILL)

    yield trial.run_after(0.3, kill_one)


@contextlib.contextmanager
def two_at_once(trial: Trial) -> Iterator[Run]:
    other = trial.job.start(trial.place)
    first = trial.run()
    second = trial.job.finish(other, trial.place, trial.right)
    yield max(first, second, key=lambda run: (run.status is None, run.status, len(run.wrong)))


def source(harm: Callable[[Path], None]) -> Fault:
    """A source that is damaged from the start, and then put right."""

    @contextlib.contextmanager
    def fault(trial: Trial) -> Iterator[Run]:
        path = trial.place.source()
        good = path.read_bytes()
        harm(path)
        run = trial.run()
        path.write_bytes(good)
        yield run

    return fault


@contextlib.contextmanager
def source_being_written(trial: Trial) -> Iterator[Run]:
    """A copy of the same file that is under way while the job begins, and complete in the end."""
    path = trial.place.source()
    good = path.read_bytes()
    os.truncate(path, 0)
    process = trial.job.start(trial.place)
    with path.open("wb") as file:
        for start in range(0, len(good), 1 << 16):
            file.write(good[start : start + (1 << 16)])
            file.flush()
            time.sleep(1.2 * trial.seconds * (1 << 16) / len(good))
    yield trial.job.finish(process, trial.place, trial.right)


def source_changing(change: Callable[[Path, bytes], None]) -> Fault:
    """The source is now one file, now another, all the while; in the end the first.

    Right is what either of them gives, but no mixture.
    """

    @contextlib.contextmanager
    def fault(trial: Trial) -> Iterator[Run]:
        path = trial.place.source()
        good = path.read_bytes()
        others = make_place(trial.place.folder / "other", seed=1)
        swap(others.source("organsmnist"), trial.place.source("organsmnist"))
        shutil.copy(others.source("organsmnist"), trial.place.source("organsmnist"))
        stdout, _ = trial.job.start(others).communicate()
        also = trial.job.made(others, stdout)
        process = trial.job.start(trial.place)
        while process.poll() is None:
            for content in (others.source().read_bytes(), good):
                change(path, content)
                time.sleep(0.05)
        run = trial.job.finish(process, trial.place, trial.right, also)
        path.write_bytes(good)
        yield run

    return fault


def replace(path: Path, content: bytes) -> None:
    """Put another file in a file's place, at one moment."""
    aside = path.with_name("aside")
    aside.write_bytes(content)
    aside.replace(path)


def copied(act: Callable[[Place], None]) -> Fault:
    """Something has happened to the clean test set in the cache."""

    @contextlib.contextmanager
    def fault(trial: Trial) -> Iterator[Run]:
        trial.warm_up()
        act(trial.place)
        yield trial.run()

    return fault


def copied_while_read(part: float, act: Callable[[Place], None]) -> Fault:
    @contextlib.contextmanager
    def fault(trial: Trial) -> Iterator[Run]:
        trial.warm_up()
        yield trial.run_after(part, lambda _: act(trial.place))

    return fault


def of_another(place: Place) -> None:
    """The images of a copy replaced by those of another file of the same form."""
    other = make_place(place.folder / "other", seed=1)
    LOAD.start(other).communicate()
    shutil.copy(other.copied("test_images.npy"), place.copied("test_images.npy"))


def states(act: Callable[[list[Path]], None]) -> Fault:
    """Something has happened to the kept random states."""

    @contextlib.contextmanager
    def fault(trial: Trial) -> Iterator[Run]:
        trial.warm_up()
        for copy in trial.place.copies("*mnist-*"):
            kept = sorted((copy / "stream_states").glob("*.state"))
            assert kept, copy
            act(kept)
        yield trial.run()

    return fault


def rotate(paths: list[Path]) -> None:
    """Each gets the next one's content."""
    for one, other in pairwise(paths):
        swap(one, other)


def made(act: Callable[[Place], None]) -> Fault:
    """Something has happened to finished files."""

    @contextlib.contextmanager
    def fault(trial: Trial) -> Iterator[Run]:
        trial.run()
        act(trial.place)
        yield trial.run()

    return fault


def shard(harm: Callable[[Path], None], pattern: str = "*/*/*.parquet") -> Fault:
    def act(place: Place) -> None:
        for path in sorted(place.out.glob(pattern)):
            harm(path)

    return made(act)


def prepared(harm: Callable[[Path], None], pattern: str) -> Fault:
    def act(place: Place) -> None:
        for path in sorted((place.cache / "medmnist_c").rglob(pattern)):
            harm(path)

    return made(act)


@contextlib.contextmanager
def interrupted_then_flipped(trial: Trial) -> Iterator[Run]:
    """A build is killed late, and what it had finished is damaged on the disk."""
    trial.run_after(0.9, kill_group)
    for path in trial.place.out.glob("*/*/*.parquet"):
        flip(path)
    yield trial.run()


def clock(seconds: float) -> Fault:
    """Every file has a time of long ago or of the future."""

    @contextlib.contextmanager
    def fault(trial: Trial) -> Iterator[Run]:
        trial.run_after(0.8, kill_group)
        set_times(trial.place.folder, seconds)
        yield trial.run()

    return fault


@contextlib.contextmanager
def stale_locks(trial: Trial) -> Iterator[Run]:
    """Lock files of long ago, with words in them, that nobody holds."""
    folder = trial.place.cache / "medmnist_c_clean"
    folder.mkdir()
    for dataset in ("bloodmnist", "organsmnist"):
        (folder / f".{dataset}.lock").write_text("99999")
    set_times(folder, 0)
    yield trial.run()


@contextlib.contextmanager
def held_lock(trial: Trial) -> Iterator[Run]:
    """A process that holds the lock and does nothing, for three seconds; then it is killed."""
    folder = trial.place.cache / "medmnist_c_clean"
    folder.mkdir()
    program = (
        "import filelock, sys, time\n"
        "with filelock.FileLock(sys.argv[1]): print(flush=True); time.sleep(600)"
    )
    command = python("-c", program, folder / ".bloodmnist.lock")
    holder = subprocess.Popen(command, stdout=subprocess.PIPE)
    holder.stdout.readline()

    def kill_holder(process: subprocess.Popen) -> None:
        assert process.poll() is None, "it did not wait"
        holder.kill()
        holder.communicate()

    yield trial.run_after(3, kill_holder)


def full_disk(folder: str, size: str) -> Fault:
    """The cache, or the output, is on a disk too small; then there is room."""

    @contextlib.contextmanager
    def fault(trial: Trial) -> Iterator[Run]:
        place = getattr(trial.place, folder)
        with small_disk(place, size):
            run = trial.run()
            enlarge(place)
            yield run

    return fault


def not_writable(folder: str, warm: bool = False) -> Fault:
    @contextlib.contextmanager
    def fault(trial: Trial) -> Iterator[Run]:
        if warm:
            trial.warm_up()
        with read_only(getattr(trial.place, folder)):
            run = trial.run()
        yield run

    return fault


FAULTS: list[tuple[str, str, tuple[Job, ...], Fault]] = [
    ("SIGKILL, four times at later moments", "all processes", (BUILD, LOAD_2, STREAM), killed),
    ("SIGKILL", "one worker process", (BUILD, LOAD_2), worker_killed),
    ("two at once", "cold cache", (BUILD, LOAD), two_at_once),
    ("truncated", "source", (BUILD,), source(cut)),
    ("one bit flipped in the images", "source", (BUILD, LOAD), source(flip_images)),
    ("being copied there", "source", (LOAD,), source_being_written),
    ("another and the same in turns", "source", (BUILD, LOAD), source_changing(replace)),
    ("overwritten in place in turns", "source", (BUILD, LOAD), source_changing(Path.write_bytes)),
    ("removed", "source", (STREAM,), source(Path.unlink)),
    ("truncated", "clean copy, images", (STREAM,),
     copied(lambda p: cut(p.copied("test_images.npy")))),
    ("one bit flipped", "clean copy, images", (BUILD, LOAD_2, STREAM),
     copied(lambda p: flip(p.copied("test_images.npy"), 1))),
    ("one bit flipped", "clean copy, labels", (STREAM,),
     copied(lambda p: flip(p.copied("test_labels.npy"), last=True))),
    ("one bit flipped", "clean copy, note", (STREAM,),
     copied(lambda p: flip(p.copied("whole.json")))),
    ("replaced by another's", "clean copy, images", (BUILD, STREAM), copied(of_another)),
    ("truncated while it is read", "clean copy, images", (BUILD, STREAM),
     copied_while_read(0.7, lambda p: cut(p.copied("test_images.npy"), 0.1))),
    ("removed while it is read", "clean copy", (BUILD, STREAM),
     copied_while_read(0.7, lambda p: shutil.rmtree(p.copies()[0]))),
    ("one bit flipped in each", "random states", (BUILD, STREAM),
     states(lambda s: [*map(flip, s)])),
    ("truncated", "random states", (STREAM,), states(lambda s: [*map(cut, s)])),
    ("changed places", "random states", (STREAM,), states(rotate)),
    ("truncated", "finished shards", (BUILD,), shard(cut)),
    ("one bit flipped", "finished shards", (BUILD,), shard(flip)),
    ("removed", "finished shards", (BUILD,), shard(Path.unlink)),
    ("one bit flipped", "made.json", (BUILD,), shard(flip, "*/*/made.json")),
    ("killed, then one bit flipped", "finished shards", (BUILD,), interrupted_then_flipped),
    ("truncated", "prepared Arrow file", (LOAD,), prepared(cut, "*.arrow")),
    ("one bit flipped in an image", "prepared Arrow file", (LOAD,), prepared(flip, "*.arrow")),
    ("truncated", "dataset_info.json", (LOAD,), prepared(cut, "dataset_info.json")),
    ("clock at 1970", "all files", (BUILD, LOAD), clock(0)),
    ("clock at 2100", "all files", (BUILD, LOAD), clock(4.1e9)),
    ("stale lock files", "cache", (LOAD,), stale_locks),
    ("lock held by a process that hangs, then is killed", "cache", (BUILD, LOAD), held_lock),
    ("SIGKILL, four times at later moments", "all processes", (EVALUATE,), killed),
    ("two at once", "cold cache and folder", (EVALUATE,), two_at_once),
    ("one bit flipped in each", "kept predictions", (EVALUATE,), shard(flip, "*/*.parquet")),
    ("truncated", "kept predictions", (EVALUATE,), shard(cut, "*/*.parquet")),
    ("one bit flipped", "clean copy, images", (EVALUATE,),
     copied(lambda p: flip(p.copied("test_images.npy"), 1))),
    ("disk full (64k)", "predictions", (EVALUATE,), full_disk("out", "64k")),
    ("read-only", "predictions", (EVALUATE,), not_writable("out")),
    *[(f"disk full ({size})", "cache", (LOAD,), full_disk("cache", size))
      for size in ("64k", "5m", "9m", "14m")],
    ("disk full (5m)", "cache", (BUILD,), full_disk("cache", "5m")),
    *[(f"disk full ({size})", "output", (BUILD,), full_disk("out", size)) for size in ("64k", "3m")],
    ("read-only", "cold cache", (BUILD, LOAD), not_writable("cache")),
    ("read-only", "warm cache", (BUILD, STREAM, LOAD), not_writable("cache", warm=True)),
    ("read-only", "output", (BUILD,), not_writable("out")),
]  # fmt: skip
