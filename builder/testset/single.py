"""One image at a time, of any size."""

import operator
from typing import SupportsIndex

import numpy as np
from PIL import Image

from medmnist_c.builder.configs import find_config
from medmnist_c.corruptions import stain_masks
from medmnist_c.corruptions.image import checked
from medmnist_c.corruptions.random.seeded import seeded_stream
from medmnist_c.corruptions.registry import apply


def corrupt(
    image: np.ndarray | Image.Image,
    dataset: str,
    corruption: str,
    severity: SupportsIndex,
    *,
    seed: SupportsIndex = 0,
    index: SupportsIndex = 0,
) -> np.ndarray | Image.Image:
    """One image under one of a dataset's corruptions.

    What is random is drawn afresh from (seed, dataset, corruption, severity, index), as
    `load_dataset(..., seed=seed)` draws it for image `index`. The release's own draws belong to
    its own images: `load_dataset` gives those.

    Args:
        image: uint8 array H x W or H x W x 3, or a PIL image of mode L or RGB; at least 32 pixels a
            side, square or not.
        dataset: whose version of the corruption, e.g. "dermamnist".
        corruption: e.g. "black_corner"; `config_names` lists what each dataset has.
        severity: 1 (mildest) to 5.
        seed, index: whole numbers >= 0.

    Returns:
        An array or a PIL image, as it came in, of the same size and channels.

    Raises:
        UnknownNameError: no such dataset, corruption or severity.
        TypeError, ValueError: the image, the seed or the index is not as above.
    """
    config = find_config(dataset, corruption, severity)
    severity = operator.index(severity)
    seed, index = _whole_number("seed", seed), _whole_number("index", index)
    pixels = pixels_of(image)
    algorithm = config.entry.algorithm
    rng = algorithm.draws and seeded_stream(
        seed, dataset, corruption, severity, index, algorithm.draws.stream
    )
    parameters = config.entry.parameters(severity)
    result = apply(pixels, algorithm, parameters, rng, stain_masks.own_masks())
    return Image.fromarray(result) if isinstance(image, Image.Image) else result


def _whole_number(name: str, value: SupportsIndex) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"The {name} is a whole number, not {value!r}.")
    number = operator.index(value)
    if number < 0:
        raise ValueError(f"The {name} is a whole number from 0 on, not {number}.")
    return number


def pixels_of(image: np.ndarray | Image.Image) -> np.ndarray:
    """The image as a uint8 array, H x W or H x W x 3.

    Raises:
        TypeError, ValueError: it is no uint8 array or PIL image of mode L or RGB, or too small.
    """
    if isinstance(image, Image.Image):
        if image.mode not in ("L", "RGB"):
            raise ValueError(
                f"The image has mode {image.mode!r}; convert it to 'L' (grey) or 'RGB' first."
            )
    elif not isinstance(image, np.ndarray):
        raise TypeError(f"The image is an array or a PIL image, not a {type(image).__name__}.")
    return checked(np.asarray(image), grey=True)
