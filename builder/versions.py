"""Versions of the package and of the images, and what else is told about how these were made."""

import hashlib
import platform
from functools import lru_cache
from importlib import metadata, resources
from pathlib import Path

VERSION = metadata.version("medmnist_c")

IMAGES_VERSION = "1"
"""Identifies images, labels and columns in caches, folders, repositories and predictions.

Raised whenever one of them may change, with an entry in CHANGELOG.md; nothing made under another
version is taken for the present one. The digests in `tests/reference/` belong to it.
"""

LIBRARIES = ("numpy", "pillow", "scipy")
FILE_LIBRARIES = ("isal", "pyarrow")  # on these the bytes of the files depend that hold the images


@lru_cache(maxsize=1)
def library_versions() -> dict[str, str]:
    """Versions of the libraries that make images."""
    import cv2  # there are several packages of OpenCV: it is asked itself

    return {name: metadata.version(name) for name in LIBRARIES} | {"opencv": cv2.__version__}


@lru_cache(maxsize=1)
def file_library_versions() -> dict[str, str]:
    """Versions of the libraries that make image files and Parquet files."""
    return {name: metadata.version(name) for name in FILE_LIBRARIES}


@lru_cache(maxsize=1)
def machine_and_libraries() -> dict[str, str]:
    """The processor's architecture and the versions of all libraries at work: information only."""
    versions = library_versions() | file_library_versions()
    return {"machine": platform.machine(), **dict(sorted(versions.items()))}


@lru_cache(maxsize=1)
def source_digest() -> str:
    """16 hex digits over the source files of `corruptions`: information, part of no identity."""
    folder = Path(str(resources.files("medmnist_c.corruptions")))
    files = [f for f in folder.rglob("*") if f.suffix in (".py", ".c", ".h", ".json", ".npz")]
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.relative_to(folder).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
