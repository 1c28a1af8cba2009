"""Tasks: the shards of test sets, each made by one process, the same images wherever.

Most are independent. Those behind draws that depend on the images (shot noise, and what comes after
it in the same stream) start where an earlier one ends: that one returns its random state, so that
every value is drawn once.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from medmnist_c.builder.configs import CleanConfig
from medmnist_c.builder.errors import CleanDataError
from medmnist_c.builder.executor.processes import prepare_process
from medmnist_c.builder.parquet.output_folder import OutputFolder
from medmnist_c.builder.parquet.shards import Shard, ShardRange, shard_ranges, write_shard
from medmnist_c.builder.settings import cache_folder
from medmnist_c.builder.source.clean_cache import load_clean
from medmnist_c.builder.testset.images import reference_streams
from medmnist_c.builder.testset.probe import Probe
from medmnist_c.builder.testset.probe import probe as made_here
from medmnist_c.builder.testset.spec import TestSet, TestSetSpec
from medmnist_c.corruptions.reference import StateKey
from medmnist_c.corruptions.registry import Draws

RandomState = tuple[StateKey, np.ndarray]
"""A random state: the key and the value under which a `StateFolder` keeps it."""


@dataclass(frozen=True)
class ShardTask:
    """A shard to be made.

    `identity` and `probe` are those of the process that asks: another machine that would make other
    images says so instead; a process of the same machine needs no probe. `chained` tasks are behind
    draws that depend on the images; `after` is the path of the one whose random state this one goes
    on from.
    """

    spec: TestSetSpec
    range: ShardRange
    identity: str
    probe: Probe | None
    chained: bool = False
    after: str | None = None

    @property
    def path(self) -> str:
        """Of the file that it makes, in a folder or repository of test sets."""
        return f"{self.spec.stored.folder}/{self.range.name}"


@dataclass(frozen=True)
class TaskResult:
    """A made shard, and the random state at its end where a later task goes on from it."""

    shard: Shard
    state: RandomState | None = None


def tasks_of(specs: Iterable[TestSetSpec], probe: Probe | None = None) -> list[ShardTask]:
    """The shards of test sets as tasks, in the order in which they are best begun.

    First those that others wait for: they take longest as a whole, dataset by dataset, the longest
    chain first. Then all others.
    """
    tasks = []
    last: dict[str, ShardTask] = {}  # by dataset: the latest task whose state others go on from
    images: Counter[str] = Counter()  # by dataset: in the chain up to there
    links: set[str] = set()  # their paths
    for spec in specs:
        dataset, clean = spec.config.dataset, spec.clean_source()
        identity, draws = spec.identity_with(clean), _chained_draws(spec)
        for shard_range in shard_ranges(clean.count, spec.split):
            after = last[dataset].path if draws and dataset in last else None
            task = ShardTask(spec, shard_range, identity, probe, draws is not None, after)
            # After shot noise one only waits for the state at its end, however it was found.
            if draws and (after is None or draws.depends_on_images):
                last[dataset] = task
                links.add(task.path)
                images[dataset] += shard_range.stop - shard_range.start
            tasks.append(task)

    def urgency(task: ShardTask) -> tuple[bool, int]:
        dataset = task.spec.config.dataset
        return (True, images[dataset]) if task.path in links else (False, 0)

    return sorted(tasks, key=urgency, reverse=True)


def _chained_draws(spec: TestSetSpec) -> Draws | None:
    """What the algorithm draws, if where it begins to draw depends on images; else None."""
    config = spec.config
    if isinstance(config, CleanConfig) or not spec.is_behind_images:
        return None
    return config.entry.algorithm.draws


def make_shard(
    task: ShardTask,
    output: OutputFolder,
    cache_dir: Path | None,
    state: RandomState | None,
    fetching: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> TaskResult:
    """Make a shard; runs in a worker process, on this machine or another.

    Args:
        task: which one.
        output: where test sets go.
        cache_dir: for clean test sets; None for that of `datasets` on the machine it runs on.
        state: the random state at the end of `task.after`, if it is known.
        fetching: gives what must be held while clean images are fetched.

    Raises:
        CleanDataError: this machine has other clean images or another version, or makes other images.
        BuildError: the shard cannot be written.
    """
    prepare_process()
    cache_dir = cache_dir or cache_folder()
    if task.probe is not None and (different := made_here().difference(task.probe)):
        raise CleanDataError(different)
    try:
        return _made(task, _opened(task.spec, cache_dir, task.identity, fetching), output, state)
    except CleanDataError:
        _opened.cache_clear()  # what is opened may be gone; a worker may live for weeks
        raise


def _made(
    task: ShardTask, test_set: TestSet, output: OutputFolder, state: RandomState | None
) -> TaskResult:
    config = test_set.config
    if not task.chained or isinstance(config, CleanConfig):
        return TaskResult(write_shard(test_set, task.range, output))
    streams = reference_streams(load_clean(test_set.clean_folder))
    if state is not None:
        key, packed = state
        streams.states[key] = packed
    shard = write_shard(test_set, task.range, output)
    where = (config.corruption, config.severity, task.range.stop)
    return TaskResult(shard, streams.state_before(*where))


@lru_cache(maxsize=64)
def _opened(
    spec: TestSetSpec,
    cache_dir: Path,
    identity: str,
    fetching: Callable[[], AbstractContextManager[None]],
) -> TestSet:
    with fetching() if spec.needs_fetching(cache_dir) else nullcontext():
        return spec.open(cache_dir, identity)
