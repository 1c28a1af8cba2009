"""The reference's random streams, entered at any image.

The reference was drawn in one go for each dataset: three streams, each started with seed 0, then for
each corruption in the table's order, for severity 1 to 5, for image 0 to N - 1. So the images
that draw from one stream form a sequence, and an image's index in it says what was drawn before:

* numpy's legacy `RandomState`: gaussian, speckle and shot noise, motion blur. Normals have
  checkpoints (`random/checkpoints.py`). What shot noise draws depends on the clean images: to get past
  it, it is drawn.
* numpy's `default_rng`: impulse noise, the same number of draws each. It can jump.
* Python's `random`: stain deposit, bubble, characters. They are drawn, which is cheap.

N is the number of test images, so smaller files follow the same rule.
"""

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from itertools import repeat, takewhile
from random import Random
from typing import NamedTuple

import numpy as np
from tqdm.auto import tqdm

from medmnist_c.corruptions.image import IMAGE_SIZE
from medmnist_c.corruptions.random import checkpoints
from medmnist_c.corruptions.random.streams import (
    RandomStream,
    StreamName,
    packed_state,
    unpacked_stream,
)
from medmnist_c.corruptions.registry import Draws
from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES

IMAGE_SHAPE = (IMAGE_SIZE, IMAGE_SIZE, 3)  # grey images are drawn for as RGB, too
CACHE_EVERY = 128  # images between two states cached on the way

StateKey = tuple[StreamName, int]
"""A stream and the index, in its sequence, of the image before which it stands."""


class Segment(NamedTuple):
    """A corruption at a severity: the part of a stream that its images draw."""

    corruption: str
    severity: int


def segments(dataset: str, stream: StreamName) -> list[Segment]:
    """The test sets of a dataset that draw from a stream, in the reference's order."""
    return [
        Segment(name, severity)
        for name, entry in CORRUPTIONS[dataset].items()
        if entry.algorithm.draws and entry.algorithm.draws.stream == stream
        for severity in SEVERITIES
    ]


def stream_index(
    dataset: str, corruption: str, severity: int, index: int, count: int
) -> tuple[StreamName, int]:
    """An image's stream, and its index among the images that draw from it.

    Args:
        dataset, corruption, severity, index: which image; of a corruption that draws.
        count: N, the number of the dataset's test images.
    """
    stream = _draws(dataset, corruption).stream
    segment = segments(dataset, stream).index(Segment(corruption, severity))
    return stream, segment * count + index


def _draws(dataset: str, corruption: str) -> Draws:
    draws = CORRUPTIONS[dataset][corruption].algorithm.draws
    if draws is None:
        raise ValueError(f"{corruption} of {dataset} draws nothing; ask for no stream.")
    return draws


def depends_on_images(dataset: str, corruption: str) -> bool:
    """Whether its draws, or any before them in the stream, depend on the clean images (shot noise)."""
    draws = CORRUPTIONS[dataset][corruption].algorithm.draws
    if draws is None:
        return False
    names = list(dict.fromkeys(one.corruption for one in segments(dataset, draws.stream)))
    up_to_here = names[: names.index(corruption) + 1]
    return any(_draws(dataset, name).depends_on_images for name in up_to_here)


class ReferenceStreams:
    """The three streams of one dataset, for the test set of `images`.

    Args:
        dataset: name of the dataset.
        count: N, the number of its test images.
        images: `images(start, stop)` gives clean test images in order, uint8, 224 x 224 or
            224 x 224 x 3. Only asked where shot noise has to be advanced past.
        states: states found on the way, cached for the next time: any mutable mapping from stream
            ("legacy" or "python") and index to 625 uint32 (`packed_state`). Those cached by another
            test set's images must not be given.
    """

    def __init__(
        self,
        dataset: str,
        count: int,
        images: Callable[[int, int], Iterable[np.ndarray]],
        states: MutableMapping[StateKey, np.ndarray],
    ) -> None:
        self.dataset = dataset
        self.count = count
        self.images = images
        self.states = states

    def at(self, corruption: str, severity: int, index: int) -> RandomStream:
        """The stream just before an image's draws; then it runs on through the test set."""
        stream, target = self._index(corruption, severity, index)
        start = min(target, self._enterable(stream))
        found = self._nearest_state(stream, target)
        if found is None:
            rng = _entered(stream, start)
        else:
            (_, start), packed = found
            rng = unpacked_stream(stream, packed)
        self._advance(stream, rng, start, target)
        return rng

    def entry_points(self, corruption: str, severity: int) -> list[int] | None:
        """Images of a test set before which `at` has little to draw, rising; None for all of them."""
        draws = _draws(self.dataset, corruption)
        stream, first = self._index(corruption, severity, 0)
        if draws.depends_on_images:
            known = [index for name, index in self.states if name == stream]
        elif draws.advance is None and stream == "legacy":
            known = checkpoints.checkpoints()[0].tolist()
        else:
            return None
        return sorted(index - first for index in known if 0 <= index - first < self.count)

    def cache_state(self, corruption: str, severity: int, index: int, rng: RandomStream) -> None:
        """Cache the state in which a stream stands before an image, where finding it took work."""
        draws = _draws(self.dataset, corruption)
        stream, target = self._index(corruption, severity, index)
        if draws.cache_states:
            self.states[stream, target] = packed_state(rng)
        elif draws.advance is None and isinstance(rng, np.random.RandomState):
            checkpoints.cache_state(target, rng)

    def state_before(
        self, corruption: str, severity: int, index: int
    ) -> tuple[StateKey, np.ndarray] | None:
        """Key and value of the nearest cached state at or before an image, if there is one."""
        return self._nearest_state(*self._index(corruption, severity, index))

    def _index(self, corruption: str, severity: int, index: int) -> StateKey:
        return stream_index(self.dataset, corruption, severity, index, self.count)

    def _nearest_state(self, stream: StreamName, target: int) -> tuple[StateKey, np.ndarray] | None:
        first = self._enterable(stream)
        packed = self.states.get((stream, target)) if first < target else None
        if packed is not None:
            return (stream, target), packed
        cached = (key for key in self.states if key[0] == stream and first < key[1] <= target)
        for key in sorted(cached, reverse=True):
            packed = self.states.get(key)  # None: damaged, and removed
            if packed is not None:
                return key, packed
        return None

    def _enterable(self, stream: StreamName) -> int:
        """The last index at which the stream is entered without advancing past images."""
        known = takewhile(
            lambda one: _draws(self.dataset, one.corruption).advance is None,
            segments(self.dataset, stream),
        )
        return sum(1 for _ in known) * self.count

    def _advance(self, stream: StreamName, rng: RandomStream, start: int, stop: int) -> None:
        """Draw what images start ... stop - 1 of the stream's sequence draw."""
        for one, first, last in self._parts(stream, start, stop):
            entry = CORRUPTIONS[self.dataset][one.corruption]
            draws, parameters = _draws(self.dataset, one.corruption), entry.parameters(one.severity)
            assert (
                draws.advance is not None
            )  # those without one come first, and `start` is after them
            images = (
                self.images(first, last) if draws.depends_on_images else repeat(None, last - first)
            )
            bar = tqdm(
                images,
                desc=f"advancing past {self.dataset}_{one.corruption}_{one.severity}",
                total=last - first,
                unit=" images",
                disable=not draws.depends_on_images or last - first < CACHE_EVERY,
                leave=False,
            )
            for index, image in enumerate(bar, first):
                draws.advance(image, *parameters, rng=rng)
                if (index + 1) % CACHE_EVERY == 0:
                    self.cache_state(one.corruption, one.severity, index + 1, rng)

    def _parts(
        self, stream: StreamName, start: int, stop: int
    ) -> Iterator[tuple[Segment, int, int]]:
        """The test sets in images start ... stop - 1 of the sequence, and which of their images."""
        for number, one in enumerate(segments(self.dataset, stream)):
            first = max(start - number * self.count, 0)
            last = min(stop - number * self.count, self.count)
            if first < last:
                yield one, first, last


def _entered(stream: StreamName, index: int) -> RandomStream:
    """The stream after `index` images that all draw as many: two uniforms or one normal a byte."""
    if stream == "pcg64":
        bit_generator = np.random.PCG64(0)
        bit_generator.advance(index * 2 * int(np.prod(IMAGE_SHAPE)))
        return np.random.Generator(bit_generator)
    return checkpoints.random_state_at(index) if stream == "legacy" else Random(0)
