"""One image at a time, of any size."""

import operator
from typing import SupportsIndex

import numpy as np
from PIL import Image

from medmnist_c.builder.configs import find_config
from medmnist_c.builder.dataset_info import PUBLISHED_SIZE, dataset_info
from medmnist_c.builder.testset.published import published_masks, published_stream
from medmnist_c.corruptions import stain_masks
from medmnist_c.corruptions.image import SMALLEST_SIDE, checked
from medmnist_c.corruptions.random.seeded import seeded_stream
from medmnist_c.corruptions.registry import apply


def corrupt(
    image: np.ndarray | Image.Image,
    dataset: str,
    corruption: str,
    severity: SupportsIndex,
    *,
    seed: SupportsIndex | None = 0,
    index: SupportsIndex = 0,
    size: SupportsIndex | None = None,
) -> np.ndarray | Image.Image:
    """One image under one of a dataset's corruptions.

    What is random is drawn afresh from (seed, dataset, corruption, severity, index), as
    `load_dataset(..., seed=seed)` draws it for image `index`. `seed=None` gives the published image of
    the clean test image number `index`, as `load_dataset` gives it by default: its draws are found,
    a few seconds the first time. Only those of shot noise, and of motion blur after it, depend on the
    images before; they are found where the clean test set is in the cache of `datasets`.

    Args:
        image: uint8 array H x W or H x W x 3, or a PIL image of mode L or RGB; at least 28 pixels a
            side, square or not.
        dataset: whose version of the corruption, e.g. "dermamnist".
        corruption: e.g. "black_corner"; `config_names` lists what each dataset has.
        severity: 1 (mildest) to 5.
        seed: a whole number >= 0, or None for the published draws.
        index: a whole number >= 0; with `seed=None` the image's number in the clean test set.
        size: pixels a side, from 28 on, for which radii, kernels and other lengths are scaled, as
            `load_dataset(..., size=size)` has them for images of that size; by default they are the
            table's, which are for 224 pixels, whatever the image.

    Returns:
        An array or a PIL image, as it came in, of the same size and channels.

    Raises:
        UnknownNameError: no such dataset, corruption or severity.
        TypeError, ValueError: the image, the seed or the index is not as above, or the published
            image cannot be had from this one alone.
        CleanDataError: the published ink blots cannot be fetched.
    """
    config = find_config(dataset, corruption, severity)
    severity = operator.index(severity)
    index = _whole_number("index", index)
    pixels = pixels_of(image)
    algorithm = config.entry.algorithm
    size = PUBLISHED_SIZE if size is None else _whole_number("size", size)
    if size < SMALLEST_SIDE:
        raise ValueError(f"The size is at least {SMALLEST_SIDE} pixels, not {size}.")
    if seed is None and size != PUBLISHED_SIZE:
        raise ValueError(
            f"The published images have {PUBLISHED_SIZE} pixels a side; give a seed for size={size}."
        )
    if seed is None:
        _check_published(pixels, dataset, index)
        rng = published_stream(dataset, corruption, severity, index)
        masks = published_masks(algorithm.takes_masks)
    else:
        seed = _whole_number("seed", seed)
        rng = None
        if algorithm.draws:
            kind = algorithm.draws.stream
            rng = seeded_stream(seed, dataset, corruption, severity, index, kind)
        masks = stain_masks.own_masks(size)
    result = apply(pixels, algorithm, config.entry.parameters(severity), rng, masks, size)
    return Image.fromarray(result) if isinstance(image, Image.Image) else result


def _check_published(pixels: np.ndarray, dataset: str, index: int) -> None:
    info = dataset_info(dataset)
    if index >= info.test_count:
        raise ValueError(
            f"{dataset} has {info.test_count:,} test images, 0 to {info.test_count - 1}, no {index}."
        )
    if pixels.shape != info.image_shape:
        raise ValueError(
            f"The published images of {dataset} are made of its clean ones, {info.image_shape}, not of "
            f"one of shape {pixels.shape}; give a seed for other images."
        )


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
