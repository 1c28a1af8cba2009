"""What makes the pixels: the code and tables of this package, and the libraries beneath them."""

import hashlib
from functools import lru_cache
from importlib import metadata, resources

import cv2

LIBRARIES = ("numpy", "pillow", "scipy")
FILE_LIBRARIES = ("isal", "pyarrow")  # and on these the bytes of the files that hold the pixels
_MODULES = ("encoding.py", "pictures.py")  # of `builder`, beside all of `corruptions`


@lru_cache(maxsize=1)
def library_versions() -> dict[str, str]:
    """Versions of the libraries that bits may depend on."""
    # There are several packages of OpenCV: it is asked itself.
    return {name: metadata.version(name) for name in LIBRARIES} | {"opencv": cv2.__version__}


@lru_cache(maxsize=1)
def file_library_versions() -> dict[str, str]:
    """Versions of the libraries that make image files and Parquet files."""
    return {name: metadata.version(name) for name in FILE_LIBRARIES}


@lru_cache(maxsize=1)
def code_digest() -> str:
    """16 hex digits that change whenever pictures may: with code, tables or a library's version."""
    digest = hashlib.sha256(repr(sorted(library_versions().items())).encode())
    folder = resources.files("medmnist_c.corruptions")
    files = [f for f in folder.iterdir() if f.name.endswith((".py", ".c", ".json", ".npz"))]
    files += [resources.files("medmnist_c.builder").joinpath(name) for name in _MODULES]
    for file in sorted(files, key=lambda file: file.name):
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
