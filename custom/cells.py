"""A cell of an image column as pixels, and pixels as a cell."""

import dataclasses
import warnings
from collections.abc import Mapping
from typing import Any

import datasets
import numpy as np
from PIL import Image

from medmnist_c.builder.arrow.encoding import encode
from medmnist_c.builder.errors import one_line
from medmnist_c.builder.suggestions import shown
from medmnist_c.builder.testset.single import pixels_of

_REMEDIES = {
    "P": "a palette",
    "PA": "a palette and transparency",
    "CMYK": "printing colours",
    "RGBA": "transparency",
    "LA": "transparency",
    "1": "one bit a pixel",
}


class UnusableImage(ValueError):
    """An image that cannot be corrupted: the message says which, why and what to do."""


def pixels_of_cell(
    cell: Any, feature: datasets.Image, where: str, tokens: Mapping[str, Any] | None = None
) -> np.ndarray:
    """The pixels of a cell of an `Image` column, uint8, H x W or H x W x 3.

    Args:
        cell: `{"bytes": ..., "path": ...}`, as a column that is not decoded has it, or a PIL image.
        feature: of the column; its mode, if it has one, is what the image is converted to.
        where: which image it is, for an error.
        tokens: by repository of the Hub, for images that lie there.

    Raises:
        UnusableImage: there is no image, it cannot be read, or is no grey or RGB image of 8 bits, large
            enough.
    """
    if isinstance(cell, dict) and cell.get("path"):
        where = f"{where} ({str(cell['path']).rpartition('/')[2]})"
    if cell is None or (isinstance(cell, dict) and not (cell.get("bytes") or cell.get("path"))):
        raise UnusableImage(f"{where} is missing; leave such rows out first.")
    image = cell
    if not isinstance(cell, Image.Image):
        try:
            decoding = dataclasses.replace(feature, decode=True)
            image = decoding.decode_example(cell, token_per_repo_id=dict(tokens or {}))
        except Exception as error:  # Pillow has many for what is no image
            raise UnusableImage(
                f"{where} cannot be read ({shown(one_line(error))}); mend it or leave it out."
            ) from error
    if image.mode not in ("L", "RGB"):
        raise UnusableImage(_of_mode(image.mode, where))
    try:
        return pixels_of(image)
    except ValueError as error:
        raise UnusableImage(f"{where} cannot be used: {error}") from error


def _of_mode(mode: str, where: str) -> str:
    if mode.startswith(("I", "F")):
        return (
            f"{where} has mode {mode!r}, more than 8 bits a pixel; bring its levels to 0-255 first, as "
            "the images that a model is trained on are."
        )
    has = f", {_REMEDIES[mode]}" if mode in _REMEDIES else ""
    return (
        f"{where} has mode {mode!r}{has}; convert it to grey or RGB first, as in "
        'ds.cast_column("image", datasets.Image(mode="RGB")).'
    )


def file_cell(pixels: np.ndarray) -> dict[str, Any]:
    """Pixels as a cell that is not decoded: a PNG file."""
    return {"bytes": encode(pixels, "png"), "path": None}


def image_cell(pixels: np.ndarray) -> Image.Image:
    """Pixels as a cell that is decoded."""
    return Image.fromarray(pixels)


def warn_if_other_colours(pixels: np.ndarray, like: str, grey_list: bool) -> None:
    """Say, once a process, that a list for grey images meets RGB ones, or the other way round."""
    if (pixels.ndim == 2) != grey_list:
        kinds = ("grey", "RGB") if grey_list else ("RGB", "grey")
        warnings.warn(
            f"The corruptions of {like} are for {kinds[0]} images, and there are {kinds[1]} ones here: "
            "they are corrupted as they are; a dataset of the same kind may be nearer.",
            stacklevel=2,
        )
