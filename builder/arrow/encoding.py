"""Images as the bytes of an image file: small ones to keep, quick ones to stream."""

import struct
from typing import Literal

import numpy as np

from medmnist_c.builder import igzip

Encoding = Literal["png", "pnm"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_UP = 2  # filter: each row is stored as its difference from the row above
_LEVEL = 1  # the quickest of igzip's that give the same bytes on every processor tried


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

    One filter for all rows keeps it simple; for the benchmark's images "up" is the best one.
    """
    height, width = image.shape[:2]
    rows = image.reshape(height, -1)
    filtered = np.empty((height, rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = _UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    colour_type = 0 if image.ndim == 2 else 2
    return b"".join(
        (
            _SIGNATURE,
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)),
            _chunk(b"IDAT", igzip.compress(filtered, _LEVEL)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    checksum = igzip.crc32(data, igzip.crc32(name))
    return b"".join((struct.pack(">I", len(data)), name, data, struct.pack(">I", checksum)))
