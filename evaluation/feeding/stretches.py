"""Test sets as stretches of images, in order: made in this process, or by others side by side."""

import contextlib
import itertools
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
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
Fed = Generator[tuple[Job, Iterator[Stretch]], None, None]


def fed_here(jobs: Jobs[Job], inputs: Sequence[ModelInput], longest: int) -> Fed[Job]:
    """Each job with the stretches of its test set, made by a thread of this process.

    Args:
        jobs: what is to be done, and on which test set; asked for when the one before is finished.
        inputs: what is made of each image.
        longest: images of a stretch.
    """
    for job, test_set in jobs:
        maker = Maker(inputs, formats_of(inputs, test_set))
        with contextlib.closing(prefetched(_made_here(maker, test_set, longest))) as stretches:
            yield job, stretches


def _made_here(maker: Maker, test_set: ReadableTestSet, longest: int) -> Iterator[Stretch]:
    for start in range(0, test_set.count, longest):
        stop = min(start + longest, test_set.count)
        rows = [np.empty((stop - start, form.row_bytes), np.uint8) for form in maker.formats]
        labels = maker.make(test_set, Part(start, stop, (0, test_set.count)), rows)
        yield Stretch(labels, rows, maker.formats, stop == test_set.count)


def fed_by_processes(jobs: Jobs[Job], inputs: Sequence[ModelInput], number: int) -> Fed[Job]:
    """As `fed_here`, but made by so many processes, up to some hundred images ahead.

    The next jobs are asked for while the one before is not finished. All test sets are of one dataset.

    Raises:
        PredictionError: a worker process has ended.
    """
    first = next(jobs, None)
    if first is None:
        return
    formats = formats_of(inputs, first[1])
    layout = _Layout.of(formats, number)
    memory = SharedMemory(layout.segments * layout.segment_bytes)
    try:
        with pool_of(number, memory, dump_inputs(inputs), formats) as pool:
            run = _Run(itertools.chain([first], jobs), pool, memory.array(), layout)
            made = run.stretches()
            for job, stretch in made:
                yield job, _up_to_last(stretch, made)
    finally:
        memory.close()


def _up_to_last(stretch: Stretch, made: Iterator[tuple[Job, Stretch]]) -> Iterator[Stretch]:
    yield stretch
    while not stretch.last:
        _, stretch = next(made)
        yield stretch


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


class _Run(Generic[Job]):
    """Test sets on their way through a pool: parts are given out, and come back, in order."""

    def __init__(self, jobs: Jobs[Job], pool: Pool, memory: np.ndarray, layout: _Layout) -> None:
        self._jobs, self._pool, self._memory, self._layout = jobs, pool, memory, layout
        self._free = deque(range(layout.segments))
        self._parts: deque[tuple[Job, ReadableTestSet, Part]] = deque()
        self._given: deque[tuple[Job, Pending, int]] = deque()  # with their segments
        self._draws_through = False
        self._error: Exception | None = None

    def stretches(self) -> Iterator[tuple[Job, Stretch]]:
        while True:
            self._submit()
            if not self._given:
                break
            job, pending, segment = self._given.popleft()
            while (result := pending.result) is None:
                self._pool.collect()
            if result.labels is None:
                raise result.error or AssertionError
            part, count = pending.task.part, len(result.labels)
            rows = rows_at(self._memory, pending.task.offsets, self._layout.formats, count)
            last = part.stop == pending.task.test_set.count
            yield job, Stretch(result.labels, rows, self._layout.formats, last)
            self._free.append(segment)
            self._pool.collect(0)
        if self._error:
            raise self._error

    def _submit(self) -> None:
        """Give out the next parts, as far as there is memory for them."""
        while self._free and (self._parts or self._plan()):
            job, test_set, part = self._parts.popleft()
            segment = self._free.popleft()
            task = Task(test_set, part, self._layout.offsets(segment))
            self._given.append((job, self._pool.submit(task), segment))

    def _plan(self) -> bool:
        """Cut the next test set into parts, if it can be done now."""
        if self._error or (self._draws_through and self._pool.busy):
            return False
        try:
            following = next(self._jobs, None)
            if following is None:
                return False
            job, test_set = following
            parts = test_set.parts(self._layout.longest)
        except Exception as error:  # the test sets before it come first
            self._error = error
            return False
        self._parts.extend((job, test_set, part) for part in parts)
        self._draws_through = parts[-1].follows  # what comes next may begin where this one ends
        return bool(parts)
