"""The four blurs: out of focus, moved, zoomed and Gaussian.

All take uint8, H x W x 3 or H x W with sides of at least 28 pixels, treat the channels alike (one
channel gives the bytes of three equal ones) and give a new uint8 array of the same shape. Each is a
fast float32 sum, and an exact rule for the few levels that the sum leaves open (`exact/`). Source:
ImageNet-C (arXiv 1903.12261), as MedMNIST-C (arXiv 2406.17536) has it; the Gaussian is MedMNIST-C's.

Each raises `TypeError` or `ValueError` for what is no such image, `ValueError` for a parameter out of
the range that it states.
"""

from functools import lru_cache
from math import ceil, cos, fmod, isfinite, radians, sin

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from medmnist_c.corruptions.exact import compiled
from medmnist_c.corruptions.exact.elementary import exp, fused, sine_and_cosine
from medmnist_c.corruptions.exact.gaussian import LARGEST_SIZE, float32_sum, gaussian
from medmnist_c.corruptions.exact.rounding import flat_within, floor_with_error_bound, resolve
from medmnist_c.corruptions.exact.sparse_kernel import WHITE, SparseKernel
from medmnist_c.corruptions.exact.zoom import mean_of_zooms
from medmnist_c.corruptions.image import checked

_LARGEST_RADIUS = 64  # pixels; with a thousand times the weights float32 would decide too little

# Of defocus blur. Levels: float64 sums, OpenCV's too, are off by some 400 times less (measured).
_FILTER_ERROR = 1e-10
# Of motion blur, in pixels: any C library's sine is nearer to the true one than that.
_UNSURE = 1e-9
# Weights to be read for each level of the image: beyond the first number it is quicker to look for flat
# areas before, beyond the second to run OpenCV's filter (measured).
_FEW, _MANY = 3, 20


def defocus_blur(image: np.ndarray, radius: float, alias: float) -> np.ndarray:
    """Out of focus: filtered in double precision with a disk of softened edge, as in ImageNet-C.

    The levels are cut to whole numbers, so a flat area may come out one level darker.
    Source: Hendrycks and Dietterich, arXiv 1903.12261; OpenCV's `filter2D`, but exact
    where that leaves a whole level to its own rounding errors, which differ from machine to machine.

    Args:
        image: uint8, H x W x 3 or H x W.
        radius: of the disk, pixels, above 0, at most 64.
        alias: standard deviation of the Gaussian that softens the disk, pixels, above 0.

    Returns:
        A new uint8 array of the same shape.
    """
    _check_size("radius", radius)
    _check_size("alias", alias)
    image = np.ascontiguousarray(checked(image, grey=True))
    kernel = _disk_kernel(radius, alias)
    padded = kernel.pad(image)
    made = kernel.grouped_sums(padded)
    levels, still_open = made or _floor_in_two_steps(image, padded, _disk(radius, alias), kernel)

    def exact(places: np.ndarray) -> np.ndarray:
        return np.minimum(kernel.whole_sums(padded, places), 255)

    return resolve(levels, still_open, exact, 4 * len(kernel))


def _floor_in_two_steps(
    image: np.ndarray, padded: np.ndarray, disk: np.ndarray, kernel: SparseKernel
) -> tuple[np.ndarray, np.ndarray]:
    """As `SparseKernel.grouped_sums`, in float32, and in double precision where that is not enough.

    (A disk of radius 8 is softened beyond its grid, and weighs more than 1 then.)
    """
    levels, places = kernel.floor_fast_sum(padded, 0)
    sums = _disk_sums(image, padded, disk, kernel, places)
    levels.reshape(-1)[places] = np.minimum(sums, WHITE)
    return levels, places[abs(sums - np.rint(sums)) < _FILTER_ERROR]


def _disk_sums(
    image: np.ndarray,
    padded: np.ndarray,
    disk: np.ndarray,
    kernel: SparseKernel,
    places: np.ndarray,
) -> np.ndarray:
    """The filter at `places` of the flattened image in levels, float64."""
    sums = np.zeros(len(places))
    asked = np.arange(len(places))
    if len(asked) * len(kernel) > _FEW * image.size:
        up, down, left, right = kernel.reach
        flat = flat_within(image, max(up, down), max(left, right)).reshape(-1)[places]
        sums[flat] = image.take(places[flat]) * kernel.weights.sum()
        asked = np.flatnonzero(~flat)

    def exact(asked: np.ndarray) -> np.ndarray:
        return kernel.weights @ kernel.levels_at(padded, places[asked])

    if len(asked) * len(kernel) <= _MANY * image.size:
        return resolve(sums, asked, exact, len(kernel))
    filtered = cv2.filter2D(image.astype(np.float64), -1, disk)
    sums[asked] = filtered.reshape(-1)[places[asked]]
    return sums


@lru_cache(maxsize=256)
def _disk(radius: float, alias: float) -> np.ndarray:
    """The softened disk as a float32 kernel."""
    wide = radius > 8
    own = np.arange(-radius, radius + 1) if wide else np.arange(-8, 9)
    squares = own**2
    disk = (squares + squares[:, None] <= radius**2).astype(np.float32)
    disk /= disk.sum()
    return _softened(disk, alias, 2 if wide else 1)


def _softened(disk: np.ndarray, alias: float, reach: int) -> np.ndarray:
    """OpenCV's `GaussianBlur` of 3 or 5 pixels a side (`reach` 1 or 2), as AVX2 does it.

    There a product is fused with the sum that it is added to. Where lines are cut in vectors, what is
    left over is summed in another way.
    """
    weights = _gaussian_weights(alias, reach)
    width = disk.shape[1]
    left_over = slice(width // 2 * 2, None)  # of the sums along rows

    pairs = _pairs(disk, reach)
    lines = fused(disk, weights[0], pairs[0] * weights[1])
    if reach == 1:
        lines[:, left_over] = fused(pairs[0], weights[1], disk * weights[0])[:, left_over]
    else:
        lines = fused(pairs[1], weights[2], lines)
        lines[:, left_over] = _unfused(disk, pairs, weights)[:, left_over]

    lines = lines.T
    pairs = _pairs(lines, reach)
    columns = fused(pairs[0], weights[1], lines * weights[0])
    if reach == 2:
        columns = fused(pairs[1], weights[2], columns)
        left_over = slice(width // 8 * 8, None)
        columns[left_over] = _unfused(lines, pairs, weights)[left_over]
    return np.ascontiguousarray(columns.T)


def _gaussian_weights(sigma: float, reach: int) -> np.ndarray:
    """The middle weight and those 1 ... `reach` pixels away, float32."""
    densities = exp(-(np.arange(reach + 1) ** 2) / (2 * sigma * sigma))
    total = densities[0]
    for density in densities[1:]:
        total = total + density + density
    return (densities / total).astype(np.float32)


def _pairs(lines: np.ndarray, reach: int) -> list[np.ndarray]:
    """For each pixel the sums of the two that are 1 ... `reach` pixels away on its line."""
    width = lines.shape[1]
    beyond = [*range(reach, 0, -1), *range(width), *range(width - 2, width - 2 - reach, -1)]
    padded = lines.take(beyond, axis=1)  # reflected
    sides = [(reach - step, reach + step) for step in range(1, reach + 1)]
    return [
        padded[:, left : left + width] + padded[:, right : right + width] for left, right in sides
    ]


def _unfused(middle: np.ndarray, pairs: list[np.ndarray], weights: np.ndarray) -> np.ndarray:
    total = middle * weights[0]
    for pair, weight in zip(pairs, weights[1:], strict=True):
        total = total + pair * weight
    return total


@lru_cache(maxsize=256)
def _disk_kernel(radius: float, alias: float) -> SparseKernel:
    disk = _disk(radius, alias)
    rows, columns = np.nonzero(disk > 1e-16)  # the others add less than `_FILTER_ERROR`
    middle = disk.shape[0] // 2
    weights = disk[rows, columns].astype(np.float64)
    return SparseKernel(rows - middle, columns - middle, weights, cv2.BORDER_REFLECT_101)


def motion_blur(
    image: np.ndarray,
    radius: float,
    sigma: float,
    rng: np.random.RandomState | np.random.Generator,
) -> np.ndarray:
    """`motion_blur_at` by an angle drawn from U(-45, 45): one draw of `rng.uniform`."""
    return motion_blur_at(image, radius, sigma, rng.uniform(-45, 45))


def advance_past_motion_blur(
    _: None, radius: float, sigma: float, rng: np.random.RandomState
) -> None:
    """Move the stream as `motion_blur` does."""
    rng.uniform()


def motion_blur_at(image: np.ndarray, radius: float, sigma: float, angle: float) -> np.ndarray:
    """Moved: a half Gaussian along a line on one side of each pixel, as ImageMagick 6 (Q16) has it.

    Args:
        image: uint8, H x W x 3 or H x W.
        radius: pixels, above 0, at most 64; the line is 2 ceil(radius) + 1 pixels long.
        sigma: standard deviation of the Gaussian, pixels, above 0.
        angle: of the line, degrees; 0 is to the right, 90 down.

    Returns:
        A new uint8 array of the same shape.
    """
    _check_size("radius", radius)
    _check_size("sigma", sigma)
    if not isfinite(angle):
        raise ValueError(f"angle must be a number of degrees, it is {angle}.")
    image = np.ascontiguousarray(checked(image, grey=True))
    kernel = _motion_kernel(radius, sigma, angle)
    padded = kernel.pad(image)
    # floor(257 sum + 1/2) // 257, where 257 takes 8 bits to 16, is the whole part of sum + 1/514.
    levels, places = kernel.floor_sums(padded, 1 / 514)

    def exact(places: np.ndarray) -> np.ndarray:
        terms = kernel.weights[:, None] * (257.0 * kernel.levels_at(padded, places))
        sums = np.cumsum(terms, axis=0)[-1]  # unlike `sum`, strictly one after the other
        return np.floor(sums + 0.5) // 257

    return resolve(levels, places, exact, len(kernel))


def _motion_kernel(radius: float, sigma: float, angle: float) -> SparseKernel:
    weights = _motion_weights(radius, sigma)
    turn = radians(fmod(angle, 360))
    offsets = np.outer((sin(turn), cos(turn)), np.arange(len(weights))) - 0.5
    if np.abs(offsets - np.rint(offsets)).min() < _UNSURE:
        offsets = np.outer(sine_and_cosine(turn), np.arange(len(weights))) - 0.5
    rows, columns = np.ceil(offsets).astype(int)
    return SparseKernel(rows, columns, weights, cv2.BORDER_REPLICATE)


@lru_cache(maxsize=16)
def _motion_weights(radius: float, sigma: float) -> np.ndarray:
    """The half Gaussian, float64, read-only; their sum is 1."""
    weights = exp(-(np.arange(2 * ceil(radius) + 1) ** 2) / (2 * sigma**2))
    weights /= weights.sum()
    weights.flags.writeable = False
    return weights


def zoom_blur(image: np.ndarray, factors: tuple[float, ...]) -> np.ndarray:
    """Zoomed: the mean of the image and of its enlargements about the centre, in float32.

    Each axis is enlarged by itself, so that any shape keeps its proportions. The levels are cut to
    whole numbers, so a flat area may come out one level darker. Source: ImageNet-C (arXiv
    1903.12261); scipy's `zoom`, bit for bit.

    Args:
        image: uint8, H x W x 3 or H x W.
        factors: of the enlargements, each from 1 to half the smaller side.

    Returns:
        A new uint8 array of the same shape.
    """
    image = np.ascontiguousarray(checked(image, grey=True))
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
        kernel_size: height and width of the kernel, pixels, odd, 1 to 63.

    Returns:
        A new uint8 array of the same shape.
    """
    if kernel_size % 2 != 1 or not 1 <= kernel_size <= LARGEST_SIZE:
        raise ValueError(f"kernel_size must be odd, 1 to {LARGEST_SIZE}, it is {kernel_size}.")
    size = int(kernel_size)
    image = np.ascontiguousarray(checked(image, grey=True))
    line, weights, error = gaussian(size)
    values = cv2.sepFilter2D(image.astype(np.float32), cv2.CV_32F, line, line)
    levels, places = floor_with_error_bound(values, 0.5, error)
    if not len(places):
        return levels
    half = size // 2
    padded = cv2.copyMakeBorder(image, half, half, half, half, cv2.BORDER_REFLECT_101)
    windows = sliding_window_view(padded, (size, size), axis=(0, 1))

    def exact(places: np.ndarray) -> np.ndarray:
        sums = compiled.float32_sums(padded, image.shape, size, weights, places)
        if sums is not None:
            return np.rint(sums)
        read = windows[np.unravel_index(places, image.shape)].reshape(len(places), -1)
        return np.rint(float32_sum(weights[:, None] * read.T))

    return resolve(levels, places, exact, len(weights))


def _check_size(name: str, value: float) -> None:
    if not 0 < value <= _LARGEST_RADIUS:
        raise ValueError(f"{name} must be above 0 and at most {_LARGEST_RADIUS}, it is {value}.")
