"""Test sets of which only a fixed part is looked at, the same for everybody (metrics/subset.py)."""

import operator
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import SupportsIndex

import numpy as np

from medmnist_c.builder.configs import CleanConfig, Config
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.testset.parts import Part, parts_of
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.image_sources import ImageOrigins, LabelledImage, ReadableTestSet
from medmnist_c.evaluation.metrics.subset import subset
from medmnist_c.evaluation.predictions.origin import ImagesOrigin, PartOrigin
from medmnist_c.evaluation.predictions.validation import ValidationSet


@dataclass(frozen=True)
class PartOfTestSet:
    """Some images of a test set, in its order.

    indices: which ones, rising.
    """

    whole: ReadableTestSet
    indices: np.ndarray

    @property
    def name(self) -> str:
        return self.whole.name

    @property
    def count(self) -> int:
        return len(self.indices)

    def labels(self) -> np.ndarray:
        return self.whole.labels()[self.indices]

    def parts(self, longest: int) -> list[Part]:
        """They begin after images at which the whole test set can be entered."""
        entered = sorted({part.stretch[0] for part in self.whole.parts(longest)})
        points = np.unique(np.searchsorted(self.indices, entered))
        return parts_of(self.count, points.tolist(), longest)

    def rows(self, start: int, stop: int) -> Iterator[LabelledImage]:
        return self.whole.rows_at(self.indices[start:stop].tolist())

    def rows_at(self, indices: list[int]) -> Iterator[LabelledImage]:
        return self.whole.rows_at(self.indices[indices].tolist())


@dataclass(frozen=True)
class LimitedImages:
    """At most `limit` images of each test set; all of the validation images.

    Which ones follows from the clean labels, so they are the same in all test sets of a dataset.
    """

    source: ImageOrigins
    limit: int
    _parts: dict[tuple[str, str | None], tuple[np.ndarray, PartOrigin] | None] = field(
        default_factory=dict
    )

    def has_validation(self, dataset: str) -> bool:
        return self.source.has_validation(dataset)

    def chained(self, config: Config | ValidationSet) -> bool:
        return self.source.chained(config)

    def origin(self, config: Config | ValidationSet) -> ImagesOrigin:
        """What identifies the images, and of how many they are a part."""
        whole = self.source.origin(config)
        part = self._part(config)
        return whole if part is None else replace(whole, part=part[1])

    def open(self, config: Config | ValidationSet, digest: str | None) -> ReadableTestSet:
        whole = self.source.open(config, digest)
        part = self._part(config)
        if part is None:
            return whole
        if whole.count != part[1].count:
            raise PredictionError(
                f"{whole.name} has {whole.count} images and the clean test set {part[1].count}; give "
                "test sets that are whole."
            )
        return PartOfTestSet(whole, part[0])

    def count(self, config: Config | ValidationSet) -> int:
        whole = self.source.count(config)
        return whole if isinstance(config, ValidationSet) else min(whole, self.limit)

    def indices(self, config: Config | ValidationSet) -> np.ndarray | None:
        part = self._part(config)
        return None if part is None else part[0]

    def _part(self, config: Config | ValidationSet) -> tuple[np.ndarray, PartOrigin] | None:
        """Which images, and of what they are a part; None for all of them."""
        if isinstance(config, ValidationSet):
            return None
        clean = CleanConfig(config.dataset)
        origin = self.source.origin(clean)
        key = config.dataset, origin.digest
        if key not in self._parts:
            labels = self.source.open(clean, origin.digest).labels()
            self._parts[key] = _part_of(labels, config.dataset, self.limit)
        return self._parts[key]


def checked_limit(given: SupportsIndex) -> int:
    """ValueError: it is no whole number from 1 on."""
    if isinstance(given, bool) or not hasattr(given, "__index__") or operator.index(given) < 1:
        raise ValueError(f"limit is a whole number of images from 1 on, not {given!r}.")
    return operator.index(given)


def _part_of(labels: np.ndarray, dataset: str, limit: int) -> tuple[np.ndarray, PartOrigin] | None:
    try:
        indices = subset(labels, dataset, limit)
    except ValueError as error:
        raise PredictionError(f"limit={limit} cannot be met: {error}") from error
    if len(indices) == len(labels):
        return None
    info = dataset_info(dataset)
    counts: tuple[int, ...] = ()
    if not info.multi_label:
        counts = tuple(np.bincount(labels[:, 0], minlength=len(info.labels)).tolist())
    return indices, PartOrigin(limit, len(labels), counts)
