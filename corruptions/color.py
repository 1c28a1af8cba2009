"""Colour corruptions: brightness, contrast, gamma and saturation.

All but saturation treat every byte alike, so they are a table of 256 bytes. Source: MedMNIST-C (arXiv
2406.17536), whose functions are Pillow's, torchvision's and scikit-image's.

Each raises `TypeError` or `ValueError` for what is no such image, `ValueError` for a parameter out of
the range that it states.
"""

from functools import lru_cache

import cv2
import numpy as np
from PIL import Image

from medmnist_c.corruptions.exact.saturation import more_saturated
from medmnist_c.corruptions.image import checked, look_up

_ALL_LEVELS = np.arange(256, dtype=np.uint8)
_BLOCK = 1 << 14  # pixels a step: fits the processor's cache


def brightness(image: np.ndarray, factor: float) -> np.ndarray:
    """Lighter or darker: blended with black, as Pillow's `ImageEnhance.Brightness` does.

    Args:
        image: uint8, H x W x 3 or H x W.
        factor: 1 changes nothing, less darkens, more lightens.

    Returns:
        A new uint8 array of the same shape.
    """
    image = checked(image, grey=True)
    return look_up(image, _blend_with_grey(0, factor))


def contrast(image: np.ndarray, factor: float) -> np.ndarray:
    """More or less contrast about the mean luma, as Pillow's `ImageEnhance.Contrast` has it.

    Args:
        image: uint8, H x W x 3 or H x W.
        factor: 1 changes nothing, less flattens, more spreads.

    Returns:
        A new uint8 array of the same shape.
    """
    image = checked(image, grey=True)
    luma = image if image.ndim == 2 else np.asarray(Image.fromarray(image).convert("L"))
    mean = int(cv2.sumElems(luma)[0] / luma.size + 0.5)
    return look_up(image, _blend_with_grey(mean, factor))


@lru_cache(maxsize=1024)
def _blend_with_grey(level: int, factor: float) -> np.ndarray:
    """Where Pillow's blend of grey `level` (factor 0) and an image (factor 1) takes each byte."""
    ramp = Image.fromarray(_ALL_LEVELS[None])
    return np.array(Image.blend(Image.new("L", ramp.size, level), ramp, factor))[0]


def gamma_correction(image: np.ndarray, gamma: float) -> np.ndarray:
    """The power `gamma` of every level, as torchvision's `adjust_gamma` does on a Pillow image.

    Args:
        image: uint8, H x W x 3 or H x W.
        gamma: >= 0; 1 changes nothing, more darkens, less lightens.

    Returns:
        A new uint8 array of the same shape.
    """
    if not gamma >= 0:
        raise ValueError(f"gamma must be 0 or more, it is {gamma}.")
    image = checked(image, grey=True)
    return look_up(image, _power_table(gamma))


@lru_cache(maxsize=1024)
def _power_table(gamma: float) -> np.ndarray:
    # Python's power, not numpy's: the last bit decides where the result is a whole number.
    return np.array([int(255.999 * (level / 255.0) ** gamma) for level in range(256)], np.uint8)


def saturate(image: np.ndarray, amount: float) -> np.ndarray:
    """Stronger colours: `amount` added to the saturation in HSV, cut at 1.

    The bytes are those of scikit-image's `rgb2hsv` and `hsv2rgb` in float64, cut to whole numbers.
    A pure grey has no hue, counts as red and turns reddish.

    Args:
        image: uint8, H x W x 3.
        amount: added to the saturation, which goes from 0 to 1.

    Returns:
        A new uint8 array of the same shape.
    """
    image = checked(image, grey=False)
    pixels = np.ascontiguousarray(image).reshape(-1, 1, 3)
    result = np.empty_like(pixels)
    for start in range(0, len(pixels), _BLOCK):
        part = slice(start, start + _BLOCK)
        red, green, blue = cv2.split(pixels[part])
        cv2.merge(more_saturated(red, green, blue, amount), dst=result[part])
    return result.reshape(image.shape)
