"""A test set that can be made: what is asked for, what identifies it, and its tables."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from medmnist_c.builder.arrow.encoding import Encoding
from medmnist_c.builder.arrow.features import features_of
from medmnist_c.builder.arrow.tables import ROWS_A_TABLE, tables
from medmnist_c.builder.configs import Configuration
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.errors import CleanDataError
from medmnist_c.builder.files import absolute
from medmnist_c.builder.source.clean import (
    CACHE_FOLDER,
    CleanTestSet,
    Source,
    copy_folder,
    find_source,
    load_clean,
    open_clean,
)
from medmnist_c.builder.source.download import fetch_file
from medmnist_c.builder.source.sample import SAMPLE_FOLDER
from medmnist_c.builder.testset.images import images, wind_to_start
from medmnist_c.builder.versions import code_digest
from medmnist_c.corruptions import stain_masks


@dataclass(frozen=True)
class TestSet:
    """A test set ready to be made, any stretch of it, in any process.

    `stain_masks` is the reference's file of masks, None for the project's; `count` is the number
    of images.
    """

    __test__ = False  # not a test case, though its name begins so

    configuration: Configuration
    seed: int | None
    clean_folder: Path
    stain_masks: Path | None
    count: int

    def wind(self) -> None:
        """Find the release's random state at the first image, so that any process knows it.

        Where that means drawing through the shot noise before it, it takes minutes and shows a bar.
        """
        if self.seed is None:
            wind_to_start(load_clean(self.clean_folder), self.configuration)

    def tables(
        self, start: int, stop: int, encoding: Encoding, rows_a_table: int = ROWS_A_TABLE
    ) -> Iterator[pa.Table]:
        """Arrow tables of images start ... stop - 1; the clean images are mapped meanwhile."""
        clean = load_clean(self.clean_folder)
        schema = features_of(dataset_info(self.configuration.dataset)).arrow_schema
        made = self._images(clean, start, stop)
        yield from tables(made, clean.labels, start, schema, encoding, rows_a_table)

    def image(self, index: int) -> np.ndarray:
        """One image, uint8 224 x 224 or 224 x 224 x 3; 0 <= index < count."""
        return next(self._images(load_clean(self.clean_folder), index, index + 1))

    def images(self) -> Iterator[np.ndarray]:
        """All images in order, as `image` gives one."""
        return self._images(load_clean(self.clean_folder), 0, self.count)

    def _images(self, clean: CleanTestSet, start: int, stop: int) -> Iterator[np.ndarray]:
        masks = {}
        if self.configuration.draws_stains:
            if self.stain_masks:
                masks = stain_masks.reference_masks(self.stain_masks)
            else:
                seeded = self.seed is not None
                masks = stain_masks.own_masks() if seeded else stain_masks.sample_masks()
        return images(clean, self.configuration, self.seed, start, stop, masks)


@dataclass(frozen=True)
class TestSetSpec:
    """What is asked for: a configuration, a seed (None: the release's draws), and a clean source.

    Args:
        configuration: which test set.
        seed: a whole number >= 0, or None.
        data_dir: folder of MedMNIST+ files; None for `~/.medmnist`, then Zenodo.
        sample: take the few images inside the package instead.
    """

    configuration: Configuration
    seed: int | None = None
    data_dir: str | Path | None = None
    sample: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.seed, bool) or not isinstance(self.seed, int | np.integer | None):
            raise TypeError(
                f"The seed is a whole number, or None for the release, not {self.seed!r}."
            )
        if self.seed is not None and self.seed < 0:
            raise ValueError(f"The seed is a whole number from 0 on, not {self.seed}.")
        if self.seed is not None:
            object.__setattr__(self, "seed", int(self.seed))
        if not isinstance(self.sample, bool):
            raise TypeError(f"sample is True or False, not {self.sample!r}.")
        if self.sample and self.data_dir is not None:
            raise ValueError("Give either sample=True or data_dir=, not both.")
        if isinstance(self.data_dir, str | os.PathLike):  # the same for workers elsewhere
            object.__setattr__(self, "data_dir", absolute(self.data_dir))

    def source(self) -> Source:
        """Where the clean test set comes from; looks at files only."""
        folder = SAMPLE_FOLDER if self.sample else self.data_dir
        return find_source(self.configuration.dataset, folder)

    def digest(self) -> str:
        """16 hex digits for the images' identity: they change when a pixel may."""
        return self._digest(self.source())

    def _digest(self, source: Source) -> str:
        parts = (self.configuration.name, self.seed, source.digest, code_digest())
        parts += ("own masks" if self.sample else "",)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def open(self, cache_dir: str | Path, digest: str | None = None) -> TestSet:
        """Fetch what is missing, once, into `cache_dir`, and be ready to make images.

        Whoever keeps them under a `digest` gives it: the clean file may have changed since.

        Raises:
            CleanDataError: it cannot be had, or the images would be others than those of `digest`.
        """
        source = self.source()
        if digest is not None and self._digest(source) != digest:
            raise CleanDataError(
                f"{self.configuration.name} would be another one here than where it was asked for: "
                "the clean file has changed, or a worker has another file, other code or other "
                "libraries; give all the same, and run it again."
            )
        masks = None
        if self._needs_release_masks:
            masks = self._release_masks(Path(cache_dir))
        clean = open_clean(source, cache_dir)
        return TestSet(self.configuration, self.seed, clean.folder, masks, len(clean.images))

    def needs_fetching(self, cache_dir: str | Path) -> bool:
        """Whether `open` would have to ask another host for something."""
        source = self.source()
        if source.path is None and not copy_folder(source, cache_dir).exists():
            return True
        masks_are_here = self._masks_in_data_dir() or _cached_masks(Path(cache_dir)).exists()
        return self._needs_release_masks and not masks_are_here

    @property
    def _needs_release_masks(self) -> bool:
        return self.configuration.draws_stains and self.seed is None and not self.sample

    def _masks_in_data_dir(self) -> Path | None:
        path = self.data_dir and Path(self.data_dir) / stain_masks.REFERENCE_FILE
        return path if path and path.exists() else None

    def _release_masks(self, cache_dir: Path) -> Path:
        if path := self._masks_in_data_dir():
            stain_masks.reference_masks(path)
            return path
        return reference_masks_file(cache_dir)


def reference_masks_file(cache_dir: str | Path) -> Path:
    """The reference's file of masks in a cache folder, fetched first if it is not there.

    Raises:
        CleanDataError: it cannot be fetched, is another file, or cannot be written.
    """
    return fetch_file(
        stain_masks.REFERENCE_URL,
        stain_masks.REFERENCE_SHA256,
        stain_masks.REFERENCE_BYTES,
        _cached_masks(cache_dir),
    )


def _cached_masks(cache_dir: str | Path) -> Path:
    return absolute(cache_dir) / CACHE_FOLDER / stain_masks.REFERENCE_FILE
