"""What all augmentations share: how they are called, seeded and taken along to worker processes."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from random import Random
from typing import Any, Generic, TypeVar

import numpy as np

from medmnist_c.augmentation.images import is_tensor, like, pixels_of, stacked_like
from medmnist_c.augmentation.randomness import Randomness
from medmnist_c.augmentation.sampler import Sampler

Params = TypeVar("Params")


class Augmentation(ABC, Generic[Params]):
    """A callable on images, and on rows or batches of columns, whose parameters are data.

    Subclasses say how parameters are drawn (`_draw`) and what they make of an image (`_apply`).
    """

    def __init__(
        self, sampler: Sampler, seed: int | None, column: str, index_column: str | None
    ) -> None:
        self._sampler = sampler
        self._column = column
        self._index_column = index_column
        self._randomness = Randomness(seed)

    @property
    def dataset(self) -> str:
        return self._sampler.dataset

    @property
    def names(self) -> tuple[str, ...]:
        """What is drawn from: corruptions, and "identity" where it is among them."""
        return self._sampler.names

    @property
    def seed(self) -> int | None:
        return self._randomness.seed

    def set_epoch(self, epoch: int) -> None:
        """Begin the draws of epoch `epoch` (from 0 on), here and in worker processes that run.

        Needed only where an epoch can end early or be left out: a loop that breaks off, training
        resumed or on several machines. Without a seed it does nothing.
        """
        self._randomness.set_epoch(epoch)

    def get_params(self, image: object = None, *, index: int | None = None) -> Params:
        """The next parameters for an image.

        Args:
            image: the image; with a seed needed unless `index` is given.
            index: the image's number in its dataset.
        """
        given = image is not None and self.seed is not None and index is None
        pixels = pixels_of(image) if given else None
        return self._draw(self._randomness.generator(pixels, index))

    @classmethod
    def apply(cls, image: Any, params: Params) -> Any:
        """The image that `params` of `get_params` determine, of the type of `image`."""
        return like(cls._apply(pixels_of(image), params), image)

    def __call__(self, image: Any, *others: Any) -> Any:
        """One image augmented; or a row or batch of columns, with its images augmented.

        Args:
            image: a PIL image (L or RGB), a uint8 array (H x W or H x W x 3) or a uint8 tensor (3 x H
                x W, 1 x H x W or H x W), at least 28 pixels a side; or a mapping of columns.
            others: given back unchanged, in a tuple after the image.

        Returns:
            What came in: type, size and channels stay. Nothing that came in is modified.
        """
        made = self._columns(image) if isinstance(image, Mapping) else self._one(image)
        return (made, *others) if others else made

    def _one(self, image: object, index: int | None = None) -> Any:
        pixels = pixels_of(image)
        params = self._draw(self._randomness.generator(pixels, index))
        return like(self._apply(pixels, params), image)

    def _columns(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        if self._column not in columns:
            raise ValueError(
                f"There is no column {self._column!r} among {', '.join(map(str, columns))}; name the "
                "images' column by column=."
            )
        images = columns[self._column]
        indices = None if self._index_column is None else columns.get(self._index_column)
        if _is_batch(images):
            indices = [None] * len(images) if indices is None else indices
            made = [self._one(image, i) for image, i in zip(images, indices, strict=True)]
            return {**columns, self._column: stacked_like(made, images)}
        return {**columns, self._column: self._one(images, indices)}

    @abstractmethod
    def _draw(self, rng: Random) -> Params: ...

    @staticmethod
    @abstractmethod
    def _apply(pixels: np.ndarray, params: Params) -> np.ndarray: ...


def _is_batch(images: Any) -> bool:
    if isinstance(images, np.ndarray) or is_tensor(images):
        return bool(images.ndim == 4)
    return isinstance(images, list | tuple)
