"""The release's random streams, entered at any image.

The release was drawn in one go for each dataset: three streams, each started with seed 0, then for
each corruption in the table's order, for severity 1 to 5, for image 0 to N - 1. So the images
that draw from one stream form a sequence, and an image's place in it says what was drawn before:

* numpy's legacy `RandomState`: gaussian, speckle and shot noise, motion blur. Normals have a tape
  (`normals_tape.py`). What shot noise draws depends on the clean images: they must be drawn through.
* numpy's `default_rng`: impulse noise, the same number of draws each. It can jump.
* Python's `random`: stain deposit, bubble, characters. Drawn through; that is cheap.

N is the number of test images, so smaller files follow the same rule.
"""

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from itertools import repeat
from random import Random
from typing import Literal, NamedTuple

import numpy as np
from tqdm.auto import tqdm

from medmnist_c.corruptions.random.checkpoints import (
    random_state_at,
    remember,
    state_of,
    twister_at,
)
from medmnist_c.corruptions.registry import ALGORITHMS, Draws, RandomStream
from medmnist_c.corruptions.skips import SKIPS
from medmnist_c.corruptions.table import CORRUPTIONS, IMAGE_SIZE, SEVERITIES

StreamName = Literal["legacy", "pcg64", "python"]
STREAM_OF: dict[Draws, StreamName] = {
    "normals": "legacy",
    "poissons": "legacy",
    "angle": "legacy",
    "uniforms": "pcg64",
    "integers": "python",
}
IMAGE_SHAPE = (IMAGE_SIZE, IMAGE_SIZE, 3)  # grey images are drawn for as RGB, too
_DRAWN_THROUGH = ("poissons", "integers")  # no other way to a place than through those before
KEEP_EVERY = 128  # images between two states kept on the way


class Stretch(NamedTuple):
    """A corruption at a severity, as one stretch of a stream."""

    corruption: str
    severity: int

    def algorithm(self, dataset: str) -> str:
        return CORRUPTIONS[dataset][self.corruption].algorithm


def sequence(dataset: str, stream: StreamName) -> list[Stretch]:
    """The test sets of a dataset that draw from a stream, in the release's order."""
    return [
        Stretch(name, severity)
        for name, entry in CORRUPTIONS[dataset].items()
        if STREAM_OF.get(ALGORITHMS[entry.algorithm].draws) == stream
        for severity in SEVERITIES
    ]


def place_of(
    dataset: str, corruption: str, severity: int, index: int, count: int
) -> tuple[StreamName, int]:
    """An image's stream, and its place among the images that draw from it (count: N)."""
    stream = STREAM_OF[ALGORITHMS[CORRUPTIONS[dataset][corruption].algorithm].draws]
    stretch = sequence(dataset, stream).index(Stretch(corruption, severity))
    return stream, stretch * count + index


def behind_images(dataset: str, corruption: str) -> bool:
    """Whether its draws come after, or are, draws that depend on the clean images (shot noise)."""
    draws = ALGORITHMS[CORRUPTIONS[dataset][corruption].algorithm].draws
    if STREAM_OF.get(draws) != "legacy":
        return False
    earlier = [one.algorithm(dataset) for one in sequence(dataset, "legacy")]
    return draws == "poissons" or (draws == "angle" and "shot_noise" in earlier)


class ReferenceStreams:
    """The three streams of one dataset, for the test set of `images`.

    Args:
        dataset: name of the dataset.
        count: N, the number of its test images.
        images: `images(start, stop)` gives clean test images in order, uint8, 224 x 224 or
            224 x 224 x 3. Only asked where shot noise has to be drawn through.
        states: states found on the way, by stream and place, kept for the next time: any mutable
            mapping from ("legacy" | "python", place) to 625 uint32 (key and position of a Mersenne
            twister). Those kept by another test set's images must not be given.
    """

    def __init__(
        self,
        dataset: str,
        count: int,
        images: Callable[[int, int], Iterable[np.ndarray]],
        states: MutableMapping[tuple[StreamName, int], np.ndarray],
    ) -> None:
        self.dataset = dataset
        self.count = count
        self.images = images
        self.states = states

    def at(self, corruption: str, severity: int, index: int) -> RandomStream:
        """The stream just before an image's draws; then it runs on through the test set."""
        stream, place = place_of(self.dataset, corruption, severity, index, self.count)
        if stream == "pcg64":
            bit_generator = np.random.PCG64(0)
            bit_generator.advance(place * 2 * int(np.prod(IMAGE_SHAPE)))
            return np.random.Generator(bit_generator)
        if stream == "legacy" and place <= self._normals_end():
            return random_state_at(place)
        start, rng = self._nearest(stream, place)
        self._draw_on(stream, rng, start, place)
        return rng

    def keep(self, corruption: str, severity: int, index: int, rng: RandomStream) -> None:
        """Keep the state in which a stream stands before an image, where finding it took work."""
        stream, place = place_of(self.dataset, corruption, severity, index, self.count)
        draws = ALGORITHMS[CORRUPTIONS[self.dataset][corruption].algorithm].draws
        if draws in _DRAWN_THROUGH:
            self.states[stream, place] = _pack(rng)
        elif draws == "normals":
            remember(place, rng)

    def state_before(
        self, corruption: str, severity: int, index: int
    ) -> tuple[tuple[StreamName, int], np.ndarray] | None:
        """Key and value of the nearest kept state at or before an image, if there is one."""
        return self._nearest_kept(*place_of(self.dataset, corruption, severity, index, self.count))

    def _nearest_kept(
        self, stream: StreamName, place: int
    ) -> tuple[tuple[StreamName, int], np.ndarray] | None:
        first = self._first(stream)
        kept = (key for key in self.states if key[0] == stream and first < key[1] <= place)
        for key in sorted(kept, reverse=True):
            packed = self.states.get(key)  # None: damaged, and taken away
            if packed is not None:
                return key, packed
        return None

    def _first(self, stream: StreamName) -> int:
        """The last place that can be reached without drawing through."""
        return self._normals_end() if stream == "legacy" else 0

    def _normals_end(self) -> int:
        """Place in the legacy stream up to which only normals are drawn."""
        stretches = sequence(self.dataset, "legacy")
        normals = [ALGORITHMS[one.algorithm(self.dataset)].draws == "normals" for one in stretches]
        return [*normals, False].index(False) * self.count

    def _nearest(self, stream: StreamName, place: int) -> tuple[int, RandomStream]:
        if kept := self._nearest_kept(stream, place):
            (_, nearest), packed = kept
            return nearest, _unpack(stream, packed)
        first = self._first(stream)
        return first, random_state_at(first) if stream == "legacy" else Random(0)

    def _draw_on(self, stream: StreamName, rng: RandomStream, start: int, stop: int) -> None:
        """Draw what the images at places start ... stop - 1 draw."""
        for one, first, last in self._stretches(stream, start, stop):
            name = one.algorithm(self.dataset)
            parameters = CORRUPTIONS[self.dataset][one.corruption].parameters(one.severity)
            if name == "motion_blur":
                rng.random_sample(last - first)
                continue
            images = (
                self.images(first, last) if name == "shot_noise" else repeat(None, last - first)
            )
            bar = tqdm(
                images,
                desc=f"drawing through {self.dataset}_{one.corruption}_{one.severity}",
                total=last - first,
                unit=" images",
                disable=name != "shot_noise" or last - first < KEEP_EVERY,
                leave=False,
            )
            for index, image in enumerate(bar, first):
                SKIPS[name](image, *parameters, rng)
                if (index + 1) % KEEP_EVERY == 0:
                    self.keep(one.corruption, one.severity, index + 1, rng)

    def _stretches(
        self, stream: StreamName, start: int, stop: int
    ) -> Iterator[tuple[Stretch, int, int]]:
        for number, one in enumerate(sequence(self.dataset, stream)):
            first = max(start - number * self.count, 0)
            last = min(stop - number * self.count, self.count)
            if first < last:
                yield one, first, last


def _pack(rng: RandomStream) -> np.ndarray:
    if isinstance(rng, Random):
        return np.array(rng.getstate()[1], np.uint32)
    key, position = state_of(rng.get_state(legacy=False))
    return np.append(key, np.uint32(position))


def _unpack(stream: StreamName, packed: np.ndarray) -> RandomStream:
    if stream == "python":
        rng = Random()
        rng.setstate((3, tuple(packed.tolist()), None))
        return rng
    return np.random.RandomState(twister_at(packed[:624], int(packed[624])))
