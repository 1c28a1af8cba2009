"""What all corruptions share: sizes, the check of an image and lookups of its 256 levels."""

import cv2
import numpy as np

IMAGE_SIZE = 224  # pixels a side, of every image in the benchmark
SMALLEST_SIDE = 28  # pixels

UNIT = np.arange(256) / 255.0  # the levels on the scale 0-1: the same doubles as image / 255.0


def checked(image: np.ndarray, *, grey: bool) -> np.ndarray:
    """`image` as a plain array (never a memmap), if it is an image.

    Args:
        image: uint8, height x width x 3, sides of at least 28 pixels.
        grey: whether height x width will do as well.

    Raises:
        TypeError: not uint8.
        ValueError: another shape.
    """
    image = np.asarray(image)
    if image.dtype != np.uint8:
        raise TypeError(f"An image must be uint8, this one is {image.dtype}; convert it first.")
    shape = image.shape
    if not grey and image.ndim == 2:
        raise ValueError(
            f"This corruption needs height x width x 3, the image is grey ({shape[0]} x {shape[1]}); "
            "repeat its channel three times first."
        )
    if not (image.ndim == 2 or (image.ndim == 3 and shape[2] == 3)):
        kinds = "height x width x 3" + (" or height x width" if grey else "")
        raise ValueError(f"An image must be {kinds}, this array has the shape {shape}.")
    if min(shape[:2]) < SMALLEST_SIDE:
        raise ValueError(
            f"An image must be at least {SMALLEST_SIDE} pixels high and wide, "
            f"this one is {shape[0]} x {shape[1]}; enlarge it first."
        )
    return image


def look_up(levels: np.ndarray, table: np.ndarray) -> np.ndarray:
    """`table[levels]` by OpenCV, which is several times faster.

    Args:
        levels: uint8, one to three dimensions.
        table: 256 values of any dtype.
    """
    return cv2.LUT(levels, table).reshape(levels.shape)


def as_rgb(image: np.ndarray) -> np.ndarray:
    """A grey image's channel three times; an RGB image as it is (uint8)."""
    return cv2.cvtColor(image, cv2.COLOR_GRAY2RGB) if image.ndim == 2 else image
