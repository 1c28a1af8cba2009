"""What both examples do with a MedMNIST+ file: read its arrays, shrink its images."""

import contextlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
import torch

SIDE = 56  # pixels, of what the nets see: enough for a blood cell, quick on a laptop


@contextlib.contextmanager
def stored(file: Path, member: str) -> Iterator[tuple[BinaryIO, tuple[int, ...], np.dtype]]:
    """An array in an npz, to be read from its first item on; its shape and dtype."""
    with zipfile.ZipFile(file) as archive, archive.open(f"{member}.npy") as stream:
        np.lib.format.read_magic(stream)
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
        yield stream, shape, dtype


def first_of(file: Path, member: str, count: int | None = None) -> np.ndarray:
    """The first `count` items of an array in an npz, without unpacking the rest; None: all."""
    with stored(file, member) as (stream, shape, dtype):
        shape = (min(count or shape[0], shape[0]), *shape[1:])
        content = stream.read(int(np.prod(shape)) * dtype.itemsize)
    return np.frombuffer(content, dtype).reshape(shape)


def shrunk(images: np.ndarray) -> torch.Tensor:
    """uint8 N x 224 x 224 (x C) to float N x C x 56 x 56 in 0-255: small, so that a CPU will do."""
    small = [cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for one in images]
    tensor = torch.from_numpy(np.stack(small).reshape(len(images), SIDE, SIDE, -1))
    return tensor.permute(0, 3, 1, 2).float()
