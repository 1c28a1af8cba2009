"""Noise, drawn for every pixel and channel on its own.

A `RandomState` gives the pictures of the release, to the bit, and is moved as the release moves it
(impulse noise: a `Generator` of PCG64, too). Any other `Generator` gives noise of the same
distribution, faster.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from medmnist_c.corruptions import inversion, poisson
from medmnist_c.corruptions.picture import UNIT, checked, look_up
from medmnist_c.corruptions.polar import some_normals

_LARGEST_SCALE = 100.0
_MOST_PHOTONS = 1_000_000


def gaussian_noise(
    image: np.ndarray, scale: float, rng: np.random.RandomState | np.random.Generator
) -> np.ndarray:
    """Normal noise, added.

    Args:
        image: uint8, H x W x 3.
        scale: standard deviation, the range of a channel being 1; 0-100.
        rng: a `RandomState` is moved by one `standard_normal` a byte.

    Returns:
        A new uint8 array of the same shape.
    """
    levels = _checked_levels(image, scale)
    if isinstance(rng, np.random.RandomState):
        result = _legacy_normal_noise(levels, scale, rng, lambda x, noise: x + noise, unit=255.0)
    else:
        result = inversion.added_normals(levels, scale, rng)
    return result.reshape(image.shape)


def speckle_noise(
    image: np.ndarray, scale: float, rng: np.random.RandomState | np.random.Generator
) -> np.ndarray:
    """Normal noise in proportion to the level.

    Args:
        image: uint8, H x W x 3.
        scale: standard deviation as a share of the level, 0-100.
        rng: a `RandomState` is moved by one `standard_normal` a byte.

    Returns:
        A new uint8 array of the same shape.
    """
    levels = _checked_levels(image, scale)
    if isinstance(rng, np.random.RandomState):
        result = _legacy_normal_noise(levels, scale, rng, lambda x, noise: x + x * noise, unit=1.0)
    else:
        result = inversion.scaled_by_normals(levels, scale, rng)
    return result.reshape(image.shape)


def _checked_levels(image: np.ndarray, scale: float) -> np.ndarray:
    """The picture's bytes in one dimension."""
    if not 0 <= scale <= _LARGEST_SCALE:
        raise ValueError(f"scale must be from 0 to {_LARGEST_SCALE:g}, it is {scale}.")
    return checked(image, grey=False).reshape(-1)


# Fast normals decide a byte unless they lead this near (times 1 + scale) to a whole number. They are
# below 13 with a relative error below 1e-13: an error below 255 * 13 * scale * 1e-13.
_DOUBT = 1e-9
_FEW = 2048  # bytes for which array arithmetic does not pay


def _legacy_normal_noise(
    levels: np.ndarray,
    scale: float,
    rng: np.random.RandomState,
    mix: Callable,
    unit: float,
) -> np.ndarray:
    """The release's bytes: by fast normals, and by exact ones where those leave a byte open.

    `mix(x, scale * n)`, n standard normal, is the noisy level, x being on the scale 0-1; on the scale
    0-255 the noise has to be `unit` times as large.
    """
    result = np.empty_like(levels)
    doubt = _DOUBT * (1 + scale)
    start = 0
    kept_back = rng.get_state(legacy=False)["has_gauss"]
    almost_no_noise = scale < 1e-3  # would leave most bytes in doubt
    while not (kept_back or almost_no_noise) and levels.size - start > _FEW:
        normals = some_normals(rng, levels.size - start, unit * scale)
        part = levels[start : start + len(normals.fast)]
        value = mix(part.astype(np.float64), normals.fast)
        value -= doubt
        low = value.astype(np.int32)
        value += 2 * doubt
        high = value.astype(np.int32)
        for i in (low != high).nonzero()[0].tolist():
            x = mix(float(UNIT[part[i]]), scale * normals.exact(i))
            low[i] = int(min(max(x, 0.0), 1.0) * 255.0)
        result[start : start + len(part)] = np.clip(low, 0, 255)
        start += len(part)
    rest = levels[start:]
    value = mix(look_up(rest, UNIT), scale * rng.standard_normal(len(rest)))
    result[start:] = np.clip(value, 0.0, 1.0) * 255.0
    return result


def impulse_noise(
    image: np.ndarray, amount: float, rng: np.random.Generator | np.random.RandomState
) -> np.ndarray:
    """Salt and pepper: bytes that jump to 255 or 0, either with the same chance.

    Args:
        image: uint8, H x W x 3.
        amount: share of the bytes that jump, 0-1.
        rng: a `RandomState` or a `Generator` of PCG64 is moved by two `random` a byte: first all that
            say whether, then all that say where to.

    Returns:
        A new uint8 array of the same shape.
    """
    image = checked(image, grey=False)
    if not 0 <= amount <= 1:
        raise ValueError(f"amount must be from 0 to 1, it is {amount}.")
    jumps = _mask_of_uniforms_up_to(amount, image.size, rng).reshape(image.shape)
    target = _mask_of_uniforms_up_to(0.5, image.size, rng).reshape(image.shape)
    # `a ^ ((a ^ b) & mask)` is b under the mask, a elsewhere.
    target ^= image
    target &= jumps
    target ^= image
    return target


def _mask_of_uniforms_up_to(
    limit: float, count: int, rng: np.random.Generator | np.random.RandomState
) -> np.ndarray:
    """255 where a uniform draw is `limit` or less, 0 elsewhere."""
    if isinstance(rng, np.random.Generator) and not isinstance(rng.bit_generator, np.random.PCG64):
        return inversion.mask_of_uniforms_up_to(limit, count, rng)
    mask = np.empty(count, np.uint8)
    block = 1 << 14  # fits the processor's cache
    for start in range(0, count, block):
        part = mask[start : start + block]
        np.negative(rng.random(len(part)) <= limit, out=part, dtype=np.uint8)
    return mask


def shot_noise(
    image: np.ndarray, photons: float, rng: np.random.RandomState | np.random.Generator
) -> np.ndarray:
    """The noise of counted light: Poisson, as if white were `photons` counts.

    Args:
        image: uint8, H x W x 3.
        photons: mean count of white, above 0 and at most 1,000,000.
        rng: a `RandomState` is moved by one `poisson` a byte.

    Returns:
        A new uint8 array of the same shape.
    """
    image = checked(image, grey=False)
    if not 0 < photons <= _MOST_PHOTONS:
        raise ValueError(f"photons must be above 0 and at most {_MOST_PHOTONS:,}, it is {photons}.")
    if isinstance(rng, np.random.RandomState):
        return poisson.draw_bytes(image, UNIT * photons, _byte_of_count(photons), rng)
    result = inversion.draw_bytes(image.reshape(-1), _shot_noise_distributions(photons), rng)
    return result.reshape(image.shape)


def _byte_of_count(photons: float) -> np.ndarray:
    """Bytes of the counts 0, 1, ... up to the first that is white; more counts are white too."""
    counts = np.arange(int(np.ceil(photons)) + 1)
    return (np.clip(counts / photons, 0.0, 1.0) * 255.0).astype(np.uint8)


@lru_cache(maxsize=8)  # up to 1.5 MB each
def _shot_noise_distributions(photons: float) -> inversion.ByteDistributions:
    return inversion.poisson_bytes(_byte_of_count(photons), UNIT * photons)
