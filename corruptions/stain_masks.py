"""The ten ink blots of stain_deposit, in two sizes: the reference's, or the project's own.

The reference's are a data file of its authors, `inks.npz` of medmnistc 0.1.0 (Apache-2.0), which is
not part of this package. The project's own (`blots.npz`, drawn by `tools/data/make_blots.py` with the
reference's coverage and shape statistics) serve where the images are not the reference's anyway: in
seeded draws, in augmentation, and in the sample.
"""

import hashlib
import io
from functools import lru_cache
from importlib import resources
from pathlib import Path

import numpy as np

from medmnist_c.corruptions.image import IMAGE_SIZE
from medmnist_c.corruptions.lengths import scaled_masks

REFERENCE_FILE = "inks.npz"
REFERENCE_BYTES = 302_312
REFERENCE_SHA256 = "76a895e8f4ba6f98cc13fffd6060e1b2ef037e7baee6c5393732346a40eecf0f"
REFERENCE_URL = (
    "https://raw.githubusercontent.com/francescodisalvo05/medmnistc-api/"
    "b6dee0e78fc39ba5f57944f796d93b9728f7fe55/medmnistc/assets/inks.npz"
)
_SIZE_OF_ARRAY = {"3": 24, "4": 32}  # the reference names its arrays by severity, counted from 0


@lru_cache(maxsize=8)
def own_masks(size: int = IMAGE_SIZE) -> dict[int, np.ndarray]:
    """The project's masks by their size in the table: uint8 0/1, 10 x size x size, read-only.

    They are as large as the table says for images of 224 pixels a side, and scaled for another `size`.
    """
    path = resources.files(__package__).joinpath("blots.npz")
    with path.open("rb") as file, np.load(file) as arrays:
        masks = {int(name): arrays[name] for name in arrays.files}
    if size != IMAGE_SIZE:
        masks = {own: scaled_masks(array, size) for own, array in masks.items()}
    for mask in masks.values():
        mask.flags.writeable = False
    return masks


def reference_masks(path: Path) -> dict[int, np.ndarray]:
    """The reference's masks by size in pixels: uint8 0/1, 10 x size x size.

    Raises:
        ValueError: the file is not the reference's, by its SHA-256.
    """
    path = Path(path)
    right = path.is_file() and path.stat().st_size == REFERENCE_BYTES  # no pipe, and no gigabytes
    content = path.read_bytes() if right else b""
    if hashlib.sha256(content).hexdigest() != REFERENCE_SHA256:
        raise ValueError(
            f"{path} is not the reference's file of stain masks (its SHA-256 differs); remove it, or "
            f"take {REFERENCE_FILE} from medmnistc 0.1.0."
        )
    with np.load(io.BytesIO(content)) as arrays:
        return {size: arrays[name].astype(np.uint8) for name, size in _SIZE_OF_ARRAY.items()}
