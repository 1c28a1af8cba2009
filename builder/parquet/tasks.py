"""Units of work: the shards of test sets, each made by one process, the same bytes wherever.

Most need nothing of each other. Those behind draws that depend on the images (shot noise, and what
comes after it in the same stream) start where an earlier one ends: it hands on its random state, so
that every value is drawn once.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import datasets
import numpy as np

from medmnist_c.builder.configs import CorruptedConfig
from medmnist_c.builder.errors import CleanDataError
from medmnist_c.builder.executor.base import prepare_process
from medmnist_c.builder.parquet.output_folder import OutputFolder
from medmnist_c.builder.parquet.shards import Shard, Stretch, stretches, write_shard
from medmnist_c.builder.source.clean import load_clean
from medmnist_c.builder.testset.images import reference_streams
from medmnist_c.builder.testset.spec import TestSet, TestSetSpec
from medmnist_c.builder.versions import file_library_versions
from medmnist_c.corruptions.reference import depends_on_images

State = tuple[tuple[str, int], np.ndarray]
"""A random state: the key and the value under which a `StateFolder` keeps it."""


@dataclass(frozen=True)
class ShardTask:
    """A shard to be made.

    `identity` and `versions` are those of the process that asks: another machine that would make other
    bytes says so instead. `chained` units are behind draws that depend on the images; `after` is
    the path of the one whose random state this one goes on from.
    """

    spec: TestSetSpec
    stretch: Stretch
    identity: str
    versions: dict[str, str]
    chained: bool = False
    after: str | None = None

    @property
    def path(self) -> str:
        """Of the file that it makes, in a folder or repository of test sets."""
        return f"{self.spec.config.folder}/{self.stretch.name}"


@dataclass(frozen=True)
class TaskResult:
    """A made shard, and the random state at its end where a later unit goes on from it."""

    shard: Shard
    state: State | None = None


def tasks_of(specs: Iterable[TestSetSpec]) -> list[ShardTask]:
    """The shards of test sets as units, in the order in which they are best begun.

    First those that others wait for: they take longest as a whole, dataset by dataset, the longest
    chain first. Then all others.
    """
    units = []
    last: dict[str, ShardTask] = {}  # by dataset: the latest unit whose state others go on from
    images: Counter[str] = Counter()  # by dataset: in the chain up to there
    links: set[str] = set()  # their paths
    for spec in specs:
        one, identity = spec.config, spec.identity()
        chained = _is_chained(spec)
        for stretch in stretches(spec.clean_source().count):
            after = last[one.dataset].path if chained and one.dataset in last else None
            unit = ShardTask(spec, stretch, identity, file_library_versions(), chained, after)
            # After shot noise one only waits for the state at its end, however it was found.
            if chained and (after is None or one.entry.algorithm.draws.depends_on_images):
                last[one.dataset] = unit
                links.add(unit.path)
                images[one.dataset] += stretch.stop - stretch.start
            units.append(unit)

    def urgency(unit: ShardTask) -> tuple[bool, int]:
        dataset = unit.spec.config.dataset
        return (True, images[dataset]) if unit.path in links else (False, 0)

    return sorted(units, key=urgency, reverse=True)


def _is_chained(spec: TestSetSpec) -> bool:
    one = spec.config
    return (
        spec.source.seed is None
        and isinstance(one, CorruptedConfig)
        and depends_on_images(one.dataset, one.corruption)
    )


def run_task(
    unit: ShardTask,
    place: OutputFolder,
    cache_dir: Path | None,
    state: State | None,
    fetching: Callable[[], AbstractContextManager] = nullcontext,
) -> TaskResult:
    """Make a shard; runs in a worker process, on this machine or another.

    Args:
        unit: which one.
        place: where test sets go.
        cache_dir: for clean test sets; None for that of `datasets` on the machine it runs on.
        state: the random state at the end of `unit.after`, if it is known.
        fetching: gives what must be held while clean images are fetched.

    Raises:
        CleanDataError: this machine has other clean images, another version, or other libraries.
        BuildError: the shard cannot be written.
    """
    prepare_process()
    cache_dir = cache_dir or Path(datasets.config.HF_DATASETS_CACHE)
    if unit.versions != file_library_versions():
        raise CleanDataError(
            f"Workers have other libraries ({file_library_versions()}) than the machine that asks "
            f"({unit.versions}); install the same versions everywhere."
        )
    try:
        return _made(unit, _opened(unit.spec, cache_dir, unit.identity, fetching), place, state)
    except CleanDataError:
        _opened.cache_clear()  # what is opened may be gone; a worker may live for weeks
        raise


def _made(
    unit: ShardTask, test_set: TestSet, place: OutputFolder, state: State | None
) -> TaskResult:
    if not unit.chained:
        return TaskResult(write_shard(test_set, unit.stretch, place))
    streams = reference_streams(load_clean(test_set.clean_folder))
    if state is not None:
        key, packed = state
        streams.states[key] = packed
    shard = write_shard(test_set, unit.stretch, place)
    one = test_set.config
    return TaskResult(shard, streams.state_before(one.corruption, one.severity, unit.stretch.stop))


@lru_cache(maxsize=64)
def _opened(
    spec: TestSetSpec,
    cache_dir: Path,
    identity: str,
    fetching: Callable[[], AbstractContextManager],
) -> TestSet:
    with fetching() if spec.needs_fetching(cache_dir) else nullcontext():
        return spec.open(cache_dir, identity)
