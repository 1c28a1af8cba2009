"""Make test sets task by task, on whatever workers there are, and say when each one is whole."""

import heapq
import json
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from medmnist_c.builder.arrow.images_digest import digest_of_all
from medmnist_c.builder.errors import BuildError
from medmnist_c.builder.executor.base import TaskFailed, Workers
from medmnist_c.builder.executor.workers import workers
from medmnist_c.builder.parquet.output_folder import OutputFolder
from medmnist_c.builder.parquet.shards import Shard
from medmnist_c.builder.parquet.tasks import (
    RandomState,
    ShardTask,
    TaskResult,
    make_shard,
    tasks_of,
)
from medmnist_c.builder.settings import cache_folder
from medmnist_c.builder.testset.probe import probe
from medmnist_c.builder.testset.spec import TestSetSpec

MANIFEST = "made.json"
_Numbered = tuple[int, ShardTask]
_WORKERS_TRIED = 3  # or all there are, before a task's failure counts
_CONSECUTIVE_FAILURES = 5  # of a dataset or of the folder: the rest would fare no better


@dataclass(frozen=True)
class Made:
    """A test set that is whole: its spec, what identifies its images, and its files in order."""

    spec: TestSetSpec
    identity: str
    shards: list[Shard]


def write_manifest(
    output: OutputFolder, folder: str, identity: str, shards: Sequence[Shard]
) -> None:
    """Say that a test set is whole: what identifies its images, their digest, its files in order."""
    manifest = {
        "identity": identity,
        "images_digest": digest_of_all(shard.images_digest for shard in shards),
        "shards": [asdict(shard) for shard in shards],
    }
    with output.write(f"{folder}/{MANIFEST}") as file:
        file.write(json.dumps(manifest, indent=1).encode())


def make_test_sets(
    specs: list[TestSetSpec],
    folder: str | Path | OutputFolder,
    *,
    cache_dir: Path | None = None,
    num_proc: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Generator[Made, None, None]:
    """Make test sets as Parquet files, as `StoredTestSet` calls them.

    New work is only submitted while the iterator is asked: who does not ask bounds what lies in the
    folder. Shards that an interrupted run has finished are kept. One that fails is tried again where
    there are other workers; the others are made all the same.

    Args:
        specs: which test sets.
        folder: of this machine, or an address that fsspec knows and all workers reach.
        cache_dir: for clean test sets; None for each machine's own cache folder of `datasets`.
        num_proc: processes; all cores by default.
        scheduler: address of a Dask scheduler, in place of processes.
        progress: called with the number of images that are newly there.

    Yields:
        Each test set when it is whole, in the order in which they are.

    Raises:
        BuildError: test sets could not be made, or the folder cannot be written.
        CleanDataError: a clean test set cannot be had.
    """
    if scheduler is None:
        cache_dir = cache_dir or cache_folder()
    output = OutputFolder.at(folder)
    shards = _Scheduler(output, progress or (lambda images: None))
    for task in tasks_of(specs, None if scheduler is None else probe()):
        shards.plan(task)
    yield from shards.whole()
    if shards.ready:
        with workers(num_proc, scheduler) as pool:
            shards.submit(pool, cache_dir)
            while shards.ready or shards.running:
                shards.collect(pool)
                shards.submit(pool, cache_dir)  # before this process turns to what has become whole
                yield from shards.whole()
    shards.report_failures()


def remove_others(output: OutputFolder, folder: str, shards: set[str]) -> None:
    """Remove what does not belong to a whole test set: markers, shards of an earlier one."""
    output.tidy(folder)
    for name in output.sizes(folder):
        if name not in {MANIFEST, *shards} and not name.endswith(".tmp"):
            output.remove(f"{folder}/{name}")


@dataclass
class _PendingTestSet:
    """A test set on its way."""

    spec: TestSetSpec
    identity: str
    found: dict[str, int]  # files that were there at the start, and their sizes
    missing: set[str] = field(default_factory=set)
    shards: list[Shard] = field(default_factory=list)


@dataclass
class _Scheduler:
    """Which shards are to be made, which are being made, and what came of them."""

    output: OutputFolder
    progress: Callable[[int], None]
    test_sets: dict[str, _PendingTestSet] = field(default_factory=dict)
    ready: list[_Numbered] = field(default_factory=list)  # a heap, by the order of planning
    waiting: dict[str, list[_Numbered]] = field(default_factory=dict)  # by what they wait for
    running: dict[Future[TaskResult], _Numbered] = field(default_factory=dict)
    states: dict[str, RandomState | None] = field(default_factory=dict)
    failed_on: dict[str, set[str]] = field(default_factory=dict)  # workers, by a task's path
    failures: dict[str, Exception] = field(default_factory=dict)
    consecutive: Counter[str] = field(default_factory=Counter)  # by dataset, or "folder"
    abandoned: dict[str, Exception] = field(default_factory=dict)  # datasets, and why
    planned: int = 0

    def plan(self, task: ShardTask) -> None:
        """Plan a task, or take the shard that an earlier run has made."""
        folder = task.spec.stored.folder
        if folder not in self.test_sets:
            with self.output.errors(folder):
                self.output.tidy(folder)
                found = self.output.sizes(folder)
            if MANIFEST in found:
                self.output.remove(f"{folder}/{MANIFEST}")
            self.test_sets[folder] = _PendingTestSet(task.spec, task.identity, found)
        test_set = self.test_sets[folder]
        test_set.missing.add(task.range.name)
        if shard := self._finished(task, test_set.found):
            self._add(task, shard)
        elif task.after and not self._is_finished(task.after):
            self.waiting.setdefault(task.after, []).append((self.planned, task))
        else:
            heapq.heappush(self.ready, (self.planned, task))
        self.planned += 1

    def submit(self, pool: Workers, cache_dir: Path | None) -> None:
        """Give every worker that has nothing to do a task, if there is one for it."""
        not_now = []
        while self.ready and pool.spare():
            number, task = heapq.heappop(self.ready)
            if error := self.abandoned.get(task.spec.config.dataset):
                self._abandon(task, error)
                continue
            worker = pool.spare(but=self.failed_on.get(task.path, ()))
            if worker is None:
                not_now.append((number, task))
                continue
            state = self.states.get(task.after) if task.after else None
            arguments = (task, self.output, cache_dir, state, pool.fetching)
            self.running[pool.submit(worker, _make_and_mark, *arguments)] = (number, task)
        for one in not_now:
            heapq.heappush(self.ready, one)

    def collect(self, pool: Workers) -> None:
        for future in pool.wait(self.running):
            number, task = self.running.pop(future)
            try:
                result = pool.result(future)
            except TaskFailed as failure:
                self._failed(number, task, failure, pool.names())
                continue
            self.consecutive["folder"] = self.consecutive[task.spec.config.dataset] = 0
            self.states[task.path] = result.state
            self._add(task, result.shard)

    def whole(self) -> Iterator[Made]:
        """Test sets that have become whole, closed by their manifest."""
        for folder, test_set in list(self.test_sets.items()):
            if test_set.missing:
                continue
            del self.test_sets[folder]
            shards = sorted(test_set.shards, key=lambda shard: shard.name)
            write_manifest(self.output, folder, test_set.identity, shards)
            remove_others(self.output, folder, {shard.name for shard in shards})
            yield Made(test_set.spec, test_set.identity, shards)

    def report_failures(self) -> None:
        if not self.failures:
            return
        first = next(iter(self.failures.values()))
        names = sorted({path.split("/")[1] for path in self.failures})
        if len(names) == 1 and isinstance(first, OSError | ValueError | TypeError):
            raise first
        raise BuildError(
            f"{len(names)} test sets could not be made ({', '.join(names[:5])}"
            f"{', ...' if len(names) > 5 else ''}); the first because: {first or type(first)} "
            "Run the command again for them: the others are finished."
        ) from first

    def _add(self, task: ShardTask, shard: Shard) -> None:
        test_set = self.test_sets[task.spec.stored.folder]
        test_set.missing.discard(task.range.name)
        test_set.shards.append(shard)
        self._make_ready(task.path)
        self.progress(shard.rows)

    def _make_ready(self, path: str) -> None:
        for waiting in self.waiting.pop(path, ()):
            heapq.heappush(self.ready, waiting)

    def _failed(self, number: int, task: ShardTask, failure: TaskFailed, present: set[str]) -> None:
        error = failure.error
        tried = self.failed_on.setdefault(task.path, set())
        tried |= failure.workers
        if len(tried) < _WORKERS_TRIED and not (present and present <= tried):
            heapq.heappush(self.ready, (number, task))
            return
        dataset = task.spec.config.dataset
        cause = "folder" if isinstance(error, BuildError) else dataset
        self.consecutive[cause] += 1
        if self.consecutive["folder"] >= _CONSECUTIVE_FAILURES:
            self.failures[task.path] = error
            self.report_failures()
        if self.consecutive[dataset] >= _CONSECUTIVE_FAILURES:
            self.abandoned[dataset] = error
        self._abandon(task, error)

    def _abandon(self, task: ShardTask, error: Exception) -> None:
        self.failures[task.path] = error
        self._make_ready(task.path)  # those after it draw through by themselves

    def _is_finished(self, path: str) -> bool:
        """Whether an earlier task is finished, or not asked for at all."""
        folder, _, name = path.rpartition("/")
        return folder not in self.test_sets or name not in self.test_sets[folder].missing

    def _finished(self, task: ShardTask, found: dict[str, int]) -> Shard | None:
        folder, marker = task.spec.stored.folder, _marker(task.range.name)
        content = marker in found and self.output.read(f"{folder}/{marker}")
        if not content:
            return None
        try:
            known = json.loads(content)
            shard, identity = Shard(**known["shard"]), known["identity"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        if identity != task.identity or shard.name != task.range.name:
            return None
        return shard.as_it_lies_in(self.output, folder, found)


def _make_and_mark(
    task: ShardTask,
    output: OutputFolder,
    cache_dir: Path | None,
    state: RandomState | None,
    fetching: Callable[[], AbstractContextManager[None]],
) -> TaskResult:
    """Runs in a worker. The marker says that the shard is finished; it goes when the test set is."""
    done = make_shard(task, output, cache_dir, state, fetching)
    known = {"identity": task.identity, "shard": asdict(done.shard)}
    marker = f"{task.spec.stored.folder}/{_marker(task.range.name)}"
    with output.write(marker) as file:
        file.write(json.dumps(known).encode())
    return done


def _marker(name: str) -> str:
    return f"{name}.json"
