"""Files of models."""

import hashlib
from pathlib import Path

from medmnist_c.builder.files import absolute
from medmnist_c.models.errors import ModelError


def file_of_model(name: str) -> Path:
    """The file's absolute path. ModelError: it is not there."""
    path = absolute(name)
    if not path.is_file():
        raise ModelError(f"There is no file {path}.")
    return path


def folder_or_name(name: str) -> str:
    """The absolute path of a folder; a name that is none, as of a repository of the Hub, as it is."""
    path = absolute(name)
    return str(path) if path.is_dir() else name


def file_digest(path: Path) -> str:
    """SHA-256 of a file, and of the file of weights that ONNX may put beside it, 16 hex digits."""
    digest = hashlib.sha256()
    for one in (path, path.with_name(path.name + ".data")):
        if one.is_file():
            with one.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]
