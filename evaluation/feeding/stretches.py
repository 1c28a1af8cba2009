"""Test sets as stretches of images, in order: made in this process, or by others side by side."""

import contextlib
import itertools
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np

from medmnist_c.builder.testset.parts import Part
from medmnist_c.evaluation.feeding.inputs import ModelInput, RowFormat
from medmnist_c.evaluation.feeding.maker import Maker, formats_of
from medmnist_c.evaluation.feeding.memory import SharedMemory
from medmnist_c.evaluation.feeding.pool import Pending, Pool, pool_of
from medmnist_c.evaluation.feeding.worker import Task, dump_inputs, rows_at
from medmnist_c.evaluation.image_sources import ReadableTestSet
from medmnist_c.evaluation.prefetch import prefetched

_LONGEST = 128  # images; the reference's random states are cached as often
_FEWEST = 16
_FOLLOWING = 3  # parts that one worker makes after each other: one is made, one waits, one is read
_MOST_BYTES = 1 << 30  # of shared memory, unless the workers need more to be busy
_ALIGNED = 64  # bytes

Job = TypeVar("Job")


@dataclass(frozen=True)
class Stretch:
    """Successive images of a test set.

    labels: whole numbers, N x K.
    rows: for each input what it is, as bytes, N x row_bytes; they are overwritten when the next
        stretch is asked for.
    formats: of each input.
    last: whether the test set ends with it.
    """

    labels: np.ndarray
    rows: Sequence[np.ndarray]
    formats: Sequence[RowFormat]
    last: bool


Jobs = Iterator[tuple[Job, ReadableTestSet]]
Fed = Generator[tuple[Job, Stretch], None, None]


@dataclass(frozen=True)
class Lanes(Generic[Job]):
    """What is to be done, and on which test sets; asked for one by one, when it is their turn.

    apart: test sets that know nothing of each other.
    chained: each begins to draw where the one before it ends, which is known when that is made.
    """

    apart: Jobs[Job]
    chained: Jobs[Job] = field(default_factory=lambda: iter(()))


def fed_here(lanes: Lanes[Job], inputs: Sequence[ModelInput], longest: int) -> Fed[Job]:
    """The stretches of each test set in turn, made by a thread of this process.

    Args:
        lanes: what is to be done; asked for when the one before is finished.
        inputs: what is made of each image.
        longest: images of a stretch.
    """
    for job, test_set in itertools.chain(lanes.apart, lanes.chained):
        maker = Maker(inputs, formats_of(inputs, test_set))
        with contextlib.closing(prefetched(_made_here(maker, test_set, longest))) as stretches:
            for stretch in stretches:
                yield job, stretch


def _made_here(maker: Maker, test_set: ReadableTestSet, longest: int) -> Iterator[Stretch]:
    for start in range(0, test_set.count, longest):
        stop = min(start + longest, test_set.count)
        rows = [np.empty((stop - start, form.row_bytes), np.uint8) for form in maker.formats]
        labels = maker.make(test_set, Part(start, stop, (0, test_set.count)), rows)
        yield Stretch(labels, rows, maker.formats, stop == test_set.count)


def fed_by_processes(lanes: Lanes[Job], inputs: Sequence[ModelInput], number: int) -> Fed[Job]:
    """As `fed_here`, but made by so many processes, up to some hundred images ahead.

    The next jobs are asked for while the one before is not finished. A test set of each lane is under
    way at a time: its stretches come in order, between those of the other lane. The very first one goes
    alone: what is known of it decides what is asked for. All test sets are of one dataset.

    Raises:
        PredictionError: a worker process has ended.
    """
    first = next(itertools.chain(lanes.apart, lanes.chained), None)
    if first is None:
        return
    formats = formats_of(inputs, first[1])
    layout = _Layout.of(formats, number)
    memory = SharedMemory(layout.segments * layout.segment_bytes)
    try:
        with pool_of(number, memory, dump_inputs(inputs), formats) as pool:
            for some in (Lanes(iter([first])), lanes):
                yield from _Run(some, pool, memory.array(), layout).stretches()
    finally:
        memory.close()


@dataclass(frozen=True)
class _Layout:
    """How the shared memory is cut: segments, each for so many images of each input."""

    formats: Sequence[RowFormat]
    longest: int
    segments: int

    @classmethod
    def of(cls, formats: Sequence[RowFormat], workers: int) -> "_Layout":
        """Two to four segments for each worker, shorter ones where images are large."""
        row = sum(form.row_bytes for form in formats)
        longest = min(max(_MOST_BYTES // row // (2 * workers + 1), _FEWEST), _LONGEST)
        fitting = _MOST_BYTES // (row * longest)
        return cls(formats, longest, min(max(fitting, 2 * workers + 1), 4 * workers + 1))

    @property
    def segment_bytes(self) -> int:
        return sum(self._sizes)

    @property
    def _sizes(self) -> list[int]:
        return [-(-form.row_bytes * self.longest // _ALIGNED) * _ALIGNED for form in self.formats]

    def offsets(self, segment: int) -> tuple[int, ...]:
        """Where each input of a segment begins."""
        first = segment * self.segment_bytes
        return tuple(itertools.accumulate(self._sizes[:-1], initial=first))


@dataclass
class _Lane(Generic[Job]):
    """Test sets that are made one after the other, in parts that are given out and come back in order.

    longest: images of a part.
    chained: a test set waits until the one before it is made.
    """

    jobs: Jobs[Job]
    longest: int
    chained: bool = False
    parts: deque[tuple[Job, ReadableTestSet, Part]] = field(default_factory=deque)
    given: deque[tuple[Job, Pending, int]] = field(default_factory=deque)  # with their segments
    error: Exception | None = None

    @property
    def has_room(self) -> bool:
        """Whether more parts may be given out: of those that follow each other, only few."""
        follows = bool(self.parts) and self.parts[0][2].follows
        return not follows or len(self.given) < _FOLLOWING

    def plan(self) -> bool:
        """Cut the next test set into parts, if it can be done now."""
        if self.error or (self.chained and self.given):
            return False
        try:
            following = next(self.jobs, None)
            if following is None:
                return False
            job, test_set = following
            parts = test_set.parts(self.longest)
        except Exception as error:  # the test sets before it come first
            self.error = error
            return False
        self.parts.extend((job, test_set, part) for part in parts)
        return bool(parts)


class _Run(Generic[Job]):
    """Test sets on their way through a pool."""

    def __init__(self, lanes: Lanes[Job], pool: Pool, memory: np.ndarray, layout: _Layout) -> None:
        self._pool, self._memory, self._layout = pool, memory, layout
        self._free = deque(range(layout.segments))
        # First those that others wait for.
        self._lanes = (
            _Lane(lanes.chained, layout.longest, chained=True),
            _Lane(lanes.apart, layout.longest),
        )

    def stretches(self) -> Fed[Job]:
        while True:
            self._submit()
            lane = self._come()
            if lane is not None:
                job, stretch, segment = self._taken(lane)
                yield job, stretch
                self._free.append(segment)
                self._pool.collect(0)
            elif any(one.given for one in self._lanes):
                self._pool.collect()
            else:
                return

    def _submit(self) -> None:
        """Give out the next parts, as far as there is memory for them."""
        for lane in self._lanes:
            while self._free and lane.has_room and (lane.parts or lane.plan()):
                job, test_set, part = lane.parts.popleft()
                segment = self._free.popleft()
                task = Task(test_set, part, self._layout.offsets(segment))
                lane.given.append((job, self._pool.submit(task), segment))

    def _come(self) -> _Lane[Job] | None:
        """A lane whose next stretch has come."""
        for lane in self._lanes:
            if lane.given and lane.given[0][1].result is not None:
                return lane
            if lane.error and not lane.given and not lane.parts:
                raise lane.error
        return None

    def _taken(self, lane: _Lane[Job]) -> tuple[Job, Stretch, int]:
        job, pending, segment = lane.given.popleft()
        result, task = pending.result, pending.task
        assert result is not None
        if result.labels is None:
            raise result.error or AssertionError
        formats = self._layout.formats
        rows = rows_at(self._memory, task.offsets, formats, len(result.labels))
        last = task.part.stop == task.test_set.count
        return job, Stretch(result.labels, rows, formats, last), segment
