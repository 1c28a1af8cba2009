"""How a test set is cut into parts that processes make side by side."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """Images start ... stop - 1, and the stretch of images that they belong to.

    A stretch begins where random draws can be entered. Whoever makes its first part goes on with the
    others.
    """

    start: int
    stop: int
    stretch: tuple[int, int]

    @property
    def follows(self) -> bool:
        """Whether it goes on from another part."""
        return self.start > self.stretch[0]


def parts_of(count: int, points: Sequence[int] | None, longest: int) -> list[Part]:
    """Parts of at most `longest` of `count` images.

    Args:
        count: of images.
        points: where a stretch can begin, rising; None for anywhere.
        longest: images.
    """
    parts = []
    for first, last in _stretches(
        count, range(0, count, longest) if points is None else points, longest
    ):
        for start in range(first, last, longest):
            parts.append(Part(start, min(start + longest, last), (first, last)))
    return parts


def _stretches(count: int, points: Sequence[int], longest: int) -> list[tuple[int, int]]:
    """From one point to the last that is within `longest`, or to the next one."""
    found, start = [], 0
    while start < count:
        number = bisect_right(points, start + longest) - 1
        if number < 0 or points[number] <= start:
            number += 1
        stop = points[number] if number < len(points) else count
        if start + longest >= count:
            stop = count
        found.append((start, stop))
        start = stop
    return found
