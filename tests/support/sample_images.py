"""Small made-up images with something of everything, for the tests of the corruptions."""

from collections.abc import Callable, Iterator

import numpy as np

from medmnist_c.corruptions.table import CORRUPTIONS

SHAPES = ((32, 32), (61, 45), (224, 224))


def sample_image(shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    """uint8, H x W x 3: a colour gradient, noise, greys, pure colours, black and white."""
    height, width = shape
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    image = np.empty((height, width, 3), np.uint8)
    image[..., 0] = rows * 255 // (height - 1)
    image[..., 1] = columns * 255 // (width - 1)
    image[..., 2] = (rows + columns) * 255 // (height + width - 2)
    third = height // 3
    image[third : 2 * third] = rng.integers(0, 256, (third, width, 3))
    image[third : 2 * third, : width // 4] = rng.integers(0, 256, (third, width // 4, 1))
    image[-8:-4] = rng.integers(0, 2, (4, width, 3)) * 255
    image[-4:-2], image[-2:] = 0, 255
    return image


def luma(image: np.ndarray) -> np.ndarray:
    """ITU-R 601 luma (uint8, H x W) of an RGB image, in the whole numbers of Pillow's mode "L"."""
    red, green, blue = np.moveaxis(image.astype(np.int64), -1, 0)
    return ((19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16).astype(np.uint8)


def as_rgb(grey: np.ndarray) -> np.ndarray:
    """A grey image as three equal channels."""
    return np.repeat(grey[..., None], 3, axis=2)


def parameters_of(algorithm: str) -> list[tuple]:
    """All parameters the benchmark uses with `algorithm`, each once."""
    return sorted(
        {
            parameters
            for corruptions in CORRUPTIONS.values()
            for corruption in corruptions.values()
            if corruption.algorithm.name == algorithm
            for parameters in corruption.severities
        }
    )


def awkward_copies(image: np.ndarray, folder) -> Iterator[np.ndarray]:
    """The same image read-only, as a read-only memory map, and in other memory orders."""
    frozen = image.copy()
    frozen.setflags(write=False)
    yield frozen
    np.save(folder / "image.npy", image)
    yield np.load(folder / "image.npy", mmap_mode="r")
    yield np.asfortranarray(image)
    yield np.ascontiguousarray(image[::-1, ::-1])[::-1, ::-1]


def assert_pure(function: Callable[[np.ndarray], np.ndarray], image: np.ndarray, folder) -> None:
    """`function` gives a fresh image, the same each time, and leaves its input alone."""
    kept = image.copy()
    result = function(image)
    assert np.array_equal(image, kept)
    assert not np.shares_memory(result, image)
    assert type(result) is np.ndarray
    assert result.dtype == np.uint8
    assert result.shape == image.shape
    assert result.flags.c_contiguous
    assert result.flags.writeable
    for copy in awkward_copies(image, folder):
        again = function(copy)
        assert type(again) is np.ndarray
        assert again.flags.c_contiguous
        assert np.array_equal(again, result)
