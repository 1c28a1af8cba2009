"""Pictures as the bytes of an image file: small ones to keep, quick ones to stream."""

from typing import Literal

import cv2
import numpy as np

Encoding = Literal["png", "pnm"]


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
    if image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".png", image)[1].tobytes()
