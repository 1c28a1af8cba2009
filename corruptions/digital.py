"""Digital corruptions: coarse pixels and JPEG artefacts. Both are Pillow's work.

Source: ImageNet-C (arXiv 1903.12261), as MedMNIST-C (arXiv 2406.17536) has it.

Each raises `TypeError` or `ValueError` for what is no such image, `ValueError` for a parameter out of
the range that it states.
"""

from functools import lru_cache
from io import BytesIO

import numpy as np
from PIL import Image

from medmnist_c.corruptions.image import checked

_LONGEST_SIDE = 65_500  # pixels; JPEG_MAX_DIMENSION of libjpeg


def pixelate(image: np.ndarray, factor: float) -> np.ndarray:
    """Fewer, larger pixels: shrunk to `factor` of the size and enlarged again, both with a box filter.

    Args:
        image: uint8, H x W x 3 or H x W.
        factor: of height and width, above 0 and at most 1; the smaller size is rounded down to whole
            pixels, at least one.

    Returns:
        A new uint8 array of the same shape.
    """
    if not 0 < factor <= 1:
        raise ValueError(f"factor must be above 0 and at most 1, it is {factor}.")
    image = checked(image, grey=True)
    height, width = image.shape[:2]
    small = max(1, int(width * factor)), max(1, int(height * factor))
    coarse = np.asarray(Image.fromarray(image).resize(small, Image.Resampling.BOX))
    columns, rows = _box_enlarged(small[0], width), _box_enlarged(small[1], height)
    return coarse.take(columns, axis=1).take(rows, axis=0)


@lru_cache(maxsize=256)
def _box_enlarged(small: int, large: int) -> np.ndarray:
    """Which of `small` pixels in a row Pillow shows at each of `large` ones.

    Enlarging with a box filter only repeats pixels; a ramp of their numbers shows which. To pick
    them here is faster than to let Pillow sum one pixel with weight 1.
    """
    ramp = Image.fromarray(np.arange(small, dtype=np.float32)[None])
    return np.asarray(ramp.resize((large, 1), Image.Resampling.BOX))[0].astype(np.intp)


def jpeg_compression(image: np.ndarray, quality: int) -> np.ndarray:
    """The image after JPEG compression (Pillow's, with its other settings left alone).

    A grey image gives the bytes of three equal channels: JPEG's luma of an equal triple is its
    level, its chroma is zero and stays zero.

    Args:
        image: uint8, H x W x 3 or H x W, at most 65,500 pixels a side.
        quality: JPEG quality, 1 (worst) to 95.

    Returns:
        A new uint8 array of the same shape.
    """
    image = checked(image, grey=True)
    if max(image.shape[:2]) > _LONGEST_SIDE:
        raise ValueError(
            f"JPEG takes images of up to {_LONGEST_SIDE:,} pixels a side, this one is "
            f"{image.shape[0]} x {image.shape[1]}; cut it first."
        )
    file = BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.array(Image.open(file))
