"""The four blurs: out of focus, moved, zoomed and Gaussian.

All take uint8, H x W x 3 or H x W with sides of at least 32 pixels, treat the channels alike (one
channel gives the bytes of three equal ones) and give a new uint8 array of the same shape. Each is a
fast float32 sum, and an exact rule for the few levels that the sum leaves open (`repair.py`).
"""

from functools import lru_cache
from math import ceil, cos, radians, sin

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from medmnist_c.corruptions.picture import UNIT, checked
from medmnist_c.corruptions.repair import amend, cut, flat_within, margin
from medmnist_c.corruptions.taps import Taps
from medmnist_c.corruptions.zoom import mean_of_zooms

# Of defocus blur:
_FILTER_ERROR = (
    1e-10  # levels; a double-precision Fourier transform of a picture is a hundred times better
)
_WHITE = 255.4  # anything above 255 that is cut to 255, and safely so
_FEW, _MANY = 3, 20  # taps per level of the picture: cost of finding flat areas, of OpenCV's filter


def defocus_blur(image: np.ndarray, radius: float, alias: float) -> np.ndarray:
    """Out of focus: filtered with a disk of softened edge, as in ImageNet-C, in double precision.

    The levels are cut to whole numbers, so a flat area may come out one level darker.
    Source: Hendrycks and Dietterich, arXiv 1903.12261.

    Args:
        image: uint8, H x W x 3 or H x W.
        radius: of the disk, pixels, > 0.
        alias: standard deviation of the Gaussian that softens the disk, pixels, > 0.

    Returns:
        A new uint8 array of the same shape.
    """
    if not (radius > 0 and alias > 0):
        raise ValueError(f"radius and alias must be above 0, they are {radius} and {alias}.")
    image = checked(image, grey=True)
    taps = _disk_taps(radius, alias)
    padded = taps.pad(image)
    # The softened disk of radius 8 does not fit its grid and weighs more than 1.
    values = taps.fast_sum(padded)
    levels, places = cut(np.minimum(values, _WHITE, out=values), 0, taps.margin)
    sums = np.zeros(len(places))  # in levels; 0, which none of these can be, stands for not known
    asked = np.arange(len(places))
    if len(asked) * len(taps) > _FEW * image.size:
        up, down, left, right = taps.reach
        flat = flat_within(image, max(up, down), max(left, right)).reshape(-1)[places]
        sums[flat] = image.take(places[flat]) * taps.weights.sum()
        asked = np.flatnonzero(~flat)

    def exact(asked: np.ndarray) -> np.ndarray:
        return taps.weights @ taps.levels_at(padded, places[asked])

    if len(asked) * len(taps) <= _MANY * image.size:
        amend(sums, asked, exact, len(taps))
    levels.reshape(-1)[places] = np.minimum(sums, _WHITE)
    # Where even these sums leave it open, the rounding errors of OpenCV's own filter decide.
    still_open = places[abs(sums - np.rint(sums)) < _FILTER_ERROR]
    for channel in np.unique(still_open % image[0, 0].size):
        one = np.s_[..., channel] if image.ndim == 3 else np.s_[:]
        filtered = cv2.filter2D(UNIT[image[one]], -1, _disk(radius, alias))
        levels[one] = np.clip(filtered, 0, 1) * 255
    return levels


@lru_cache(maxsize=256)
def _disk(radius: float, alias: float) -> np.ndarray:
    """The disk as float32 kernel of sum 1."""
    wide = radius > 8
    own = np.arange(-radius, radius + 1) if wide else np.arange(-8, 9)
    columns, rows = np.meshgrid(own, own)
    disk = (columns**2 + rows**2 <= radius**2).astype(np.float32)
    disk /= disk.sum()
    return cv2.GaussianBlur(disk, (5, 5) if wide else (3, 3), alias)


@lru_cache(maxsize=256)
def _disk_taps(radius: float, alias: float) -> Taps:
    disk = _disk(radius, alias)
    rows, columns = np.nonzero(disk > 1e-16)  # the rest together is below the filter's error
    middle = disk.shape[0] // 2
    weights = disk[rows, columns].astype(np.float64)
    return Taps(rows - middle, columns - middle, weights, cv2.BORDER_REFLECT_101)


def motion_blur(
    image: np.ndarray,
    radius: float,
    sigma: float,
    rng: np.random.RandomState | np.random.Generator,
) -> np.ndarray:
    """`motion_blur_at` by an angle drawn from U(-45, 45): one draw of `rng.uniform`."""
    return motion_blur_at(image, radius, sigma, rng.uniform(-45, 45))


def motion_blur_at(image: np.ndarray, radius: float, sigma: float, angle: float) -> np.ndarray:
    """Moved: a half Gaussian along a line, on one side of each pixel, as ImageMagick 6 (Q16) has it.

    Args:
        image: uint8, H x W x 3 or H x W.
        radius: pixels, > 0; the line has 2 ceil(radius) + 1 of them.
        sigma: standard deviation of the Gaussian, pixels, > 0.
        angle: of the line, degrees; 0 is to the right, 90 down.

    Returns:
        A new uint8 array of the same shape.
    """
    if not (radius > 0 and sigma > 0):
        raise ValueError(f"radius and sigma must be above 0, they are {radius} and {sigma}.")
    image = checked(image, grey=True)
    taps = _motion_taps(radius, sigma, angle)
    padded = taps.pad(image)
    # floor(257 sum + 1/2) // 257, where 257 takes 8 bits to 16, is the whole part of sum + 1/514.
    levels, places = cut(taps.fast_sum(padded), 1 / 514, taps.margin)

    def exact(places: np.ndarray) -> np.ndarray:
        terms = taps.weights[:, None] * (257.0 * taps.levels_at(padded, places))
        sums = np.cumsum(terms, axis=0)[-1]  # unlike `sum`, strictly one after the other
        return np.floor(sums + 0.5) // 257

    return amend(levels, places, exact, len(taps))


def _motion_taps(radius: float, sigma: float, angle: float) -> Taps:
    along = np.arange(2 * ceil(radius) + 1)
    weights = np.exp(-(along**2) / (2 * sigma**2))
    rows = np.ceil(along * sin(radians(angle)) - 0.5).astype(int)
    columns = np.ceil(along * cos(radians(angle)) - 0.5).astype(int)
    return Taps(rows, columns, weights / weights.sum(), cv2.BORDER_REPLICATE)


def zoom_blur(image: np.ndarray, factors: tuple[float, ...]) -> np.ndarray:
    """Zoomed: the mean of the picture and of its enlargements about the centre, in float32.

    Each axis is enlarged by itself, so any shape keeps its proportions. The levels are cut to whole
    numbers, so a flat area may come out one level darker. Source: ImageNet-C (arXiv 1903.12261).

    Args:
        image: uint8, H x W x 3 or H x W.
        factors: of the enlargements, each from 1 to half the smaller side.

    Returns:
        A new uint8 array of the same shape.
    """
    image = checked(image, grey=True)
    factors = tuple(float(factor) for factor in factors)
    largest = min(image.shape[:2]) / 2
    if not factors or not all(1 <= factor <= largest for factor in factors):
        raise ValueError(f"factors must be one or more numbers from 1 to {largest}, not {factors}.")
    return mean_of_zooms(image, factors)


def gaussian_blur(image: np.ndarray, kernel_size: int) -> np.ndarray:
    """A Gaussian as torchvision's `gaussian_blur` filters a Pillow image, in float32, rounded.

    Its standard deviation is 0.15 kernel_size + 0.35 pixels.

    Args:
        image: uint8, H x W x 3 or H x W.
        kernel_size: height and width of the kernel, pixels; odd, less than twice the smaller side.

    Returns:
        A new uint8 array of the same shape.
    """
    image = checked(image, grey=True)
    largest = 2 * min(image.shape[:2]) - 1
    if kernel_size % 2 != 1 or not 1 <= kernel_size <= largest:
        raise ValueError(f"kernel_size must be odd, from 1 to {largest}, it is {kernel_size}.")
    size = int(kernel_size)
    line, weights, error = _gaussian(size)
    values = cv2.sepFilter2D(image.astype(np.float32), cv2.CV_32F, line, line)
    levels, places = cut(values, 0.5, error)
    if not len(places):
        return levels
    padded = cv2.copyMakeBorder(image, *[size // 2] * 4, cv2.BORDER_REFLECT_101)
    windows = sliding_window_view(padded, (size, size), axis=(0, 1))

    def exact(places: np.ndarray) -> np.ndarray:
        read = windows[np.unravel_index(places, image.shape)].reshape(len(places), -1)
        return np.rint(_float32_sum(weights[:, None] * read.T))

    return amend(levels, places, exact, len(weights))


@lru_cache(maxsize=64)
def _gaussian(size: int) -> tuple[np.ndarray, np.ndarray, float]:
    """One axis' kernel, the whole one row by row, and how far `gaussian_blur`'s two sums can differ."""
    line = _gaussian_line(size)
    weights = np.outer(line, line).reshape(-1).astype(np.float64)
    # An addition of the exact rule is off by half a unit in the last place of the sum so far.
    largest_sums = 255.01 * np.cumsum(weights)
    half_units = np.exp2(np.floor(np.log2(largest_sums)) - 24)
    return line, weights, margin(2 * size + 7) + half_units.sum()


def _gaussian_line(size: int) -> np.ndarray:
    """One axis' kernel as torchvision computes it in float32, bit for bit up to 33 pixels."""
    sigma = np.float32(0.15 * size + 0.35)
    steps = (np.arange(size) - size // 2).astype(np.float32) / sigma
    densities = np.exp((np.float32(-0.5) * (steps * steps)).astype(np.float64)).astype(np.float32)
    if size == 15:  # the one size where torch's exp, good to 0.51 units, rounds the other way
        densities[[3, 11]] = np.nextafter(densities[[3, 11]], np.float32(0))
    return densities / _torch_sum(densities)


def _torch_sum(numbers: np.ndarray) -> np.float32:
    """The float32 sum of up to 63 numbers in torch's order.

    They stand in lines of 8 lanes (fewer than 8: of one), and are summed lane by lane, lines 1 to 3
    after the others; then the incomplete line, then the lanes.
    """
    lanes = 8 if len(numbers) >= 8 else 1
    count = len(numbers) // lanes
    lines = numbers[: count * lanes].reshape(count, lanes)
    order = [0, *range(4, count), *range(1, min(4, count))]
    sums = np.cumsum(lines[order], axis=0)[-1]  # unlike `sum`, strictly one after the other
    return np.cumsum([*numbers[count * lanes :], *sums], dtype=np.float32)[-1]


def _float32_sum(terms: np.ndarray) -> np.ndarray:
    """Sums of float64 terms down axis 0, rounded to float32 after each addition.

    That is torch's convolution: products and sums fused, tap after tap.
    """
    total, rounded = np.zeros(terms.shape[1]), np.empty(terms.shape[1], np.float32)
    for term in terms:
        total += term
        rounded[:] = total
        total[:] = rounded
    return total
