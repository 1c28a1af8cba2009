"""Random corruptions of training images."""

from collections.abc import Mapping

import numpy as np
from PIL import Image

from medmnist_c.compat.corruptions.base import BaseCorruption

_IDENTITY = "identity"


class AugMedMNISTC:
    """One of the corruptions, or none, on each image; all equally likely.

    Args:
        train_corruptions: corruptions by name, as `CORRUPTIONS_DS["dermamnist"]`.
        verbose: print which one it is.
    """

    def __init__(
        self,
        train_corruptions: Mapping[str, BaseCorruption] = {},
        verbose: bool = False,
    ) -> None:
        if not train_corruptions:
            raise AssertionError("There are no corruptions to draw from; give train_corruptions=.")
        self.train_corruptions = train_corruptions
        self.train_corruptions_keys = [*train_corruptions, _IDENTITY]
        self.verbose = verbose

    def __call__(self, img: Image.Image) -> np.ndarray | Image.Image:
        """The corrupted image as an array, uint8; the image itself where nothing was drawn."""
        name = np.random.choice(self.train_corruptions_keys)
        if self.verbose:
            print(name)
        if name == _IDENTITY:
            return img
        return self.train_corruptions[name].apply(img, augmentation=True)
