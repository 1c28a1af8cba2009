"""Targeted augmentation: training with the corruptions that the benchmark tests."""

from collections.abc import Iterable, Mapping
from random import Random

import numpy as np

from medmnist_c.augmentation.params import AugmentationParams, corrupted
from medmnist_c.augmentation.sampler import make_sampler
from medmnist_c.augmentation.transform import Augmentation


class TargetedAugmentation(Augmentation[AugmentationParams]):
    """One corruption of a dataset's list, or none, drawn for each image.

    All are equally likely. The parameters are uniform between those of severity 1 and the last that
    the table lists; see `sampler.draw_parameters`. Source: MedMNIST-C (arXiv 2406.17536).

    Args:
        dataset: whose corruptions, e.g. "dermamnist".
        seed: a whole number from 0 on: the same images again in every run, whatever the order of
            the images and the number of workers, and others in every epoch. None: fresh ones.
        corruptions, groups: draw from these only ("digital", "noise", "blur", "color",
            "task-specific" are the groups); both given: from what is in both.
        exclude_groups: draw from the others only.
        weights: chances by name in relation to each other, "identity" among the names; 1 where none
            is given.
        identity: whether an image may stay as it is.
        severities: lowest and highest, e.g. (1, 3): parameters between those of the two. None: from
            severity 1 to the last listed, which is beyond 5 for three corruptions; and zooms from 1.0.
        column: the images' column, where rows or batches of columns are given.
        index_column: the column of the images' numbers, by which a seed knows them; where there is
            none, by their content.

    Raises:
        UnknownNameError: a name that the dataset does not have.
        TypeError, ValueError: another argument is not as above.
    """

    def __init__(
        self,
        dataset: str,
        seed: int | None = None,
        *,
        corruptions: Iterable[str] | None = None,
        groups: Iterable[str] | None = None,
        exclude_groups: Iterable[str] | None = None,
        weights: Mapping[str, float] | None = None,
        identity: bool = True,
        severities: tuple[int, int] | range | None = None,
        column: str = "image",
        index_column: str | None = "index",
    ) -> None:
        limits = (corruptions, groups, exclude_groups, weights, identity, severities)
        super().__init__(make_sampler(dataset, *limits), seed, column, index_column)

    def _draw(self, rng: Random) -> AugmentationParams:
        return self._sampler.draw(rng)

    @staticmethod
    def _apply(pixels: np.ndarray, params: AugmentationParams) -> np.ndarray:
        return corrupted(pixels, params)

    def __repr__(self) -> str:
        return f"TargetedAugmentation({self.dataset!r}, seed={self.seed}, names={self.names})"
