"""What a model is given of an image: the image itself, or what a transform makes of it, as bytes.

Bytes lie in memory that processes share, whatever shape and dtype they are of: a `RowFormat` says how
to read them.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from PIL import Image

from medmnist_c.evaluation.errors import PredictionError


@dataclass(frozen=True)
class ModelInput:
    """What models are given of an image; models with equal ones share it.

    transform: from a PIL image to an array or a tensor; None for the image as it is.
    rgb: grey images are made RGB first.
    """

    transform: Callable[[Any], Any] | None = None
    rgb: bool = False

    def of(self, image: np.ndarray) -> Any:
        """For an image, uint8 H x W or H x W x 3: uint8 H x W x C, or what the transform gives."""
        if self.transform is None:
            pixels = image[..., None] if image.ndim == 2 else image
            return np.repeat(pixels, 3, axis=2) if self.rgb and pixels.shape[2] == 1 else pixels
        given = Image.fromarray(image)
        return self.transform(given.convert("RGB") if self.rgb else given)


@dataclass(frozen=True)
class RowFormat:
    """Shape and dtype of what a model is given of an image, of numpy or of torch."""

    shape: tuple[int, ...]
    dtype: str
    torch: bool

    @classmethod
    def of(cls, value: Any) -> "RowFormat":
        """That of a value.

        Raises:
            PredictionError: it is no array of numbers, nor a tensor.
        """
        if _is_tensor(value):
            return cls(tuple(value.shape), str(value.dtype).partition(".")[2], True)
        array = np.asarray(value)
        if array.dtype.kind not in "biuf":
            raise PredictionError(
                f"The transform gives a {type(value).__name__}, not an array or a tensor; let it give "
                "one, of the same shape for all images."
            )
        return cls(array.shape, array.dtype.str, False)

    @property
    def row_bytes(self) -> int:
        """Bytes for one image."""
        return prod(self.shape) * self._itemsize

    @property
    def _itemsize(self) -> int:
        return self._torch_dtype.itemsize if self.torch else np.dtype(self.dtype).itemsize

    @property
    def _torch_dtype(self) -> Any:
        import torch

        return getattr(torch, self.dtype)

    def to_bytes(self, value: Any) -> np.ndarray:
        """A value as uint8, one-dimensional.

        Raises:
            PredictionError: it has another shape or dtype.
        """
        found = RowFormat.of(value)
        if found != self:
            raise PredictionError(
                f"The transform gives {found} for one image and {self} for another; let it give one "
                "shape and dtype for all."
            )
        if self.torch:
            import torch

            return value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
        return np.ascontiguousarray(value).reshape(-1).view(np.uint8)

    def batch(self, rows: np.ndarray) -> Any:
        """Rows of bytes, B x row_bytes, as an array or a tensor B x shape, of the same memory."""
        if self.torch:
            import torch

            return torch.from_numpy(rows).view(self._torch_dtype).reshape(len(rows), *self.shape)
        return rows.view(self.dtype).reshape(len(rows), *self.shape)

    def __str__(self) -> str:
        return f"{' x '.join(map(str, self.shape)) or 'a number'} of {self.dtype}"


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")  # not imported: it is no tensor
    return torch is not None and isinstance(value, torch.Tensor)
