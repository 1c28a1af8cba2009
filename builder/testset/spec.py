"""A test set that can be made: what is asked for, what identifies it, and its tables."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from medmnist_c.builder.arrow.encoding import Encoding
from medmnist_c.builder.arrow.images_digest import ImagesDigest
from medmnist_c.builder.arrow.schema import schema_of
from medmnist_c.builder.arrow.tables import ROWS_A_TABLE, tables
from medmnist_c.builder.configs import Config, CorruptedConfig
from medmnist_c.builder.dataset_info import PUBLISHED_SIZE, dataset_info
from medmnist_c.builder.errors import CleanDataError
from medmnist_c.builder.files import absolute
from medmnist_c.builder.source.clean import (
    CACHE_FOLDER,
    CleanFileChanged,
    CleanSource,
    copy_folder,
    find_clean_source,
    open_clean,
)
from medmnist_c.builder.source.clean_cache import CleanImages, load_clean
from medmnist_c.builder.source.download import fetch_file
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.source.sample import SAMPLE_FOLDER
from medmnist_c.builder.splits import PUBLISHED, Split, chosen_splits, known_split
from medmnist_c.builder.stored import StoredTestSet
from medmnist_c.builder.testset.images import advance_to_start, entry_points, images
from medmnist_c.builder.testset.parts import Part, parts_of
from medmnist_c.builder.versions import IMAGES_VERSION
from medmnist_c.corruptions import stain_masks
from medmnist_c.corruptions.reference import depends_on_images


@dataclass(frozen=True)
class TestSet:
    """A test set ready to be made, any range of it, in any process.

    `stain_masks` is the reference's file of masks, None for the project's; `count` is the number
    of images.
    """

    __test__ = False  # not a test case, though its name begins so

    config: Config
    seed: int | None
    clean_folder: Path
    stain_masks: Path | None
    count: int
    split: Split = PUBLISHED
    size: int = PUBLISHED_SIZE

    @property
    def stored(self) -> StoredTestSet:
        """How it is called where it is stored."""
        return StoredTestSet(self.config, self.split, self.size)

    def advance(self) -> None:
        """Find the reference's random state at the first image, so that any process knows it.

        Where that means drawing through the shot noise before it, it takes minutes and shows a bar.
        """
        if self.seed is None:
            advance_to_start(load_clean(self.clean_folder), self.config)

    def tables(
        self,
        start: int,
        stop: int,
        encoding: Encoding,
        rows_a_table: int = ROWS_A_TABLE,
        digest: ImagesDigest | None = None,
    ) -> Iterator[pa.Table]:
        """Arrow tables of images start ... stop - 1; the clean images are mapped meanwhile.

        The rows are added to `digest` before they are encoded.
        """
        clean = load_clean(self.clean_folder)
        schema = schema_of(dataset_info(self.config.dataset))
        made = self._images(clean, start, stop)
        if digest is not None:
            made = digest.watch(made, clean.labels, start)
        yield from tables(made, clean.labels, start, schema, encoding, rows_a_table)

    def image(self, index: int) -> np.ndarray:
        """One image, uint8 size x size or size x size x 3; 0 <= index < count."""
        return next(self._images(load_clean(self.clean_folder), index, index + 1))

    def images(self, start: int = 0, stop: int | None = None) -> Iterator[np.ndarray]:
        """Images start ... stop - 1 in order, as `image` gives one; None for all up to the end."""
        last = self.count if stop is None else stop
        return self._images(load_clean(self.clean_folder), start, last)

    def images_at(self, indices: Iterable[int]) -> Iterator[np.ndarray]:
        """Some images, in the order of their numbers; what is drawn between them is passed over."""
        clean = load_clean(self.clean_folder)
        masks = self._masks(clean)
        for index in indices:
            yield from images(clean, self.config, self.seed, index, index + 1, masks)

    def parts(self, longest: int) -> list[Part]:
        """The images in parts of at most `longest`, for processes that make them side by side.

        Shot noise that has not been drawn through is one stretch: each part goes on from another.
        """
        points = None
        if self.seed is None:
            points = entry_points(load_clean(self.clean_folder), self.config)
        return parts_of(self.count, points, longest)

    def _images(self, clean: CleanImages, start: int, stop: int) -> Iterator[np.ndarray]:
        return images(clean, self.config, self.seed, start, stop, self._masks(clean))

    def _masks(self, clean: CleanImages) -> dict[int, np.ndarray]:
        if not takes_masks(self.config):
            return {}
        if self.stain_masks:
            return stain_masks.reference_masks(self.stain_masks)
        return stain_masks.own_masks(clean.size)


@dataclass(frozen=True)
class TestSetSpec:
    """What is asked for: which test set, of which images.

    `split` says whose clean images: of the published benchmark, those of "test".

    Raises:
        ValueError: the corruption draws, and neither are these the published images nor is there a
            seed.
    """

    __test__ = False  # not a test case, though its name begins so

    config: Config
    source: ImageSource = field(default_factory=ImageSource)
    split: Split = PUBLISHED

    def __post_init__(self) -> None:
        object.__setattr__(self, "split", known_split(self.split))
        if self.source.seed is None and self._draws and not self.published:
            raise ValueError(
                f"{self.config.name} draws at random, and the published draws are those of test images "
                f"at {PUBLISHED_SIZE} pixels; give a seed, such as seed=0, for {self.split} images at "
                f"{self.source.size}."
            )

    @property
    def stored(self) -> StoredTestSet:
        """How it is called where it is stored."""
        return StoredTestSet(self.config, self.split, self.source.size)

    @property
    def published(self) -> bool:
        """Whether the published benchmark has images of this split and size."""
        return self.stored.is_published

    @property
    def _draws(self) -> bool:
        return isinstance(self.config, CorruptedConfig) and bool(self.config.entry.algorithm.draws)

    @property
    def is_behind_images(self) -> bool:
        """Whether where it begins to draw depends on images: `TestSet.advance` may take minutes."""
        config = self.config
        return (
            self.source.seed is None
            and isinstance(config, CorruptedConfig)
            and depends_on_images(config.dataset, config.corruption)
        )

    def clean_source(self) -> CleanSource:
        """Where the clean test set comes from; only looks at files.

        Raises:
            CleanDataError: the file is not in `data_dir`, or is not one of this dataset.
        """
        folder = SAMPLE_FOLDER if self.source.sample else self.source.data_dir
        return find_clean_source(self.config.dataset, folder, self.split, self.source.size)

    def identity(self) -> str:
        """16 hex digits that identify the images: the same for the same images only."""
        return self.identity_with(self.clean_source())

    def identity_with(self, clean: CleanSource) -> str:
        """As `identity`, for who has looked at the clean file already."""
        masks = "own masks" if self.source.sample else ""
        parts: tuple[object, ...]
        parts = (IMAGES_VERSION, self.config.name, self.source.seed, clean.digest, masks)
        if self.split != PUBLISHED:
            parts += (f"split {self.split}",)
        if self.source.size != PUBLISHED_SIZE:
            parts += (f"size {self.source.size}",)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def open(
        self,
        cache_dir: str | Path,
        identity: str | None = None,
        clean_source: CleanSource | None = None,
    ) -> TestSet:
        """Fetch what is missing, once, into `cache_dir`, and be ready to make images.

        Args:
            cache_dir: for the clean test set.
            identity: under which the images are kept; the clean file may have changed since.
            clean_source: of who has looked at the clean file already: it is not looked at again.

        Raises:
            CleanDataError: the clean test set cannot be had, or the images would not be those of
                `identity`.
        """
        source = clean_source or self.clean_source()
        if identity is not None and self.identity_with(source) != identity:
            raise self._other_images()
        masks = None
        if self._needs_reference_masks:
            masks = self._reference_masks(Path(cache_dir))
        try:
            clean = open_clean(source, cache_dir)
        except CleanFileChanged as error:
            raise self._other_images() from error
        which = (self.split, self.source.size)
        return TestSet(
            self.config, self.source.seed, clean.folder, masks, len(clean.images), *which
        )

    def _other_images(self) -> CleanDataError:
        return CleanDataError(
            f"{self.config.name} would be another one here than where it was asked for: the clean "
            "file has changed, or a worker has another file or another version of medmnist_c; give "
            "all the same, and run it again."
        )

    def needs_fetching(self, cache_dir: str | Path) -> bool:
        """Whether `open` would have to ask another host for something."""
        source = self.clean_source()
        if source.path is None and not copy_folder(source, cache_dir).exists():
            return True
        masks_are_here = self._masks_in_data_dir() or _cached_masks(Path(cache_dir)).exists()
        return self._needs_reference_masks and not masks_are_here

    @property
    def _needs_reference_masks(self) -> bool:
        of_reference = self.source.seed is None and not self.source.sample
        return of_reference and takes_masks(self.config)

    def _masks_in_data_dir(self) -> Path | None:
        if self.source.data_dir is None:
            return None
        path = Path(self.source.data_dir) / stain_masks.REFERENCE_FILE
        return path if path.exists() else None

    def _reference_masks(self, cache_dir: Path) -> Path:
        if path := self._masks_in_data_dir():
            stain_masks.reference_masks(path)
            return path
        return reference_masks_file(cache_dir)


def specs_of(
    configs: Iterable[Config], source: ImageSource, splits: str | Iterable[str] = PUBLISHED
) -> list[TestSetSpec]:
    """Configurations of the images of a source, each of every split asked for.

    Raises:
        TypeError, ValueError: a split is none, or what is random needs a seed there.
    """
    chosen = chosen_splits(splits)
    return [TestSetSpec(config, source, split) for config in configs for split in chosen]


def takes_masks(config: Config) -> bool:
    """Whether the algorithm takes the ink blots of stain_deposit."""
    return isinstance(config, CorruptedConfig) and config.entry.algorithm.takes_masks


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
