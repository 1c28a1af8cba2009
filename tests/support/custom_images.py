"""Somebody's own images: of many sizes, grey and RGB, in files of several kinds."""

from pathlib import Path

import numpy as np
from PIL import Image

from support.sample_images import sample_image

SUFFIXES = ("png", "jpg", "bmp")


def own_image(number: int) -> Image.Image:
    """40 to 140 pixels a side, every third one grey."""
    image = Image.fromarray(sample_image((40 + number % 89, 40 + number * 7 % 101), number))
    return image.convert("L") if number % 3 == 0 else image


def image_folder(folder: Path, count: int) -> Path:
    """`count` images in the folders of two classes, as `datasets` knows it."""
    for number in range(count):
        path = folder / ("benign", "malignant")[number % 2] / f"{number:03}.{SUFFIXES[number % 3]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        own_image(number).save(path)
    return folder


def pixels(rows) -> list[np.ndarray]:
    return [np.asarray(row["image"]) for row in rows]


def equal(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return len(one) == len(other) and all(map(np.array_equal, one, other))
