"""Where the images of a test set come from: made here, or streamed from published ones."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import fsspec
import numpy as np
import pyarrow.parquet as pq

from medmnist_c.builder.arrow.decoding import decode
from medmnist_c.builder.configs import CleanConfig, Config
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.errors import CleanDataError, first_line
from medmnist_c.builder.files import absolute
from medmnist_c.builder.retry import CLIENT_ERRORS, failure_of
from medmnist_c.builder.settings import cache_folder
from medmnist_c.builder.source.clean_cache import load_clean
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.testset.parts import Part, parts_of
from medmnist_c.builder.testset.spec import TestSet, TestSetSpec
from medmnist_c.builder.versions import IMAGES_VERSION
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.fields import as_text
from medmnist_c.evaluation.predictions.origin import REFERENCE_IMAGES, CleanOrigin, ImagesOrigin
from medmnist_c.evaluation.predictions.validation import ValidationSet

LabelledImage = tuple[np.ndarray, np.ndarray]  # uint8 H x W [x 3], label(s) as 1-d int64


class ReadableTestSet(Protocol):
    """A test set whose images can be had, any part of it, in any process."""

    @property
    def name(self) -> str:
        """Of its configuration."""

    @property
    def count(self) -> int:
        """How many images it has, one or more."""

    def parts(self, longest: int) -> list[Part]:
        """The images in parts of at most `longest`, for processes side by side."""

    def rows(self, start: int, stop: int) -> Iterator[LabelledImage]:
        """Images start ... stop - 1 and their labels, in order."""

    def rows_at(self, indices: list[int]) -> Iterator[LabelledImage]:
        """Some images and their labels, in the order of their numbers."""

    def labels(self) -> np.ndarray:
        """Of all images, int64, N x 1, or N x L of 0 and 1."""


class ImageOrigins(Protocol):
    """Where the images of test sets come from."""

    def origin(self, config: Config | ValidationSet) -> ImagesOrigin:
        """What identifies the images of a test set."""

    def open(self, config: Config | ValidationSet, digest: str | None) -> ReadableTestSet:
        """The test set whose origin has this digest, and no other, ready to be read."""

    def count(self, config: Config | ValidationSet) -> int:
        """How many images a test set has, or is expected to have; only looks at files."""

    def indices(self, config: Config | ValidationSet) -> np.ndarray | None:
        """Which images of a test set these are; None for all of them."""

    def has_validation(self, dataset: str) -> bool:
        """Whether the clean validation images can be had, which are opened as a `ValidationSet`."""

    def chained(self, config: Config | ValidationSet) -> bool:
        """Whether it begins to draw where the test set before it ends, known when that is made."""


@dataclass(frozen=True)
class MadeTestSet:
    """A test set made on the fly."""

    test_set: TestSet

    @classmethod
    def open(cls, spec: TestSetSpec, cache_dir: Path, identity: str | None = None) -> "MadeTestSet":
        """What is missing is fetched, and what the reference drew before is drawn through."""
        test_set = spec.open(cache_dir, identity)
        if spec.is_behind_images:
            test_set.advance()  # with a bar: once for all processes, and here, where Ctrl-C ends it
        return cls(test_set)

    @property
    def name(self) -> str:
        return self.test_set.config.name

    @property
    def count(self) -> int:
        return self.test_set.count

    def parts(self, longest: int) -> list[Part]:
        return self.test_set.parts(longest)

    def rows(self, start: int, stop: int) -> Iterator[LabelledImage]:
        return zip(self.test_set.images(start, stop), self.labels()[start:stop], strict=True)

    def rows_at(self, indices: list[int]) -> Iterator[LabelledImage]:
        return zip(self.test_set.images_at(indices), self.labels()[indices], strict=True)

    def labels(self) -> np.ndarray:
        return load_clean(self.test_set.clean_folder).labels.astype(np.int64)


@dataclass(frozen=True)
class ImagesMadeHere:
    """Test sets made on the fly from the clean one; nothing but that is on the disk."""

    source: ImageSource
    cache_dir: Path = field(default_factory=lambda: absolute(cache_folder()))

    def _spec(self, config: Config | ValidationSet) -> TestSetSpec:
        if isinstance(config, ValidationSet):
            return TestSetSpec(CleanConfig(config.dataset), self.source, "validation")
        return TestSetSpec(config, self.source)

    def indices(self, config: Config | ValidationSet) -> None:
        """All of them."""

    def has_validation(self, dataset: str) -> bool:
        """They are fetched, if need be."""
        if self.source.sample:
            return False  # which has test images only
        try:
            self._spec(ValidationSet(dataset)).open(self.cache_dir)
        except CleanDataError:
            return False
        return True

    def chained(self, config: Config | ValidationSet) -> bool:
        return self._spec(config).is_behind_images

    def origin(self, config: Config | ValidationSet) -> ImagesOrigin:
        """What identifies the images."""
        spec = self._spec(config)
        where = "sample" if self.source.sample else "files"
        return ImagesOrigin(
            images=REFERENCE_IMAGES if self.source.seed is None else f"seed {self.source.seed}",
            digest=spec.identity(),
            source=CleanOrigin(spec.clean_source().digest, where),
            images_version=IMAGES_VERSION,
        )

    def open(self, config: Config | ValidationSet, digest: str | None) -> MadeTestSet:
        return MadeTestSet.open(self._spec(config), self.cache_dir, digest)

    def count(self, config: Config | ValidationSet) -> int:
        return self._spec(config).clean_source().count


@dataclass(frozen=True)
class PublishedImages:
    """Test sets of a repository on the Hub, or of a folder that `build` made, streamed.

    `revision` is a commit, None for a folder.
    """

    repo: str
    revision: str | None

    @classmethod
    def at(cls, repo: str) -> "PublishedImages":
        """The repository as it is now: its newest commit is looked up once.

        Raises:
            PredictionError: there is no such repository, or it cannot be reached.
        """
        if Path(repo).is_dir():
            return cls(str(Path(repo).absolute()), None)
        from huggingface_hub import HfApi

        try:
            return cls(repo, HfApi().dataset_info(repo).sha)
        except CLIENT_ERRORS as error:
            raise PredictionError(
                f"Cannot find the dataset repository {repo!r} ({failure_of(error).reason}); "
                "give USER/NAME, or a folder that `medmnist-c build` made."
            ) from error

    def indices(self, config: Config | ValidationSet) -> None:
        """All of them."""

    def has_validation(self, dataset: str) -> bool:
        """Test sets are published, and nothing else."""
        return False

    def chained(self, config: Config | ValidationSet) -> bool:
        return False

    def origin(self, config: Config | ValidationSet) -> ImagesOrigin:
        """What identifies the images: the commit, or the folder's files."""
        assert not isinstance(config, ValidationSet)
        commit = self.revision[:16] if self.revision else None
        name = as_text(Path(self.repo).name if commit is None else self.repo)
        return ImagesOrigin(
            images=f"as published in {name}",
            digest=commit or self._folder_digest(config),
            source=CleanOrigin(commit, f"repository {name}"),
            images_version=None,
        )

    def _folder_digest(self, config: Config) -> str:
        """Of the files' names, sizes and ends, where Parquet keeps what it says about the rest."""
        digest = hashlib.sha256()
        for file in sorted((Path(self.repo) / config.folder).glob("*.parquet")):
            size = file.stat().st_size
            with file.open("rb") as opened:
                opened.seek(max(0, size - 65536))
                digest.update(repr((file.name, size)).encode() + opened.read())
        return digest.hexdigest()[:16]

    def open(self, config: Config | ValidationSet, digest: str | None) -> "PublishedTestSet":
        from datasets import load_dataset_builder  # the workers that make images do without

        assert not isinstance(config, ValidationSet)
        try:
            builder = load_dataset_builder(self.repo, config.name, revision=self.revision)
            files = builder.config.data_files["test"]
            return PublishedTestSet.of(config, self.repo, list(map(str, files)))
        except (*CLIENT_ERRORS, ValueError, KeyError, TypeError) as error:
            raise PredictionError(
                f"{self.repo} has no {config.name} to stream ({first_line(error)})."
            ) from error

    def count(self, config: Config | ValidationSet) -> int:
        return dataset_info(config.dataset).test_count


@dataclass(frozen=True)
class PublishedTestSet:
    """A test set that lies in Parquet files, here or on the Hub.

    groups: the row groups in order: their file, number in it, first row and number of rows.
    """

    config: Config
    repo: str
    groups: tuple["_RowGroup", ...]

    @classmethod
    def of(cls, config: Config, repo: str, files: list[str]) -> "PublishedTestSet":
        """OSError, ValueError: a file cannot be read."""
        groups: list[_RowGroup] = []
        start = 0
        for file in files:
            with fsspec.open(file) as opened:
                metadata = pq.read_metadata(opened)
            for number in range(metadata.num_row_groups):
                rows = metadata.row_group(number).num_rows
                groups.append(_RowGroup(file, number, start, rows))
                start += rows
        if not start:
            raise ValueError("no images in it")
        return cls(config, repo, tuple(groups))

    @property
    def name(self) -> str:
        return self.config.name

    @property
    def count(self) -> int:
        return self.groups[-1].start + self.groups[-1].rows

    def parts(self, longest: int) -> list[Part]:
        return parts_of(self.count, [group.start for group in self.groups], longest)

    def rows(self, start: int, stop: int) -> Iterator[LabelledImage]:
        return self.rows_at(list(range(start, stop)))

    def labels(self) -> np.ndarray:
        found: list[Any] = []
        for file, groups in groupby(self.groups, lambda one: one.file):
            with fsspec.open(file) as opened:
                numbers = [group.number for group in groups]
                table = pq.ParquetFile(opened).read_row_groups(numbers, ["label"])
                found += table["label"].to_pylist()
        return np.array([np.atleast_1d(np.asarray(one, np.int64)) for one in found])

    def rows_at(self, indices: list[int]) -> Iterator[LabelledImage]:
        """`index` is held against the images' numbers."""
        info = dataset_info(self.config.dataset)
        for number, row in zip(indices, self._read(indices), strict=True):
            if row["index"] != number:
                raise PredictionError(
                    f"Row {number} of {self.name} in {self.repo} has index {row['index']}; the test "
                    "set there is not whole or not in order."
                )
            image = decode(row["image"]["bytes"])
            if image.shape != info.image_shape:
                raise PredictionError(
                    f"Image {number} of {self.name} in {self.repo} is {image.shape}, not "
                    f"{info.image_shape}."
                )
            yield image, np.atleast_1d(np.asarray(row["label"], np.int64))

    def _read(self, indices: list[int]) -> Iterator[dict[str, Any]]:
        """Rows of these numbers, which rise."""
        numbers = np.asarray(indices)
        of_group = [
            (one, numbers[(one.start <= numbers) & (numbers < one.start + one.rows)] - one.start)
            for one in self.groups
        ]
        wanted = [one for one in of_group if len(one[1])]
        for file, groups in groupby(wanted, lambda one: one[0].file):
            with fsspec.open(file) as opened:
                parquet = pq.ParquetFile(opened)
                for group, rows in groups:
                    table = parquet.read_row_group(group.number, ["image", "label", "index"])
                    yield from table.take(rows).to_pylist()


class _RowGroup(NamedTuple):
    file: str
    number: int
    start: int
    rows: int
