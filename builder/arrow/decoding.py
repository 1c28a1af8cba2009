"""Images out of the bytes of image files: those of `encoding` several times as fast as Pillow."""

import io
import struct
from math import prod

import numpy as np
from isal import igzip_lib, isal_zlib
from PIL import Image

from medmnist_c.builder import igzip
from medmnist_c.builder.arrow.encoding import (
    END,
    FILTER_NONE,
    FILTER_UP,
    GREY,
    RGB,
    SIGNATURE,
)

_HEADER = struct.Struct(">I4sIIBBBBBI")
_CHUNK = struct.Struct(">I4s")
_CHECKSUM = struct.Struct(">I")
_MODES = ("L", "RGB")
_MOST_BYTES = 1 << 26  # of an image; a larger one is left to Pillow, which warns of bombs


def decode(content: bytes, formats: tuple[str, ...] | None = None) -> np.ndarray:
    """The pixels of a grey or RGB image file, uint8, H x W or H x W x 3.

    Args:
        content: of the file.
        formats: those of Pillow's that it may have; None for all.

    Raises:
        OSError, ValueError: it is none, or of another mode.
    """
    image = _decode_own(content)
    if image is not None:
        return image
    with Image.open(io.BytesIO(content), formats=formats) as opened:
        if opened.mode not in _MODES:
            raise ValueError(f"an image of mode {opened.mode}")
        return np.asarray(opened)


def _decode_own(content: bytes) -> np.ndarray | None:
    """A PNG as `encode` writes it, whole and undamaged; None for any other, which Pillow judges."""
    data_at = len(SIGNATURE) + _HEADER.size + _CHUNK.size
    rest = _CHECKSUM.size + len(END)
    if len(content) < data_at + rest or not content.startswith(SIGNATURE) or content[-12:] != END:
        return None
    header = _HEADER.unpack_from(content, len(SIGNATURE))
    length, name = _CHUNK.unpack_from(content, data_at - _CHUNK.size)
    _, _, width, height, *kind, header_sum = header
    shape = {GREY: (height, width), RGB: (height, width, 3)}.get(tuple(kind))
    view = memoryview(content)
    data = view[data_at : data_at + length]
    if (
        header[:2] != (13, b"IHDR")
        or name != b"IDAT"
        or len(content) != data_at + length + rest
        or shape is None
        or not 0 < prod(shape) <= _MOST_BYTES
        or igzip.crc32(view[12:29]) != header_sum
        or igzip.crc32(data, igzip.crc32(name))
        != _CHECKSUM.unpack_from(content, len(content) - 16)[0]
    ):
        return None
    return _pixels(data, shape)


def _pixels(data: memoryview, shape: tuple[int, ...]) -> np.ndarray | None:
    """Inflated and without the filter, if all rows have the same one."""
    wanted = shape[0] * (1 + prod(shape[1:]))
    stream = isal_zlib.decompressobj()
    try:
        inflated = stream.decompress(data, wanted + 1)
    except igzip_lib.IsalError:  # type: ignore[misc]  # its stub does not say what it derives from
        return None
    if len(inflated) != wanted or not stream.eof:
        return None
    rows = np.frombuffer(inflated, np.uint8).reshape(shape[0], -1)
    filters = rows[:, 0]
    if (filters == FILTER_UP).all():
        return np.add.accumulate(rows[:, 1:], axis=0, dtype=np.uint8).reshape(shape)
    return rows[:, 1:].reshape(shape) if (filters == FILTER_NONE).all() else None
