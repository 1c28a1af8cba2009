"""Features on the disk: a file for each set of images, which appears whole or not at all."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medmnist_c.builder.files import atomic_write
from medmnist_c.models.errors import ModelError
from medmnist_c.models.loaded import Encoder
from medmnist_c.models.probe.features import Features

_NUMBER_FORMAT = "1"


@dataclass(frozen=True)
class FeatureStore:
    """A folder of features, of any number of encoders.

    What an encoder made lies under its weights and its preprocessing, each file under the identity of
    its images: features of other weights or images are never taken for these.
    """

    folder: Path

    def file(self, encoder: Encoder, name: str, identity: str) -> Path:
        """Where the features of a set of images lie."""
        return self.folder / encoder.identity / f"{name}-{identity}-{_NUMBER_FORMAT}.npz"

    def read(self, file: Path) -> Features | None:
        """What lies there; None if nothing does, or it is damaged."""
        try:
            with zipfile.ZipFile(file) as archive:
                if archive.testzip() is not None:  # numpy does not read as far as the checksums
                    return None
            with np.load(file) as content:
                return Features(content["features"], content["labels"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def write(self, file: Path, features: Features) -> None:
        """Raises ModelError: it cannot be written."""
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(file) as out:
                np.savez(out, features=features.features, labels=features.labels)
        except OSError as error:
            raise ModelError(
                f"Cannot write {file} ({error.strerror or error}); make room or give another folder, "
                "and run it again: finished features are kept."
            ) from error
