"""Files of models."""

import hashlib
from pathlib import Path

from medmnist_c.models.errors import ModelError


def file_of_model(name: str) -> Path:
    """The file's absolute path. ModelError: it is not there."""
    path = Path(name).expanduser().absolute()
    if not path.is_file():
        raise ModelError(f"There is no file {path}.")
    return path


def file_digest(path: Path) -> str:
    """SHA-256 of a file, and of the file of weights that ONNX may put beside it, 16 hex digits."""
    digest = hashlib.sha256()
    for one in (path, path.with_name(path.name + ".data")):
        if one.is_file():
            with one.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]
