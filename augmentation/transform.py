"""What all augmentations share: how they are called, seeded and taken along to worker processes."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from random import Random
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from medmnist_c.augmentation.images import is_tensor, like, pixels_of, stacked_like
from medmnist_c.augmentation.randomness import Randomness
from medmnist_c.augmentation.sampler import Sampler

if TYPE_CHECKING:
    from medmnist_c.augmentation.for_albumentations import AlbumentationsTransform
    from medmnist_c.augmentation.modules import AugmentationModule

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
        """One image or several augmented; or a row or batch of columns, with its images augmented.

        Args:
            image: a PIL image (L or RGB), a uint8 array (H x W or H x W x 3) or a uint8 tensor (3 x H
                x W, 1 x H x W or H x W), at least 28 pixels a side; a list of these, a tensor B x C x
                H x W or an array B x H x W x 3, with a draw for each image; or a mapping of columns.
            others: given back unchanged, in a tuple after the image.

        Returns:
            What came in: type, size and channels stay. Nothing that came in is modified.
        """
        if isinstance(image, Mapping):
            made: Any = self._columns(image)
        elif isinstance(image, list) or _is_stack(image):
            made = stacked_like([self._one(one) for one in image], image)
        else:
            made = self._one(image)
        return (made, *others) if others else made

    def as_module(self) -> "AugmentationModule":
        """As an `nn.Module`, for `nn.Sequential`; needs torch."""
        from medmnist_c.augmentation.modules import AugmentationModule

        return AugmentationModule(self)

    def as_albumentations(self, p: float = 1.0) -> "AlbumentationsTransform":
        """As a transform of albumentations, for `A.Compose`.

        Args:
            p: the probability of its being applied, which albumentations draws.

        Raises:
            ModuleNotFoundError: albumentations is not installed.
        """
        try:
            from medmnist_c.augmentation.for_albumentations import AlbumentationsTransform
        except ImportError as error:
            raise ModuleNotFoundError(
                f"Cannot use albumentations here ({error}); pip install 'albumentations>=2'.",
                name=error.name,
            ) from error
        return AlbumentationsTransform(self, p)

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
    return _is_stack(images) or isinstance(images, list | tuple)


def _is_stack(images: Any) -> bool:
    """An array or a tensor of several images, all of one size."""
    return (isinstance(images, np.ndarray) or is_tensor(images)) and bool(images.ndim == 4)
