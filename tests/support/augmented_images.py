"""A dataset of small images for `DataLoader`, in a module that spawned workers can import."""

import numpy as np

from medmnist_c.augmentation.targeted import TargetedAugmentation


class AugmentedImages:
    """Each item: its index, and its image augmented with a seed and without, as bytes."""

    def __init__(self, count: int) -> None:
        rng = np.random.default_rng(0)
        self.images = rng.integers(0, 256, (count, 32, 32, 3), np.uint8)
        # Draws that differ whenever the random numbers do.
        self.seeded = TargetedAugmentation("dermamnist", seed=5, corruptions=["gaussian_noise"])
        self.fresh = TargetedAugmentation(
            "dermamnist", corruptions=["gaussian_noise"], identity=False
        )

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[int, bytes, bytes]:
        image = self.images[index]
        return index, self.seeded(image).tobytes(), self.fresh(image).tobytes()
