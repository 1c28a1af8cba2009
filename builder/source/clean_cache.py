"""A split of a clean dataset in the cache: written once, checked whenever it is read.

    {dataset}-{digest}/test_images.npy    N x 224 x 224 [x 3], uint8
                       test_images.crc    CRC-32 of its header and of each image, uint32
                       test_labels.npy    N x K, whole numbers
                       whole.json         what the others must be like; written last

Another split is in `{dataset}-validation-{digest}`, as `val_images.npy` and so on, and another size in
`{dataset}-64-{digest}`.

An image is read, not mapped: what a disk, or another process, has made of it is noticed, and a
file cut short meanwhile is an error instead of a killed process.
"""

import contextlib
import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from medmnist_c.builder import igzip
from medmnist_c.builder.dataset_info import PUBLISHED_SIZE, MedMNISTInfo, dataset_info
from medmnist_c.builder.errors import CleanDataError
from medmnist_c.builder.files import atomic_write
from medmnist_c.builder.source.npz import Member
from medmnist_c.builder.splits import PUBLISHED, Split, images_member, known_split, labels_member

_WHOLE = "whole.json"


def copy_name(dataset: str, digest: str, split: Split, size: int) -> str:
    """The name of the folder of a copy."""
    parts = [dataset]
    if size != PUBLISHED_SIZE:
        parts.append(str(size))
    if split != PUBLISHED:
        parts.append(split)
    return "-".join([*parts, digest])


def _sums_name(images: str) -> str:
    return images.replace(".npy", ".crc")


@dataclass(frozen=True)
class CleanImages:
    """A split of a clean dataset in the cache, read-only.

    `images` are uint8, N x size x size (grey) or N x size x size x 3 (RGB), mapped and not checked:
    `checked_images` gives checked ones. `labels` are whole numbers, N x 1 or, of a multi-label dataset,
    N x K of 0 and 1. `sums` are the CRC-32 of the images, `folder` is where the copy lies.
    """

    dataset: str
    digest: str
    images: np.memmap
    labels: np.ndarray
    sums: np.ndarray
    folder: Path
    split: Split = PUBLISHED
    size: int = PUBLISHED_SIZE

    def __reduce__(self) -> tuple[Any, ...]:
        return load_clean, (self.folder,)  # another process gets the folder, not the images

    def checked_images(self, start: int, stop: int) -> Iterator[np.ndarray]:
        """Images start ... stop - 1, each held against its checksum.

        Raises:
            CleanDataError: one is not what was written; the copy is marked damaged, to be made anew.
        """
        shape = self.images.shape[1:]
        size = prod(shape)
        path = self.folder / images_member(self.split)
        try:
            with path.open("rb", buffering=0) as file:
                file.seek(self.images.offset + start * size)
                for index in range(start, stop):
                    data = file.read(size)
                    if igzip.crc32(data) != self.sums[index]:
                        raise self._marked_damaged(index)
                    yield np.frombuffer(data, np.uint8).reshape(shape)
        except CleanDataError:
            raise
        except OSError as error:
            raise CleanDataError(
                f"Cannot read {path} ({error.strerror or error}); load the test set again, or "
                f"remove {self.folder} to have the copy made anew."
            ) from error

    def _marked_damaged(self, index: int) -> CleanDataError:
        remedy = "load the test set again to have the copy made anew."
        try:
            (self.folder / _WHOLE).unlink(missing_ok=True)
        except OSError:
            remedy = "remove that folder, which this process may not."
        return CleanDataError(f"Image {index} in {self.folder} is damaged on the disk; {remedy}")


def load_clean(folder: str | Path) -> CleanImages:
    """Open a clean test set that `open_clean` has made; cheap, for worker processes too.

    Raises:
        CleanDataError: it is not there whole.
    """
    folder = Path(folder)
    try:
        whole = json.loads((folder / _WHOLE).read_text("utf-8"))
        dataset, digest, sizes = whole["dataset"], whole["digest"], whole["sizes"]
        # Copies of earlier versions are all of the published split and size, and do not say so.
        split = known_split(whole.get("split", PUBLISHED))
        info = dataset_info(dataset, whole.get("size", PUBLISHED_SIZE))
        if folder.name != (name := copy_name(dataset, digest, split, info.size)):
            raise ValueError(f"it is of {name}")
        images_file, labels_file = folder / images_member(split), folder / labels_member(split)
        sums_file = folder / _sums_name(images_file.name)
        for path in (images_file, labels_file, sums_file):
            if path.stat().st_size != sizes[path.name]:
                raise ValueError(f"{path.name} is not {sizes[path.name]} bytes long")
        sums = np.frombuffer(_read(sums_file, whole), "<u4")
        labels = np.load(io.BytesIO(_read(labels_file, whole)), allow_pickle=False)
        labels.flags.writeable = False
        images = _map_images(images_file, info, sums)
        return CleanImages(dataset, digest, images, labels, sums[1:], folder, split, info.size)
    except Exception as error:  # whatever may be written there
        raise CleanDataError(
            f"{folder} is no whole copy of a clean test set ({error}); load the test set again to "
            "have it made anew."
        ) from error


def _read(path: Path, whole: dict) -> bytes:
    content = path.read_bytes()
    if igzip.crc32(content) != whole["sums"][path.name]:
        raise ValueError(f"{path.name} is damaged")
    return content


def _map_images(path: Path, info: MedMNISTInfo, sums: np.ndarray) -> np.memmap:
    shape = (len(sums) - 1, *info.image_shape)
    offset = path.stat().st_size - prod(shape)
    with path.open("rb") as file:
        if offset < 0 or igzip.crc32(file.read(offset)) != sums[0]:
            raise ValueError(f"{path.name} is damaged")
    return np.memmap(path, np.uint8, "r", offset, shape)


def write_copy(
    info: MedMNISTInfo,
    split: Split,
    digest: str,
    images: Member,
    labels: Member,
    folder: Path,
    check: Callable[[np.ndarray], None],
) -> None:
    """Write a copy into an empty folder, whose name is not the copy's own yet.

    Args:
        info, split, digest: of what.
        images, labels: the members of the npz, with headers as above.
        check: is given the labels before the images are written, to raise what is wrong.

    Raises:
        NpzError: they are not what the npz declares.
    """
    _write(labels, folder, lambda data: None)
    check(np.load(folder / labels.name, allow_pickle=False))
    shape = images.header.shape
    sums = _Sums(images.size - prod(shape), prod(shape[1:]))
    _write(images, folder, sums.add)
    found = np.array(sums.found, "<u4").tobytes()
    sums_name = _sums_name(images.name)
    with _synced(folder / sums_name) as file:
        file.write(found)
    whole = {
        "dataset": info.name,
        "split": split,
        "size": info.size,
        "digest": digest,
        "sizes": {images.name: images.size, labels.name: labels.size, sums_name: len(found)},
        "sums": {labels.name: labels.crc, sums_name: igzip.crc32(found)},
    }
    with atomic_write(folder / _WHOLE) as file:
        file.write(json.dumps(whole).encode())


class _Sums:
    """CRC-32 of parts of a stream of bytes: a first one, then ones of equal length."""

    def __init__(self, first: int, following: int) -> None:
        self.found: list[int] = []
        self._left, self._following, self._crc = first, following, 0

    def add(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            piece = view[: self._left]
            self._crc = igzip.crc32(piece, self._crc)
            self._left -= len(piece)
            if not self._left:
                self.found.append(self._crc)
                self._left, self._crc = self._following, 0
            view = view[len(piece) :]


def _write(member: Member, folder: Path, seen: Callable[[bytes], None]) -> None:
    with _synced(folder / member.name) as file:
        for data in member.content():
            file.write(data)
            seen(data)


@contextlib.contextmanager
def _synced(path: Path) -> Iterator[io.BufferedWriter]:
    with path.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
