"""Images as the bytes of an image file: small ones to keep, quick ones to stream."""

import struct
from typing import Literal

import numpy as np

from medmnist_c.builder import igzip

Encoding = Literal["png", "pnm"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
END = b"\0\0\0\0IEND\xaeB`\x82"
# Bits, colour type, and the only methods that there are.
GREY, RGB = (8, 0, 0, 0, 0), (8, 2, 0, 0, 0)
FILTER_NONE = 0
FILTER_UP = 2  # each row is stored as its difference from the row above

_LEVEL = 1  # the quickest of igzip's that give the same bytes on every processor tried
_WORTH = 0.9  # what is hardly smaller is not deflated: it is read six times as fast
_MOST_STORED = 65535  # bytes of a deflate block that is stored


def encode(image: np.ndarray, encoding: Encoding) -> bytes:
    """A lossless image file.

    Args:
        image: uint8, H x W (grey) or H x W x 3 (RGB).
        encoding: "png", compressed, for what is kept; "pnm" (PGM or PPM), the bare pixels behind a
            line of text, for what is decoded again at once.
    """
    if encoding == "pnm":
        kind = b"P5" if image.ndim == 2 else b"P6"
        header = b"%s %d %d 255\n" % (kind, image.shape[1], image.shape[0])
        return header + image.tobytes()
    return _png(image)


def _png(image: np.ndarray) -> bytes:
    """PNG (ISO/IEC 15948), deflated by Intel's igzip: several times as fast as zlib, and smaller.

    One filter for all rows keeps it simple; for the benchmark's images "up" is the best one. Noise that
    would keep nine tenths of its bytes is stored as it is.
    """
    height, width = image.shape[:2]
    rows = image.reshape(height, -1)
    filtered = np.empty((height, rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = FILTER_UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    data = igzip.compress(filtered, _LEVEL)
    if len(data) > _WORTH * filtered.size:
        filtered[:, 0] = FILTER_NONE
        filtered[:, 1:] = rows
        data = _stored(filtered)
    kind = GREY if image.ndim == 2 else RGB
    return b"".join(
        (
            SIGNATURE,
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, *kind)),
            _chunk(b"IDAT", data),
            END,
        )
    )


def _stored(data: np.ndarray) -> bytes:
    """A zlib stream (RFC 1950) of stored blocks (RFC 1951, 3.2.4)."""
    view = data.data.cast("B")
    parts: list[bytes | memoryview] = [b"\x78\x01"]
    for start in range(0, len(view), _MOST_STORED):
        block = view[start : start + _MOST_STORED]
        last = start + len(block) == len(view)
        parts += (struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF), block)
    return b"".join((*parts, struct.pack(">I", igzip.adler32(data))))


def _chunk(name: bytes, data: bytes) -> bytes:
    checksum = igzip.crc32(data, igzip.crc32(name))
    return b"".join((struct.pack(">I", len(data)), name, data, struct.pack(">I", checksum)))
