"""Where the images of a test set come from: made here, or streamed from published ones."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import datasets
import numpy as np

from medmnist_c.builder.configs import Config
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.files import absolute
from medmnist_c.builder.retry import CLIENT_ERRORS, failure_of
from medmnist_c.builder.source.clean_cache import load_clean
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.builder.versions import IMAGES_VERSION
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.fields import as_text
from medmnist_c.evaluation.predictions.origin import REFERENCE_IMAGES, CleanOrigin, ImagesOrigin

LabelledImages = Iterator[tuple[np.ndarray, np.ndarray]]  # uint8 H x W [x 3], label(s) as 1-d


@dataclass(frozen=True)
class ImagesMadeHere:
    """Test sets made on the fly from the clean one; nothing but that is on the disk."""

    source: ImageSource
    cache_dir: Path = field(default_factory=lambda: absolute(datasets.config.HF_DATASETS_CACHE))

    def _spec(self, config: Config) -> TestSetSpec:
        return TestSetSpec(config, self.source)

    def origin(self, config: Config) -> ImagesOrigin:
        """What identifies the images."""
        spec = self._spec(config)
        where = "sample" if self.source.sample else "files"
        return ImagesOrigin(
            images=REFERENCE_IMAGES if self.source.seed is None else f"seed {self.source.seed}",
            digest=spec.identity(),
            source=CleanOrigin(spec.clean_source().digest, where),
            images_version=IMAGES_VERSION,
        )

    def images(self, config: Config, digest: str | None) -> LabelledImages:
        """Images and labels in order, those of the `digest` in the test set's origin and no others."""
        test_set = self._spec(config).open(self.cache_dir, digest)
        test_set.advance()  # minutes, perhaps: here, and not in a thread, Ctrl-C ends it
        labels = load_clean(test_set.clean_folder).labels.astype(np.int64)
        return zip(test_set.images(), labels, strict=True)

    def count(self, config: Config) -> int:
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

    def origin(self, config: Config) -> ImagesOrigin:
        """What identifies the images: the commit, or the folder's files."""
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

    def images(self, config: Config, digest: str | None) -> LabelledImages:
        """Images and labels in order; `index` is held against their number."""
        info = dataset_info(config.dataset)
        try:
            rows = datasets.load_dataset(
                self.repo, config.name, split="test", streaming=True, revision=self.revision
            )
        except (ValueError, OSError) as error:
            first = str(error).strip().splitlines()[0]
            raise PredictionError(
                f"{self.repo} has no {config.name} to stream ({first})."
            ) from error
        for number, row in enumerate(rows):
            if row["index"] != number:
                raise PredictionError(
                    f"Row {number} of {config.name} in {self.repo} has index {row['index']}; the test "
                    "set there is not whole or not in order."
                )
            image = np.asarray(row["image"])
            if image.shape != info.image_shape:
                raise PredictionError(
                    f"Image {number} of {config.name} in {self.repo} is {image.shape}, not "
                    f"{info.image_shape}."
                )
            yield image, np.atleast_1d(np.asarray(row["label"], np.int64))

    def count(self, config: Config) -> int | None:
        return None
