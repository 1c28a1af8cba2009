"""A labelled grid: what an augmentation makes of one image."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from medmnist_c.augmentation.params import AugmentationParams
from medmnist_c.augmentation.targeted import TargetedAugmentation
from medmnist_c.corruptions.registry import ALGORITHMS

_COLUMNS, _ROWS = 6, 4
_GAP = 8  # pixels
_LABEL_HEIGHT = 42
_INK = (30, 30, 30)


def preview(pixels: np.ndarray, transform: TargetedAugmentation) -> Image.Image:
    """The image and 23 augmented ones, as an RGB image with a label under each.

    Args:
        pixels: uint8, H x W x 3 or H x W.
        transform: the augmentation; it draws 23 times.
    """
    shown = [("clean", pixels)]
    while len(shown) < _COLUMNS * _ROWS:
        params = transform.get_params(pixels)
        shown.append((label(params), transform.apply(pixels, params)))
    return _sheet(shown)


def label(params: AugmentationParams) -> str:
    """Two short lines: the corruption, its parameters."""
    if params.algorithm is None:
        return params.corruption
    return f"{params.corruption}\n{ALGORITHMS[params.algorithm].describe(params.parameters)}"


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
