"""Task-specific artefacts: ink stains, air bubbles, a round field of view, burnt-in text.

Where they sit is drawn from a `random.Random`. The reference knows 224 x 224 pixels only; on other
sizes margins and radii are reduced to what fits, which changes nothing at 224 x 224. Lengths that the
reference has fixed are keywords here, so that they can be scaled (`lengths.py`). Source: MedMNIST-C
(arXiv 2406.17536).

Each raises `TypeError` or `ValueError` for what is no such image, `ValueError` for a parameter out of
the range that it states.
"""

import string
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from random import Random

import cv2
import numpy as np
from PIL import Image, ImageDraw

from medmnist_c.corruptions.image import IMAGE_SIZE, checked, look_up
from medmnist_c.corruptions.letters import HEIGHT, LONGEST_WORD, draw_word

_MARGIN = 10  # pixels kept free at the border, where there is room
_MASKS = 10  # of each size


def stain_deposit(
    image: np.ndarray, max_marks: int, masks: np.ndarray, rng: Random, *, margin: int = _MARGIN
) -> np.ndarray:
    """Black ink stains.

    Draws, in this order: the number of stains, 1 to `max_marks` (nothing is drawn where that is 1);
    for each stain its mask, its left column and its top row.

    Args:
        image: uint8, H x W x 3 or H x W.
        max_marks: at least 1.
        masks: 0/1, count x height x width; a mask must fit into the image.
        rng: moved by the draws above.
        margin: pixels kept free at the border, where there is room.

    Returns:
        A new uint8 array of the same shape.
    """
    image = checked(image, grey=True)
    if max_marks < 1:
        raise ValueError(f"max_marks must be 1 or more, it is {max_marks}.")
    height, width = masks.shape[1:]
    room_down, room_right = image.shape[0] - height, image.shape[1] - width
    if min(room_down, room_right) < 0:
        raise ValueError(
            f"A stain of {height} x {width} pixels does not fit into an image of "
            f"{image.shape[0]} x {image.shape[1]}; use smaller masks."
        )
    result = image.copy()
    room = (room_right, room_down)
    for number, left, top in draw_stains(*room, max_marks, len(masks), rng, margin):
        result[top : top + height, left : left + width][masks[number] != 0] = 0
    return result


def draw_stains(
    room_right: int,
    room_down: int,
    max_marks: int,
    masks: int,
    rng: Random,
    margin: int = _MARGIN,
) -> Iterator[tuple[int, int, int]]:
    """The draws of `stain_deposit`: for each stain which of the masks, its left column and top row.

    `room_right` and `room_down` are the pixels that the image is wider and higher than a mask.
    """
    for _ in range(rng.randint(1, max_marks) if max_marks > 1 else 1):
        number, left = rng.randrange(masks), _inside_margin(room_right, margin, rng)
        yield number, left, _inside_margin(room_down, margin, rng)


def advance_past_stain_deposit(_: None, max_marks: int, mask_size: int, rng: Random) -> None:
    """Move the stream as `stain_deposit` does for an image of 224 x 224 pixels and ten masks."""
    room = IMAGE_SIZE - mask_size
    _exhaust(draw_stains(room, room, max_marks, _MASKS, rng))


def _exhaust(draws: Iterator[tuple]) -> None:
    deque(draws, maxlen=0)


def _inside_margin(room: int, margin: int, rng: Random) -> int:
    margin = min(margin, room // 2)
    return rng.randint(margin, room - margin)


_FEWEST_BUBBLES = 7
_SMALLEST_RADIUS = 3
_RIM_WIDTH = 2
_RIM_OPACITY = 130  # of 255
_OPACITY = 100


def bubble(
    image: np.ndarray,
    max_radius: int,
    max_bubbles: int,
    rng: Random,
    *,
    smallest_radius: int = _SMALLEST_RADIUS,
    rim_width: int = _RIM_WIDTH,
) -> np.ndarray:
    """Air bubbles: whitish discs with a brighter rim. A later bubble replaces what it covers.

    Draws, in this order: the number of bubbles, 7 to `max_bubbles`; for each its radius,
    `smallest_radius` to `max_radius`, and its centre's column and row, so that the disc without its
    rim fits.

    Args:
        image: uint8, H x W x 3 or H x W.
        max_radius: pixels, at least `smallest_radius`; reduced to half of the image's shorter side.
        max_bubbles: at least 7.
        rng: moved by the draws above.
        smallest_radius: pixels, at least 1.
        rim_width: pixels; 0 for none.

    Returns:
        A new uint8 array of the same shape.
    """
    image = checked(image, grey=True)
    if max_radius < smallest_radius or max_bubbles < _FEWEST_BUBBLES:
        raise ValueError(
            f"max_radius must be {smallest_radius} or more and max_bubbles {_FEWEST_BUBBLES} or "
            f"more, they are {max_radius} and {max_bubbles}."
        )
    height, width = image.shape[:2]
    opacity = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(opacity)
    bubbles = draw_bubbles(width, height, max_radius, max_bubbles, rng, smallest_radius)
    for radius, x, y in bubbles:
        for size, level in ((radius + rim_width, _RIM_OPACITY), (radius, _OPACITY)):
            draw.ellipse((x - size, y - size, x + size, y + size), fill=level)
    levels = np.asarray(opacity)
    result = image.copy()
    for level in (_RIM_OPACITY, _OPACITY):
        cv2.copyTo(
            look_up(image, _whitened(level)), np.asarray(levels == level).view(np.uint8), result
        )
    return result


def draw_bubbles(
    width: int,
    height: int,
    max_radius: int,
    max_bubbles: int,
    rng: Random,
    smallest_radius: int = _SMALLEST_RADIUS,
) -> Iterator[tuple[int, int, int]]:
    """The draws of `bubble`: for each its radius, and its centre's column and row."""
    max_radius = min(max_radius, min(height, width) // 2)
    for _ in range(rng.randint(_FEWEST_BUBBLES, max_bubbles)):
        radius = rng.randint(smallest_radius, max_radius)
        x = rng.randint(radius, width - radius)
        yield radius, x, rng.randint(radius, height - radius)


def advance_past_bubble(_: None, max_radius: int, max_bubbles: int, rng: Random) -> None:
    """Move the stream as `bubble` does for an image of 224 x 224 pixels."""
    _exhaust(draw_bubbles(IMAGE_SIZE, IMAGE_SIZE, max_radius, max_bubbles, rng))


@lru_cache(maxsize=2)
def _whitened(opacity: int) -> np.ndarray:
    """Where Pillow takes each of the 256 levels when white of this opacity is pasted over it."""
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    ramp.paste(255, mask=Image.new("L", ramp.size, opacity))
    return np.array(ramp)[0]


def black_corner(image: np.ndarray, factor: float) -> np.ndarray:
    """A round field of view, black outside, as dermatoscopes have.

    Args:
        image: uint8, H x W x 3 or H x W.
        factor: radius of the field in halves of the image's shorter side, rounded down to pixels.

    Returns:
        A new uint8 array of the same shape.
    """
    image = checked(image, grey=True)
    height, width = image.shape[:2]
    field = np.zeros((height, width), np.uint8)
    radius = int(min(height, width) // 2 * factor)
    cv2.circle(field, (width // 2, height // 2), radius, 255, thickness=cv2.FILLED)
    return cv2.copyTo(image, field)


_SHORTEST_WORD = 3  # letters
_SMALLEST_SCALE = 0.14  # of the font's own size
_LETTER_WIDTH = 8  # pixels allowed for each letter


def characters(
    image: np.ndarray,
    max_words: int,
    max_letters: int,
    max_scale: float,
    rng: Random,
    *,
    smallest_scale: float = _SMALLEST_SCALE,
    letter_width: int = _LETTER_WIDTH,
    margin: int = _MARGIN,
) -> np.ndarray:
    """Small words of random letters in random colours, like text burnt into an image.

    Draws, in this order: the number of words, 1 to `max_words`; for each the number of its letters,
    3 to `max_letters`, its scale in hundredths from `smallest_scale`, each letter a-z, its left and
    its lower end, and red, green and blue.

    Args:
        image: uint8, H x W x 3.
        max_words: at least 1.
        max_letters: at least 3.
        max_scale: of the font (Hershey's Roman duplex, some 22 pixels high at 1), at least
            `smallest_scale` and, times the letters, at most 500.
        rng: moved by the draws above.
        smallest_scale: likewise.
        letter_width: pixels allowed for each letter, so that words end before the image does.
        margin: pixels kept free at the border, where there is room.

    Returns:
        A new uint8 array of the same shape.
    """
    image = checked(image, grey=False)
    hundredths = _hundredths(smallest_scale), _hundredths(max_scale)
    if max_words < 1 or max_letters < _SHORTEST_WORD or hundredths[1] < hundredths[0]:
        raise ValueError(
            f"max_words must be 1 or more, max_letters {_SHORTEST_WORD} or more and max_scale "
            f"{smallest_scale} or more, they are {max_words}, {max_letters} and {max_scale}."
        )
    if max_letters * max_scale * HEIGHT > LONGEST_WORD:
        raise ValueError(
            f"max_letters times max_scale must be at most {LONGEST_WORD // HEIGHT}, they are "
            f"{max_letters} and {max_scale}."
        )
    height, width = image.shape[:2]
    result = image.copy()
    lengths = letter_width, margin
    for word in draw_words(width, height, max_words, max_letters, hundredths, rng, *lengths):
        draw_word(result, *word)
    return result


def draw_words(
    width: int,
    height: int,
    max_words: int,
    max_letters: int,
    hundredths: tuple[int, int],
    rng: Random,
    letter_width: int = _LETTER_WIDTH,
    margin: int = _MARGIN,
) -> Iterator[tuple[str, float, tuple[int, int], list[int]]]:
    """The draws of `characters`: for each word its letters, scale, lower left corner and colour.

    `hundredths` are the smallest and the largest scale in hundredths.
    """
    for _ in range(rng.randint(1, max_words)):
        letters = rng.randint(_SHORTEST_WORD, max_letters)
        scale = rng.randint(*hundredths) / 100
        word = "".join(rng.choice(string.ascii_lowercase) for _ in range(letters))
        # The letters' allowance is the margin on the right.
        room = max(0, width - letter_width * letters)
        left = rng.randint(min(margin, room // 2), room)
        bottom = rng.randint(margin, height - margin)
        yield word, scale, (left, bottom), [rng.randint(0, 255) for _ in range(3)]


def advance_past_characters(
    _: None, max_words: int, max_letters: int, max_scale: float, rng: Random
) -> None:
    """Move the stream as `characters` does for an image of 224 x 224 pixels."""
    hundredths = _hundredths(_SMALLEST_SCALE), _hundredths(max_scale)
    _exhaust(draw_words(IMAGE_SIZE, IMAGE_SIZE, max_words, max_letters, hundredths, rng))


def _hundredths(scale: float) -> int:
    return int(100 * scale)  # as the reference rounds
