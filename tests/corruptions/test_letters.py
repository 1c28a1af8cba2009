"""Words by strokes equal the words of OpenCV 4, pixel for pixel; OpenCV 5 gives the same digest."""

import hashlib
import string
from random import Random

import cv2
import numpy as np
import pytest

from medmnist_c.corruptions.letters import draw_strokes, draw_word

SHAPES = [(224, 224), (32, 32), (61, 45), (33, 200)]
DIGEST = "c5081fe2c17f01c6"
needs_opencv_4 = pytest.mark.skipif(cv2.__version__[0] != "4", reason="OpenCV 5 has other letters")


def words(count: int):
    """Images, words, scales, corners (also beyond the border) and colours."""
    rng = Random(1)
    for number in range(count):
        height, width = rng.choice(SHAPES)
        image = np.frombuffer(rng.randbytes(height * width * 3), np.uint8)
        word = "".join(rng.choice(string.ascii_lowercase) for _ in range(rng.randint(1, 12)))
        scale = rng.randint(14, 60) / 100 if number % 2 else rng.uniform(0.05, 4)
        corner = rng.randint(0, width + 30), rng.randint(0, height + 60)
        colour = [rng.randint(0, 255) for _ in range(3)]
        yield image.reshape(height, width, 3).copy(), word, scale, corner, colour


def by_opencv(image, word, scale, corner, colour):
    font = cv2.FONT_HERSHEY_DUPLEX
    return cv2.putText(image, word, corner, font, scale, colour, 1, cv2.LINE_AA)


@needs_opencv_4
def test_strokes_are_opencvs():
    for image, *word in words(500):
        expected = by_opencv(image.copy(), *word)
        draw_strokes(image, *word)
        assert np.array_equal(image, expected), word


@needs_opencv_4
def test_strokes_are_opencvs_far_from_the_origin():
    word = "quick", 0.5, (39_900, 30), (9, 99, 199)
    image = np.zeros((40, 40_000, 3), np.uint8)
    draw_strokes(image, *word)
    assert image.any()
    assert np.array_equal(image, by_opencv(np.zeros_like(image), *word))


@pytest.mark.parametrize("draw", [draw_word, draw_strokes])
def test_words_are_the_same_with_every_opencv(draw):
    digest = hashlib.sha256()
    for image, *word in words(200):
        draw(image, *word)
        digest.update(image)
    assert digest.hexdigest()[:16] == DIGEST
