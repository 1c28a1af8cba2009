"""The eighteen algorithms by name, and the one way to apply them to a grey or an RGB image."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal

import numpy as np
from PIL import Image

from medmnist_c.corruptions import artefacts, blur, color, digital, noise
from medmnist_c.corruptions.image import as_rgb

Draws = Literal["normals", "poissons", "angle", "uniforms", "integers"]
RandomStream = np.random.Generator | np.random.RandomState | Random


@dataclass(frozen=True)
class Algorithm:
    """A corruption as a function, and what it needs.

    `function(image, *parameters[, rng=...])` takes and gives uint8, H x W x 3, or H x W where
    `grey` is true: such an algorithm treats the channels alike and draws nothing per channel, so
    one channel gives the same bytes as three. `draws` says what it takes from its random stream.
    """

    function: Callable[..., np.ndarray]
    draws: Draws | None = None
    grey: bool = True


ALGORITHMS: dict[str, Algorithm] = {
    "pixelate": Algorithm(digital.pixelate),
    "jpeg_compression": Algorithm(digital.jpeg_compression),
    "gaussian_noise": Algorithm(noise.gaussian_noise, "normals", grey=False),
    "speckle_noise": Algorithm(noise.speckle_noise, "normals", grey=False),
    "impulse_noise": Algorithm(noise.impulse_noise, "uniforms", grey=False),
    "shot_noise": Algorithm(noise.shot_noise, "poissons", grey=False),
    "defocus_blur": Algorithm(blur.defocus_blur),
    "motion_blur": Algorithm(blur.motion_blur, "angle"),
    "zoom_blur": Algorithm(blur.zoom_blur),
    "gaussian_blur": Algorithm(blur.gaussian_blur),
    "brightness": Algorithm(color.brightness),
    "contrast": Algorithm(color.contrast),
    "gamma_correction": Algorithm(color.gamma_correction),
    "saturate": Algorithm(color.saturate, grey=False),
    "stain_deposit": Algorithm(artefacts.stain_deposit, "integers"),
    "bubble": Algorithm(artefacts.bubble, "integers"),
    "black_corner": Algorithm(artefacts.black_corner),
    "characters": Algorithm(artefacts.characters, "integers", grey=False),
}


def apply(
    image: np.ndarray,
    algorithm: Algorithm,
    parameters: tuple,
    rng: RandomStream | None = None,
    stain_masks: Mapping[int, np.ndarray] | None = None,
) -> np.ndarray:
    """One corrupted image.

    A grey image is corrupted as the release does it: made RGB, corrupted, and made grey again by
    the ITU-R 601 luma of Pillow's mode "L"; the way there and back is left out where it changes
    nothing.

    Args:
        image: uint8, H x W or H x W x 3, at least 32 pixels a side; not modified.
        algorithm: of `ALGORITHMS`.
        parameters: as `Corruption.parameters` gives them.
        rng: the random stream, where `algorithm.draws` says so: `numpy.random.RandomState` or
            `Generator`, for "integers" `random.Random`. Moved by exactly the image's draws.
        stain_masks: ten 0/1 masks by their size in pixels, for stain_deposit.

    Returns:
        uint8 of the image's shape.
    """
    if algorithm.function is artefacts.stain_deposit:
        max_marks, size = parameters
        parameters = (max_marks, stain_masks[size])
    extra = {"rng": rng} if algorithm.draws else {}
    if image.ndim == 2 and not algorithm.grey:
        rgb = algorithm.function(as_rgb(image), *parameters, **extra)
        return np.array(Image.fromarray(rgb).convert("L"))
    return algorithm.function(image, *parameters, **extra)
