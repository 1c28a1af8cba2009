"""Make test sets unit by unit, on whatever workers there are, and say when each one is whole."""

import heapq
import json
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from medmnist_c.builder.errors import BuildError
from medmnist_c.builder.executor.base import Workers, WorkersGone, workers
from medmnist_c.builder.parquet.output_folder import OutputFolder
from medmnist_c.builder.parquet.shards import Shard
from medmnist_c.builder.parquet.tasks import ShardTask, State, TaskResult, run_task, tasks_of
from medmnist_c.builder.testset.spec import TestSetSpec

MANIFEST = "made.json"
_WORKERS_TRIED = 3  # or all there are, before a unit's failure counts
_FAILURES_IN_A_ROW = 5  # of a dataset or of the folder: the rest would fare no better


@dataclass(frozen=True)
class Made:
    """A test set that is whole: its spec, what identifies its images, and its files in order."""

    spec: TestSetSpec
    identity: str
    shards: list[Shard]


def make_test_sets(
    specs: list[TestSetSpec],
    folder: str | Path | OutputFolder,
    *,
    cache_dir: Path | None = None,
    num_proc: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Generator[Made, None, None]:
    """Make test sets as Parquet files, `{folder}/{dataset}/{config}/test-*.parquet`.

    New work is only handed out while the iterator is asked: who does not ask bounds what lies in the
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
    place = OutputFolder.at(folder)
    run = _Run(place, progress or (lambda images: None))
    for unit in tasks_of(specs):
        run.plan(unit)
    yield from run.whole()
    if run.ready:
        with workers(num_proc, scheduler) as pool:
            while run.ready or run.running:
                run.hand_out(pool, cache_dir)
                run.collect(pool)
                yield from run.whole()
    run.report_failures()


def remove_others(place: OutputFolder, folder: str, shards: set[str]) -> None:
    """Take away what does not belong to a whole test set: markers, shards of an earlier one."""
    place.tidy(folder)
    for name in place.sizes(folder):
        if name not in {MANIFEST, *shards} and not name.endswith(".tmp"):
            place.remove(f"{folder}/{name}")


@dataclass
class _PendingTestSet:
    """A test set on its way."""

    spec: TestSetSpec
    identity: str
    found: dict[str, int]  # files that were there at the start, and their sizes
    missing: set[str] = field(default_factory=set)
    shards: list[Shard] = field(default_factory=list)


@dataclass
class _Run:
    """What is to be made, what is being made, and what came of it."""

    place: OutputFolder
    progress: Callable[[int], None]
    test_sets: dict[str, _PendingTestSet] = field(default_factory=dict)
    ready: list[tuple[int, ShardTask]] = field(
        default_factory=list
    )  # a heap, by the order of planning
    waiting: dict[str, list[tuple[int, ShardTask]]] = field(
        default_factory=dict
    )  # by what they wait for
    running: dict[Future, tuple[int, ShardTask]] = field(default_factory=dict)
    states: dict[str, State | None] = field(default_factory=dict)
    failed_on: dict[str, set[str]] = field(default_factory=dict)  # workers, by a unit's path
    failures: dict[str, Exception] = field(default_factory=dict)
    in_a_row: Counter[str] = field(default_factory=Counter)  # by dataset, or "folder"
    hopeless: dict[str, Exception] = field(default_factory=dict)  # datasets, and why
    planned: int = 0

    def plan(self, unit: ShardTask) -> None:
        """Take up a unit, or what an earlier run has made of it."""
        folder = unit.spec.config.folder
        if folder not in self.test_sets:
            with self.place.errors(folder):
                self.place.tidy(folder)
                found = self.place.sizes(folder)
            if MANIFEST in found:
                self.place.remove(f"{folder}/{MANIFEST}")
            self.test_sets[folder] = _PendingTestSet(unit.spec, unit.identity, found)
        test_set = self.test_sets[folder]
        test_set.missing.add(unit.stretch.name)
        if shard := self._finished(unit, test_set.found):
            self._add(unit, shard)
        elif unit.after and not self._is_there(unit.after):
            self.waiting.setdefault(unit.after, []).append((self.planned, unit))
        else:
            heapq.heappush(self.ready, (self.planned, unit))
        self.planned += 1

    def hand_out(self, pool: Workers, cache_dir: Path | None) -> None:
        """Give every worker that has nothing to do a unit, if there is one for it."""
        not_now = []
        while self.ready and pool.spare():
            number, unit = heapq.heappop(self.ready)
            if error := self.hopeless.get(unit.spec.config.dataset):
                self._give_up(unit, error)
                continue
            worker = pool.spare(but=self.failed_on.get(unit.path, ()))
            if worker is None:
                not_now.append((number, unit))
                continue
            state = self.states.get(unit.after)
            work = (_work, unit, self.place, cache_dir, state, pool.fetching)
            self.running[pool.submit(worker, *work)] = (number, unit)
        for one in not_now:
            heapq.heappush(self.ready, one)

    def collect(self, pool: Workers) -> None:
        for future in pool.wait(self.running):
            number, unit = self.running.pop(future)
            try:
                result = pool.result(future)
            except WorkersGone:
                raise
            except Exception as error:
                self._failed(number, unit, error, pool.names())
                continue
            self.in_a_row["folder"] = self.in_a_row[unit.spec.config.dataset] = 0
            self.states[unit.path] = result.state
            self._add(unit, result.shard)

    def whole(self) -> Iterator[Made]:
        """Test sets that have become whole, closed by their manifest."""
        for folder, test_set in list(self.test_sets.items()):
            if test_set.missing:
                continue
            del self.test_sets[folder]
            shards = sorted(test_set.shards, key=lambda shard: shard.name)
            manifest = {
                "identity": test_set.identity,
                "shards": [asdict(shard) for shard in shards],
            }
            with self.place.write(f"{folder}/{MANIFEST}") as file:
                file.write(json.dumps(manifest, indent=1).encode())
            remove_others(self.place, folder, {shard.name for shard in shards})
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

    def _add(self, unit: ShardTask, shard: Shard) -> None:
        test_set = self.test_sets[unit.spec.config.folder]
        test_set.missing.discard(unit.stretch.name)
        test_set.shards.append(shard)
        self._release(unit.path)
        self.progress(shard.rows)

    def _release(self, path: str) -> None:
        for waiting in self.waiting.pop(path, ()):
            heapq.heappush(self.ready, waiting)

    def _failed(self, number: int, unit: ShardTask, error: Exception, there: set[str]) -> None:
        on = self.failed_on.setdefault(unit.path, set())
        on |= error.workers
        if len(on) < _WORKERS_TRIED and not (there and there <= on):
            heapq.heappush(self.ready, (number, unit))
            return
        dataset = unit.spec.config.dataset
        cause = "folder" if isinstance(error, BuildError) else dataset
        self.in_a_row[cause] += 1
        if self.in_a_row["folder"] >= _FAILURES_IN_A_ROW:
            self.failures[unit.path] = error
            self.report_failures()
        if self.in_a_row[dataset] >= _FAILURES_IN_A_ROW:
            self.hopeless[dataset] = error
        self._give_up(unit, error)

    def _give_up(self, unit: ShardTask, error: Exception) -> None:
        self.failures[unit.path] = error
        self._release(unit.path)  # those after it draw through by themselves

    def _is_there(self, path: str) -> bool:
        """Whether an earlier unit is finished, or not asked for at all."""
        folder, _, name = path.rpartition("/")
        return folder not in self.test_sets or name not in self.test_sets[folder].missing

    def _finished(self, unit: ShardTask, found: dict[str, int]) -> Shard | None:
        marker = _marker(unit.stretch.name)
        if marker not in found:
            return None
        content = self.place.read(f"{unit.spec.config.folder}/{marker}")
        try:
            known = json.loads(content)
            shard = Shard(**known["shard"])
            same = (known["identity"], known["versions"]) == (unit.identity, unit.versions)
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        if not same or shard.name != unit.stretch.name or found.get(shard.name) != shard.bytes:
            return None
        return shard if self.place.holds(unit.path, shard.sha256) else None


def _work(
    unit: ShardTask,
    place: OutputFolder,
    cache_dir: Path | None,
    state: State | None,
    fetching: Callable[[], AbstractContextManager],
) -> TaskResult:
    """Runs in a worker. The marker says that the shard is finished; it goes when the test set is."""
    done = run_task(unit, place, cache_dir, state, fetching)
    known = {"identity": unit.identity, "versions": unit.versions, "shard": asdict(done.shard)}
    marker = f"{unit.spec.config.folder}/{_marker(unit.stretch.name)}"
    with place.write(marker) as file:
        file.write(json.dumps(known).encode())
    return done


def _marker(name: str) -> str:
    return f"{name}.json"
