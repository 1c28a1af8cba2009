"""Transforms that worker processes can import."""

import numpy as np
from PIL import Image


def small(image: Image.Image) -> np.ndarray:
    """Float32, 28 x 28 x 3, from 0 to 1."""
    return np.asarray(image.resize((28, 28)), np.float32) / 255


def small_tensor(image: Image.Image):
    """A torch tensor, uint8 3 x 8 x 8."""
    import torch

    return torch.tensor(np.asarray(image.resize((8, 8)))).permute(2, 0, 1)


def broken(image: Image.Image) -> np.ndarray:
    """Fails, in two lines."""
    raise RuntimeError("no\nway")


def of_two_lengths(image: Image.Image) -> np.ndarray:
    """One array or another, by the image's first pixel."""
    return np.zeros(3 + int(np.asarray(image)[0, 0, 0]) % 2)


def no_array(image: Image.Image) -> dict:
    return {"pixels": image}
