"""A labelled grid of draws: what an augmentation makes of one image."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from medmnist_c.augmentation.params import Draw
from medmnist_c.augmentation.targeted import TargetedAugmentation
from medmnist_c.corruptions.registry import ALGORITHMS

_COLUMNS, _ROWS = 6, 4
_GAP = 8  # pixels
_LABEL_HEIGHT = 42
_INK = (30, 30, 30)


def preview(pixels: np.ndarray, transform: TargetedAugmentation) -> Image.Image:
    """The image and 23 draws of it, as an RGB image with a label under each.

    Args:
        pixels: uint8, H x W x 3 or H x W.
        transform: what to draw from.
    """
    shown = [("clean", pixels)]
    while len(shown) < _COLUMNS * _ROWS:
        draw = transform.get_params(pixels)
        shown.append((label(draw), transform.apply(pixels, draw)))
    return _sheet(shown)


def label(draw: Draw) -> str:
    """A draw in two short lines: its corruption, its parameters."""
    if draw.algorithm is None:
        return draw.corruption
    return f"{draw.corruption}\n{ALGORITHMS[draw.algorithm].describe(draw.parameters)}"


def _sheet(shown: Sequence[tuple[str, np.ndarray]]) -> Image.Image:
    height, width = shown[0][1].shape[:2]
    cell = width + _GAP, height + _GAP + _LABEL_HEIGHT
    sheet = Image.new("RGB", (_COLUMNS * cell[0] + _GAP, _ROWS * cell[1] + _GAP), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(16)
    for number, (text, pixels) in enumerate(shown):
        row, column = divmod(number, _COLUMNS)
        left, top = _GAP + column * cell[0], _GAP + row * cell[1]
        sheet.paste(Image.fromarray(pixels).convert("RGB"), (left, top))
        pen.multiline_text((left, top + height + 2), text, _INK, font, spacing=2)
    return sheet
