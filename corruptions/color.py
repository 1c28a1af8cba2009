"""Colour corruptions: brightness, contrast, gamma and saturation.

All but saturation treat every byte alike, so they are a table of 256 bytes. Source: MedMNIST-C (arXiv
2406.17536), whose functions are Pillow's, torchvision's and scikit-image's.

Each raises `TypeError` or `ValueError` for what is no such image, `ValueError` for a parameter out of
the range that it states.
"""

from functools import lru_cache
from math import isfinite

import cv2
import numpy as np
from PIL import Image

from medmnist_c.corruptions.exact.elementary import power
from medmnist_c.corruptions.exact.saturation import more_saturated
from medmnist_c.corruptions.image import UNIT, checked, look_up
from medmnist_c.corruptions.random import compiled

_LEVELS32 = np.arange(256, dtype=np.float32)
_LARGEST_FACTOR = 1e30  # times a level, float32 still holds it
_UNSURE = 1e-9  # far more than the power of any C library is off
_BLOCK = 1 << 14  # pixels a step: fits the processor's cache


def brightness(image: np.ndarray, factor: float) -> np.ndarray:
    """Lighter or darker: blended with black, as Pillow's `ImageEnhance.Brightness` does.

    Args:
        image: uint8, H x W x 3 or H x W.
        factor: 1 changes nothing, less darkens, more lightens; a finite number.

    Returns:
        A new uint8 array of the same shape.
    """
    image = checked(image, grey=True)
    return look_up(image, _blend_with_grey(0, factor))


def grey_of(image: np.ndarray) -> np.ndarray:
    """An RGB image (uint8, H x W x 3) in grey, as Pillow's `convert("L")` has it: ITU-R BT.601."""
    made = compiled.grey_of(image)
    return np.array(Image.fromarray(image).convert("L")) if made is None else made


def contrast(image: np.ndarray, factor: float) -> np.ndarray:
    """More or less contrast about the mean luma, as Pillow's `ImageEnhance.Contrast` has it.

    Args:
        image: uint8, H x W x 3 or H x W.
        factor: 1 changes nothing, less flattens, more spreads; a finite number.

    Returns:
        A new uint8 array of the same shape.
    """
    image = checked(image, grey=True)
    luma = image if image.ndim == 2 else grey_of(image)
    mean = int(cv2.sumElems(luma)[0] / luma.size + 0.5)
    return look_up(image, _blend_with_grey(mean, factor))


@lru_cache(maxsize=1024)
def _blend_with_grey(level: int, factor: float) -> np.ndarray:
    """Where Pillow's blend of grey `level` (factor 0) and an image (factor 1) takes each byte.

    Its sum in float32, with the product rounded first: compiled for ARM, Pillow itself fuses them.
    """
    if not abs(factor) <= _LARGEST_FACTOR:
        raise ValueError(f"factor must be a number of at most {_LARGEST_FACTOR:g}, it is {factor}.")
    difference = np.float32(factor) * (_LEVELS32 - np.float32(level))
    return np.clip(np.float32(level) + difference, 0, 255).astype(np.uint8)


def gamma_correction(image: np.ndarray, gamma: float) -> np.ndarray:
    """The power `gamma` of every level, as torchvision's `adjust_gamma` does on a Pillow image.

    Args:
        image: uint8, H x W x 3 or H x W.
        gamma: >= 0, finite; 1 changes nothing, more darkens, less lightens.

    Returns:
        A new uint8 array of the same shape.
    """
    if not (gamma >= 0 and isfinite(gamma)):
        raise ValueError(f"gamma must be a number from 0 on, it is {gamma}.")
    image = checked(image, grey=True)
    return look_up(image, _power_table(gamma))


@lru_cache(maxsize=1024)
def _power_table(gamma: float) -> np.ndarray:
    values = 255.999 * UNIT**gamma
    nearest = np.rint(values)
    unsure = (nearest > 0) & (abs(values - nearest) < _UNSURE)  # the power's last bit decides
    for level in np.flatnonzero(unsure):
        values[level] = 255.999 * power(float(UNIT[level]), gamma)
    return values.astype(np.uint8)


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
