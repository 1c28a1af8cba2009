"""An augmentation as a transform of albumentations."""

from collections.abc import Callable
from typing import Any

import numpy as np
from albumentations import ImageOnlyTransform


class AlbumentationsTransform(ImageOnlyTransform):
    """Augments the image of `A.Compose`, and no masks or boxes: the corruptions move nothing.

    Whether it is applied is albumentations' draw (`p`), how is the augmentation's own.

    Args:
        augmentation: a `TargetedAugmentation` or `TargetedAugMix`.
        p: the probability of its being applied.
    """

    def __init__(self, augmentation: Callable[..., Any], p: float = 1.0) -> None:
        super().__init__(p=p)
        self.augmentation = augmentation

    def apply(self, img: np.ndarray, **params: Any) -> np.ndarray:
        """An image, uint8, H x W, H x W x 1 or H x W x 3, and the same shape out."""
        one_channel = img.ndim == 3 and img.shape[2] == 1
        made: np.ndarray = self.augmentation(img[:, :, 0] if one_channel else img)
        return made[:, :, None] if one_channel else made

    def get_transform_init_args_names(self) -> tuple[str, ...]:
        return ("augmentation",)
