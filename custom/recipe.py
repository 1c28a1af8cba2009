"""Which corruptions an image of a data set gets; what is random is fixed by the seed and its index."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import SupportsIndex

import numpy as np

from medmnist_c.builder.configs import find_config
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.testset.single import corrupt
from medmnist_c.builder.versions import IMAGES_VERSION
from medmnist_c.corruptions.random.seeded import stream_from
from medmnist_c.corruptions.table import CORRUPTIONS

RANDOM = "random"  # one of the list for each image


@dataclass(frozen=True)
class Recipe:
    """What is done to each image.

    `like` is the dataset of MedMNIST+ whose list is used; `corruptions` are applied in a row, or, where
    `random` is true, one of them is chosen for each image. `images_version` is there so that nothing
    that `datasets` has cached under another version is taken for this one.
    """

    like: str
    corruptions: tuple[str, ...]
    severity: int
    seed: int
    random: bool = False
    images_version: str = IMAGES_VERSION

    def names(self, index: int) -> tuple[str, ...]:
        """The corruptions of image `index`."""
        if not self.random:
            return self.corruptions
        entropy = (self.seed, zlib.crc32(f"{self.like}/{RANDOM}".encode()), index)
        rng = stream_from(entropy, "python")
        assert isinstance(rng, Random)  # of the stream "python"
        return (rng.choice(self.corruptions),)

    def apply(self, pixels: np.ndarray, index: int) -> np.ndarray:
        """Image `index`, corrupted; both uint8, H x W or H x W x 3. As `corrupt` makes it."""
        for name in self.names(index):
            made = corrupt(pixels, self.like, name, self.severity, seed=self.seed, index=index)
            pixels = np.asarray(made)
        return pixels


def make_recipe(
    like: str, corruption: str | Sequence[str], severity: SupportsIndex, seed: SupportsIndex
) -> Recipe:
    """The recipe that `corrupt_dataset` is asked for; its arguments are described there.

    Raises:
        UnknownNameError: no such dataset, corruption or severity.
        TypeError, ValueError: the seed is no whole number >= 0, or the list of corruptions is empty or
            names one twice.
    """
    if seed is None:
        raise ValueError(
            "The published draws belong to the benchmark's own images; give a seed, a whole number "
            "from 0 on."
        )
    number = ImageSource(seed).seed  # type: ignore[arg-type]  # it takes numpy's, too
    assert number is not None
    random = corruption == RANDOM
    if random:
        find_config(like, next(iter(CORRUPTIONS.get(like, ("",)))), severity)
        names = tuple(CORRUPTIONS[like])
    else:
        one = isinstance(corruption, str) or not isinstance(corruption, Sequence)
        names = (corruption,) if one else tuple(corruption)  # type: ignore[assignment]
    configs = [find_config(like, name, severity) for name in names]
    if not configs:
        raise ValueError(f'Name at least one corruption of {like}, or "{RANDOM}".')
    if len(set(names)) < len(names):
        raise ValueError(
            f"{', '.join(names)}: a corruption that stands there twice would draw the same again; name "
            "each once."
        )
    return Recipe(like, names, configs[0].severity, number, random)
