"""An npz file written array by array, row by row: it is never in memory as a whole."""

import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO

import numpy as np

_LEVEL = (
    1  # of deflate: images hardly get smaller by a higher one, which takes several times as long
)
_OLDEST = (
    1980,
    1,
    1,
    0,
    0,
    0,
)  # a zip file knows no earlier time; the same bytes whenever it is made


@dataclass(frozen=True)
class Array:
    """An array to be written: its name, shape and dtype, and its rows, in order."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    rows: Iterable[np.ndarray]


def write_npz(file: BinaryIO, arrays: Iterable[Array], comment: str) -> None:
    """Write compressed arrays, as `numpy.savez_compressed` does, that `numpy.load` reads.

    Args:
        file: open for writing.
        arrays: uint8, or other whole numbers, in C order.
        comment: kept at the end of the file, where `comment_of` finds it.

    Raises:
        ValueError: rows are not as the array says.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for array in arrays:
            written = 0
            with archive.open(f"{array.name}.npy", "w", force_zip64=True) as member:
                member.write(_header(array))
                for row in array.rows:
                    data = np.ascontiguousarray(row, array.dtype)
                    member.write(data.data)
                    written += data.size
            if written != prod(array.shape):
                raise ValueError(f"{array.name} has {written} values, not {array.shape}.")
        archive.comment = comment.encode()


def _header(array: Array) -> bytes:
    header = io.BytesIO()
    described = {
        "descr": np.lib.format.dtype_to_descr(array.dtype),
        "fortran_order": False,
        "shape": array.shape,
    }
    np.lib.format.write_array_header_1_0(header, described)
    return header.getvalue()


def comment_of(path: Path) -> str | None:
    """The comment of a file of `write_npz`; None if it is not there, or cut short."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.comment.decode()
    except (OSError, ValueError, zipfile.BadZipFile):
        return None
