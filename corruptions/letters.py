"""Words in Hershey's Roman duplex letters, one line of pixels wide, smoothed, as OpenCV 4 writes them.

OpenCV 5 writes in other letters, but draws the same lines. `letters.json` has for each letter its width
and its strokes, points (x, y) from the letter's left end on its baseline, y down. The Hershey Fonts were
originally created by Dr. A. V. Hershey while working at the U. S. National Bureau of Standards
("Calligraphy for Computers", 1967; these are nos. 2601-2626); the data was taken from the format
created by James Hurt, Cognition, Inc.
"""

import json
import string
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from itertools import accumulate, pairwise

import cv2
import numpy as np

HEIGHT = 22  # pixels at scale 1, the widest letter too
LONGEST_WORD = 11_000  # pixels

_FRACTION_BITS = 16  # of a pixel, in OpenCV's whole numbers of 32 bits
_FARTHEST = 1 << 14  # pixels; with `LONGEST_WORD` they fit into these


def _read_letters() -> tuple[dict[str, int], dict[str, np.ndarray], dict[str, list[int]]]:
    """Widths; points, int64, points x 2; how many points each stroke has."""
    text = resources.files(__package__).joinpath("letters.json").read_text("utf-8")
    letters = json.loads(text).items()
    return (
        {letter: entry["width"] for letter, entry in letters},
        {letter: np.concatenate(entry["strokes"]) for letter, entry in letters},
        {letter: [len(stroke) for stroke in entry["strokes"]] for letter, entry in letters},
    )


_WIDTHS, _POINTS, _LENGTHS = _read_letters()


def draw_word(
    image: np.ndarray, word: str, scale: float, corner: tuple[int, int], colour: Sequence[int]
) -> None:
    """Write a word into an image.

    Args:
        image: uint8, H x W x 3, contiguous; changed.
        word: letters a-z, at most `LONGEST_WORD` pixels.
        scale: 1 gives letters of up to `HEIGHT` pixels.
        corner: column of the word's left end, row of its baseline, not left of or above the image.
        colour: three levels.
    """
    if _opencv_has_them():
        cv2.putText(image, word, corner, cv2.FONT_HERSHEY_DUPLEX, scale, colour, 1, cv2.LINE_AA)
    else:
        draw_strokes(image, word, scale, corner, colour)


@lru_cache(maxsize=1)
def _opencv_has_them() -> bool:
    """Whether OpenCV writes these letters itself, which takes it half the time."""
    ours, theirs = np.zeros((2, 32, 640, 3), np.uint8)
    at, colour = (4, 24), (255, 155, 55)
    draw_strokes(ours, string.ascii_lowercase, 0.97, at, colour)
    font = cv2.FONT_HERSHEY_DUPLEX
    cv2.putText(theirs, string.ascii_lowercase, at, font, 0.97, colour, 1, cv2.LINE_AA)
    return np.array_equal(ours, theirs)


def draw_strokes(
    image: np.ndarray, word: str, scale: float, corner: tuple[int, int], colour: Sequence[int]
) -> None:
    """`draw_word` by no more of OpenCV than its lines."""
    left, bottom = corner
    # In a very large image only what lies near the word, so that OpenCV's numbers can hold it.
    first_column, first_row = max(0, left - _FARTHEST), max(0, bottom - _FARTHEST)
    image = image[first_row:, first_column:]
    points = np.concatenate([_POINTS[letter] for letter in word])
    starts = [0, *accumulate(_WIDTHS[letter] for letter in word[:-1])]
    points[:, 0] += np.repeat(starts, [len(_POINTS[letter]) for letter in word])
    unit = round(scale * (1 << _FRACTION_BITS))
    origin = (left - first_column) << _FRACTION_BITS, (bottom - first_row) << _FRACTION_BITS
    points = (points * unit + origin).astype(np.int32)
    ends = accumulate((length for letter in word for length in _LENGTHS[letter]), initial=0)
    strokes = [points[start:end] for start, end in pairwise(ends)]
    cv2.polylines(image, strokes, False, colour, 1, cv2.LINE_AA, _FRACTION_BITS)
