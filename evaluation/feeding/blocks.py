"""Test sets as blocks of images, in order: made in this process, or by others side by side."""

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
class Block:
    """Successive images of a test set.

    labels: whole numbers, N x K.
    rows: for each input what it is, as bytes, N x row_bytes; they are overwritten when the next
        block is asked for.
    formats: of each input.
    last: whether the test set ends with it.
    """

    labels: np.ndarray
    rows: Sequence[np.ndarray]
    formats: Sequence[RowFormat]
    last: bool


Jobs = Iterator[tuple[Job, ReadableTestSet]]
Fed = Generator[tuple[Job, Block], None, None]


@dataclass(frozen=True)
class Lanes(Generic[Job]):
    """What is to be done, and on which test sets; asked for one by one, when it is their turn.

    apart: test sets that know nothing of each other.
    chained: each begins to draw where the one before it ends, which is known when that is made.
    """

    apart: Jobs[Job]
    chained: Jobs[Job] = field(default_factory=lambda: iter(()))


def fed_here(lanes: Lanes[Job], inputs: Sequence[ModelInput], longest: int) -> Fed[Job]:
    """The blocks of each test set in turn, made by a thread of this process.

    Args:
        lanes: what is to be done; asked for when the one before is finished.
        inputs: what is made of each image.
        longest: images of a block.
    """
    for job, test_set in itertools.chain(lanes.apart, lanes.chained):
        maker = Maker(inputs, formats_of(inputs, test_set))
        with contextlib.closing(prefetched(_made_here(maker, test_set, longest))) as blocks:
            for block in blocks:
                yield job, block


def _made_here(maker: Maker, test_set: ReadableTestSet, longest: int) -> Iterator[Block]:
    for start in range(0, test_set.count, longest):
        stop = min(start + longest, test_set.count)
        rows = [np.empty((stop - start, form.row_bytes), np.uint8) for form in maker.formats]
        labels = maker.make(test_set, Part(start, stop, (0, test_set.count)), rows)
        yield Block(labels, rows, maker.formats, stop == test_set.count)


def fed_by_processes(lanes: Lanes[Job], inputs: Sequence[ModelInput], number: int) -> Fed[Job]:
    """As `fed_here`, but made by so many processes, up to some hundred images ahead.

    The next jobs are asked for while those before are not finished. Several test sets may be under way
    at a time: the blocks of each come in order, between those of others. The very first one goes
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
                yield from _Run(some, pool, memory.array(), layout).blocks()
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


@dataclass(eq=False)
class _Lane(Generic[Job]):
    """Test sets that are made one after the other, in parts that are given out and come back in order.

    chained: a test set waits until the one before it is made, and its worker does nothing else.
    """

    jobs: Jobs[Job]
    chained: bool = False
    parts: deque[tuple[Job, ReadableTestSet, Part]] = field(default_factory=deque)
    given: deque[tuple[Job, Pending, int]] = field(default_factory=deque)  # with their segments

    @property
    def open(self) -> bool:
        """Whether it has parts that are not made and read yet."""
        return bool(self.parts or self.given)

    @property
    def may_plan(self) -> bool:
        """Whether the next test set can be cut into parts now."""
        return not self.parts and not (self.chained and self.given)


class _Run(Generic[Job]):
    """Test sets on their way through a pool.

    There is a lane for those that are chained, and as many as workers for the others. Parts that follow
    each other keep one worker busy, so the next lane is opened where a worker has nothing to do.
    """

    def __init__(self, lanes: Lanes[Job], pool: Pool, memory: np.ndarray, layout: _Layout) -> None:
        self._pool, self._memory, self._layout = pool, memory, layout
        self._free = deque(range(layout.segments))
        self._error: Exception | None = None
        # First those that others wait for.
        self._lanes = [_Lane(lanes.chained, chained=True)]
        self._lanes += [_Lane(lanes.apart) for _ in range(pool.size)]

    def blocks(self) -> Fed[Job]:
        while True:
            self._submit()
            lane = next((one for one in self._lanes if _has_come(one)), None)
            if lane is not None:
                job, block, segment = self._taken(lane)
                yield job, block
                self._free.append(segment)
                self._pool.collect(0)
            elif any(one.given for one in self._lanes):
                self._pool.collect()
            elif self._error:  # the test sets before it came first
                raise self._error
            else:
                return

    def _submit(self) -> None:
        """Give out the next parts, as far as there is memory for them."""
        chained, first, *_ = self._lanes
        for lane in self._lanes:
            if not (lane.open or lane in (chained, first) or self._pool.has_idle):
                continue
            while self._free and (lane.parts or self._plan(lane)) and self._has_room(lane):
                job, test_set, part = lane.parts.popleft()
                segment = self._free.popleft()
                task = Task(test_set, part, self._layout.offsets(segment))
                lane.given.append((job, self._pool.submit(task, lane.chained), segment))

    def _plan(self, lane: _Lane[Job]) -> bool:
        """Cut the next test set into parts, if it can be done now."""
        if self._error or not lane.may_plan:
            return False
        try:
            following = next(lane.jobs, None)
            if following is None:
                return False
            job, test_set = following
            parts = test_set.parts(self._layout.longest)
        except Exception as error:
            self._error = error
            return False
        lane.parts.extend((job, test_set, part) for part in parts)
        return bool(parts)

    def _has_room(self, lane: _Lane[Job]) -> bool:
        """Whether more parts may be given out: of those that follow each other, only few."""
        if lane.parts[0][2].follows:
            return len(lane.given) < _FOLLOWING
        others = sum(one.open for one in self._lanes if one is not lane)
        return len(lane.given) < max(_FOLLOWING, self._layout.segments - _FOLLOWING * others)

    def _taken(self, lane: _Lane[Job]) -> tuple[Job, Block, int]:
        job, pending, segment = lane.given.popleft()
        result, task = pending.result, pending.task
        assert result is not None
        if result.labels is None:
            raise result.error or AssertionError
        formats = self._layout.formats
        rows = rows_at(self._memory, task.offsets, formats, len(result.labels))
        last = task.part.stop == task.test_set.count
        return job, Block(result.labels, rows, formats, last), segment


def _has_come(lane: _Lane) -> bool:
    return bool(lane.given) and lane.given[0][1].result is not None
