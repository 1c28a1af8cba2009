"""Noise, drawn for every pixel and channel on its own.

A `RandomState` gives the images of the reference, to the bit, and is moved as the reference moves it
(impulse noise: a `Generator` of PCG64, too). Any other `Generator` gives noise of the same
distribution, faster. Source: ImageNet-C (arXiv 1903.12261), as MedMNIST-C (arXiv 2406.17536) has it.

Each raises `TypeError` or `ValueError` for what is no such image, `ValueError` for a parameter out of
the range that it states.
"""

from functools import lru_cache

import numpy as np

from medmnist_c.corruptions.image import UNIT, as_rgb, checked, look_up
from medmnist_c.corruptions.random import compiled, inverse_cdf

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
    image = _checked(image, scale)
    if not isinstance(rng, np.random.RandomState):
        return inverse_cdf.added_normals(image.reshape(-1), scale, rng).reshape(image.shape)
    made = compiled.normal_noise(image, scale, False, rng)
    if made is None:
        x = look_up(image, UNIT)
        made = _bytes(x + scale * rng.standard_normal(image.shape))
    return made


def speckle_noise(
    image: np.ndarray, scale: float, rng: np.random.RandomState | np.random.Generator
) -> np.ndarray:
    """Normal noise in proportion to the level.

    Args:
        image: uint8, H x W x 3.
        scale: standard deviation, the level being 1; 0-100.
        rng: a `RandomState` is moved by one `standard_normal` a byte.

    Returns:
        A new uint8 array of the same shape.
    """
    image = _checked(image, scale)
    if not isinstance(rng, np.random.RandomState):
        return inverse_cdf.scaled_by_normals(image.reshape(-1), scale, rng).reshape(image.shape)
    made = compiled.normal_noise(image, scale, True, rng)
    if made is None:
        x = look_up(image, UNIT)
        made = _bytes(x + x * (scale * rng.standard_normal(image.shape)))
    return made


def _checked(image: np.ndarray, scale: float) -> np.ndarray:
    if not 0 <= scale <= _LARGEST_SCALE:
        raise ValueError(f"scale must be from 0 to {_LARGEST_SCALE:g}, it is {scale}.")
    return checked(image, grey=False)


def _bytes(x: np.ndarray) -> np.ndarray:
    """Of float64 on the scale 0-1, rounded down."""
    return (np.clip(x, 0.0, 1.0) * 255.0).astype(np.uint8)


def impulse_noise(
    image: np.ndarray, amount: float, rng: np.random.Generator | np.random.RandomState
) -> np.ndarray:
    """Salt and pepper: bytes that jump to 255 or 0, either with the same chance.

    Args:
        image: uint8, H x W x 3.
        amount: chance of a byte to jump, 0-1.
        rng: a `RandomState` or a `Generator` of PCG64 is moved by two `random` a byte: first all that
            say whether, then all that say where to.

    Returns:
        A new uint8 array of the same shape.
    """
    image = checked(image, grey=False)
    if not 0 <= amount <= 1:
        raise ValueError(f"amount must be from 0 to 1, it is {amount}.")
    made = compiled.impulses(image, amount, rng) if isinstance(rng, np.random.Generator) else None
    if made is not None:
        return made
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
        return inverse_cdf.mask_of_uniforms_up_to(limit, count, rng)
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
        byte_of_count = _byte_of_count(photons)
        made = compiled.poisson_bytes(image, UNIT * photons, byte_of_count, rng)
        if made is None:
            made = byte_of_count.take(_counts(image, photons, rng), mode="clip")
        return made
    result = inverse_cdf.draw_bytes(image.reshape(-1), _shot_noise_distributions(photons), rng)
    return result.reshape(image.shape)


def advance_past_shot_noise(image: np.ndarray, photons: float, rng: np.random.RandomState) -> None:
    """Move the stream as `shot_noise` does, for an image that may be grey: it is drawn for as RGB."""
    image = as_rgb(image)
    if compiled.poisson_bytes(image, UNIT * photons, _byte_of_count(photons), rng) is None:
        _counts(image, photons, rng)


def _counts(image: np.ndarray, photons: float, rng: np.random.RandomState) -> np.ndarray:
    return rng.poisson(look_up(image, UNIT * photons))


@lru_cache(maxsize=8)  # up to 1 MB each
def _byte_of_count(photons: float) -> np.ndarray:
    """Bytes of the counts 0, 1, ... up to the first that is white; more counts are white too."""
    counts = np.arange(int(np.ceil(photons)) + 1)
    byte_of_count = (np.clip(counts / photons, 0.0, 1.0) * 255.0).astype(np.uint8)
    byte_of_count.flags.writeable = False  # all callers share it
    return byte_of_count


@lru_cache(maxsize=8)  # up to 1.5 MB each
def _shot_noise_distributions(photons: float) -> inverse_cdf.ByteDistributions:
    return inverse_cdf.poisson_bytes(_byte_of_count(photons), UNIT * photons)
