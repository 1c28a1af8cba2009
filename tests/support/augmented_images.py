"""A dataset of small pictures for `DataLoader`, in a module that spawned workers can import."""

import numpy as np

from medmnist_c.augmentation.targeted import TargetedAugmentation


class AugmentedPictures:
    """Each item: its index, and its picture augmented with a seed and without, as bytes."""

    def __init__(self, count: int) -> None:
        rng = np.random.default_rng(0)
        self.pictures = rng.integers(0, 256, (count, 32, 32, 3), np.uint8)
        # Draws that differ whenever the random numbers do.
        self.seeded = TargetedAugmentation("dermamnist", seed=5, corruptions=["gaussian_noise"])
        self.fresh = TargetedAugmentation(
            "dermamnist", corruptions=["gaussian_noise"], identity=False
        )

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> tuple[int, bytes, bytes]:
        picture = self.pictures[index]
        return index, self.seeded(picture).tobytes(), self.fresh(picture).tobytes()
