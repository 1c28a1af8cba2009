"""Which images are asked for: from where the clean ones come, and how what is random is drawn."""

import operator
import os
from dataclasses import dataclass
from pathlib import Path

from medmnist_c.builder.dataset_info import PUBLISHED_SIZE, known_size
from medmnist_c.builder.files import absolute


@dataclass(frozen=True)
class ImageSource:
    """The reference's draws or a seed's, and where the clean images come from.

    Args:
        seed: a whole number >= 0; None for the reference's draws.
        data_dir: folder of MedMNIST+ files; None for `~/.medmnist`, then Zenodo.
        sample: take the few images inside the package instead.
        size: of the images, 28, 64, 128 or 224 pixels a side; the published benchmark has 224.

    Raises:
        TypeError, ValueError: an argument is none of these.
    """

    seed: int | None = None
    data_dir: str | Path | None = None
    sample: bool = False
    size: int = PUBLISHED_SIZE

    def __post_init__(self) -> None:
        if self.seed is not None:
            if isinstance(self.seed, bool) or not hasattr(self.seed, "__index__"):
                raise TypeError(
                    f"The seed is a whole number, or None for the reference, not {self.seed!r}."
                )
            object.__setattr__(self, "seed", operator.index(self.seed))  # numpy's, too
            if self.seed < 0:
                raise ValueError(f"The seed is a whole number from 0 on, not {self.seed}.")
        if not isinstance(self.sample, bool):
            raise TypeError(f"sample is True or False, not {self.sample!r}.")
        if self.sample and self.data_dir is not None:
            raise ValueError("Give either sample=True or data_dir=, not both.")
        object.__setattr__(self, "size", known_size(self.size))
        if isinstance(self.data_dir, str | os.PathLike):  # the same for workers elsewhere
            object.__setattr__(self, "data_dir", absolute(self.data_dir))
