"""Small files in the MedMNIST+ layout: six arrays in an npz, square images, seeded content."""

import io
import zipfile
from pathlib import Path

import numpy as np

from medmnist_c.builder.dataset_info import dataset_info


def medmnist_arrays(
    dataset: str, count: int, *, seed: int = 0, train: int = 2, val: int = 2, size: int = 224
) -> dict[str, np.ndarray]:
    """The six arrays: `count` test images (blocks of colour, some noise), others of the other splits."""
    info = dataset_info(dataset, size)
    rng = np.random.default_rng(seed)

    def images(number: int) -> np.ndarray:
        blocks = min(28, size // 4)
        coarse = rng.integers(0, 240, (number, blocks, blocks, *info.image_shape[2:]), np.uint8)
        fine = rng.integers(0, 16, (number, *info.image_shape), np.uint8)
        pixels = -(-size // blocks)
        return coarse.repeat(pixels, axis=1).repeat(pixels, axis=2)[:, :size, :size] + fine

    def labels(number: int) -> np.ndarray:
        names = len(info.labels)
        if info.multi_label:
            return rng.integers(0, 2, (number, names), np.uint8)
        return rng.integers(0, names, (number, 1), np.uint8)

    numbers = {"train": train, "val": val, "test": count}
    arrays = {f"{split}_images": images(number) for split, number in numbers.items()}
    return arrays | {f"{split}_labels": labels(number) for split, number in numbers.items()}


def npy(array: np.ndarray) -> bytes:
    """An array as the bytes of an npy file; objects become pickles."""
    file = io.BytesIO()
    np.lib.format.write_array(file, array)
    return file.getvalue()


def write_npz(
    path: Path, arrays: dict[str, np.ndarray | bytes], compression: int = zipfile.ZIP_DEFLATED
) -> Path:
    """Write an npz as numpy does, but quicker; bytes stand for what is no good npy file."""
    with zipfile.ZipFile(path, "w", compression, compresslevel=1) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                member.write(array if isinstance(array, bytes) else npy(array))
    return path


def write_medmnist_file(
    folder: Path, dataset: str, count: int, *, seed: int = 0, size: int = 224, **how
) -> Path:
    """Write `{dataset}_224.npz` with `count` test images; the same seed gives the same bytes."""
    path = Path(folder) / dataset_info(dataset, size).file_name
    return write_npz(path, medmnist_arrays(dataset, count, seed=seed, size=size), **how)
