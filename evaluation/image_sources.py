"""Where the images of a cell come from: made here, or streamed from published test sets."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import datasets
import numpy as np

from medmnist_c.builder.configs import Configuration
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.retry import CLIENT_ERRORS, failure_of
from medmnist_c.builder.source.clean import load_clean
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.builder.versions import code_digest
from medmnist_c.evaluation.errors import PredictionError

LabelledImages = Iterator[tuple[np.ndarray, np.ndarray]]  # uint8 H x W [x 3], label(s) as 1-d


@dataclass(frozen=True)
class MadeHere:
    """Test sets made on the fly from the clean one; nothing but that is on the disk."""

    seed: int | None
    data_dir: str | Path | None
    sample: bool

    def _recipe(self, cell: Configuration) -> TestSetSpec:
        return TestSetSpec(cell, self.seed, self.data_dir, self.sample)

    def origin(self, cell: Configuration) -> dict:
        """What identifies the cell's images."""
        spec = self._recipe(cell)
        where = "sample" if self.sample else "files"
        return {
            "images": "release" if self.seed is None else f"seed {self.seed}",
            "digest": spec.digest(),
            "source": {"digest": spec.source().digest, "where": where},
            "code": code_digest(),
        }

    def images(self, cell: Configuration, digest: str) -> LabelledImages:
        """Images and labels in order, those of the `digest` in the cell's origin and no others."""
        test_set = self._recipe(cell).open(datasets.config.HF_DATASETS_CACHE, digest)
        test_set.wind()  # minutes, perhaps: here, and not in a thread, Ctrl-C ends it
        labels = load_clean(test_set.clean_folder).labels.astype(np.int64)
        return zip(test_set.images(), labels, strict=True)

    def count(self, cell: Configuration) -> int:
        return self._recipe(cell).source().count


@dataclass(frozen=True)
class Published:
    """Test sets of a repository on the Hub, or of a folder that `build` made, streamed.

    `revision` is a commit, None for a folder.
    """

    repo: str
    revision: str | None

    @classmethod
    def at(cls, repo: str) -> "Published":
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

    def origin(self, cell: Configuration) -> dict:
        digest = self.revision[:16] if self.revision else self._folder_digest(cell)
        name = Path(self.repo).name if self.revision is None else self.repo
        return {
            "images": f"as published in {name}",
            "digest": digest,
            "source": {
                "digest": self.revision[:16] if self.revision else None,
                "where": f"repository {name}",
            },
            "code": None,
        }

    def _folder_digest(self, cell: Configuration) -> str:
        """Of the files' names, sizes and ends, where Parquet keeps what it says about the rest."""
        digest = hashlib.sha256()
        for file in sorted((Path(self.repo) / cell.folder).glob("*.parquet")):
            size = file.stat().st_size
            with file.open("rb") as opened:
                opened.seek(max(0, size - 65536))
                digest.update(repr((file.name, size)).encode() + opened.read())
        return digest.hexdigest()[:16]

    def images(self, cell: Configuration, digest: str) -> LabelledImages:
        """Images and labels in order; `index` is held against the place."""
        info = dataset_info(cell.dataset)
        try:
            rows = datasets.load_dataset(
                self.repo, cell.name, split="test", streaming=True, revision=self.revision
            )
        except (ValueError, OSError) as error:
            first = str(error).strip().splitlines()[0]
            raise PredictionError(f"{self.repo} has no {cell.name} to stream ({first}).") from error
        for place, row in enumerate(rows):
            if row["index"] != place:
                raise PredictionError(
                    f"Row {place} of {cell.name} in {self.repo} has index {row['index']}; the test "
                    "set there is not whole or not in order."
                )
            image = np.asarray(row["image"])
            if image.shape != info.image_shape:
                raise PredictionError(
                    f"Image {place} of {cell.name} in {self.repo} is {image.shape}, not "
                    f"{info.image_shape}."
                )
            yield image, np.atleast_1d(np.asarray(row["label"], np.int64))

    def count(self, cell: Configuration) -> int | None:
        return None
