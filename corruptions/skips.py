"""Move a release stream past one image without making it: only its draws are drawn.

Each function takes the clean image (None where the draws do not depend on it), the algorithm's
parameters as the table has them, and the stream. Images are 224 x 224, as the release's are.
"""

from collections import deque
from collections.abc import Iterator
from random import Random

import numpy as np

from medmnist_c.corruptions import noise
from medmnist_c.corruptions.artefacts import draw_bubbles, draw_stains, draw_words
from medmnist_c.corruptions.image import as_rgb
from medmnist_c.corruptions.table import IMAGE_SIZE

_MASKS = 10  # of each size


def _exhaust(draws: Iterator) -> None:
    deque(draws, maxlen=0)


def skip_shot_noise(image: np.ndarray, photons: float, rng: np.random.RandomState) -> None:
    noise.skip_shot_noise(as_rgb(image), photons, rng)


def skip_stain_deposit(_: None, max_marks: int, mask_size: int, rng: Random) -> None:
    room = IMAGE_SIZE - mask_size
    _exhaust(draw_stains(room, room, max_marks, _MASKS, rng))


def skip_bubble(_: None, max_radius: int, max_bubbles: int, rng: Random) -> None:
    _exhaust(draw_bubbles(IMAGE_SIZE, IMAGE_SIZE, max_radius, max_bubbles, rng))


def skip_characters(
    _: None, max_words: int, max_letters: int, max_scale: float, rng: Random
) -> None:
    _exhaust(draw_words(IMAGE_SIZE, IMAGE_SIZE, max_words, max_letters, int(100 * max_scale), rng))


SKIPS = {
    "shot_noise": skip_shot_noise,
    "stain_deposit": skip_stain_deposit,
    "bubble": skip_bubble,
    "characters": skip_characters,
}
