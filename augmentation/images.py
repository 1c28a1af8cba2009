"""Images as they come in, as arrays in between, and as they came in again."""

import sys
from typing import Any

import numpy as np
from PIL import Image

from medmnist_c.builder.testset.single import pixels_of as _pixels_of_array_or_pil


def is_tensor(image: Any) -> bool:
    """Whether it is a torch tensor; torch is not imported for this."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(image, torch.Tensor)


def pixels_of(image: Any) -> np.ndarray:
    """An image as a uint8 array, H x W or H x W x 3.

    Args:
        image: such an array, a PIL image of mode L or RGB, or a uint8 torch tensor, 3 x H x W,
            1 x H x W or H x W; at least 28 pixels a side.

    Raises:
        TypeError, ValueError: it is not.
    """
    if not is_tensor(image):
        return _pixels_of_array_or_pil(image)
    pixels = image.detach().cpu().numpy()
    if pixels.ndim == 3 and pixels.shape[0] in (1, 3):
        pixels = pixels[0] if len(pixels) == 1 else np.moveaxis(pixels, 0, -1)
    elif pixels.ndim != 2:
        raise ValueError(
            "A tensor must be 3 x height x width, 1 x height x width or height x width, this one has "
            f"the shape {tuple(pixels.shape)}."
        )
    return _pixels_of_array_or_pil(np.ascontiguousarray(pixels))


def like(pixels: np.ndarray, image: Any) -> Any:
    """`pixels` as the type that `image` has: array, PIL image or tensor (of its class and device)."""
    if isinstance(image, Image.Image):
        return Image.fromarray(pixels)
    if not is_tensor(image):
        return pixels
    torch = sys.modules["torch"]
    if image.ndim == 3:
        pixels = pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0)
    result = image.detach().clone()  # keeps the class, such as torchvision's `tv_tensors.Image`
    result.copy_(torch.from_numpy(np.ascontiguousarray(pixels)))
    return result


def stacked_like(made: list, images: Any) -> Any:
    """Images as the batch they come from: one array or tensor, or a list."""
    if isinstance(images, np.ndarray):
        return np.stack(made)
    return sys.modules["torch"].stack(made) if is_tensor(images) else made
