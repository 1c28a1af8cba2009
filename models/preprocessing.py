"""From a PIL image to what a network takes: resized, cropped, scaled, normalised."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import cv2
import numpy as np
from PIL import Image

Statistics = tuple[float, ...]

IMAGENET_MEAN: Statistics = (0.485, 0.456, 0.406)
IMAGENET_STD: Statistics = (0.229, 0.224, 0.225)
FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
NORMALISATIONS = {
    "imagenet": (IMAGENET_MEAN, IMAGENET_STD),
    "half": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "none": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
}
"""By name: the statistics of ImageNet, 0.5 for all (to -1 ... 1), none (0 ... 1)."""


@dataclass(frozen=True)
class Preprocessing:
    """As timm and torchvision do it for tests: float32, C x H x W, (level / 255 - mean) / std.

    resize: length of the shorter side before the crop, or (height, width); None for none.
    crop: (height, width) of the middle that is taken; None for all.
    mean, std: of each channel; of one channel for a network of grey images.
    resample: a key of `FILTERS`.
    order: of the channels.
    """

    resize: int | tuple[int, int] | None = None
    crop: tuple[int, int] | None = None
    mean: Statistics = IMAGENET_MEAN
    std: Statistics = IMAGENET_STD
    resample: str = "bilinear"
    order: Literal["RGB", "BGR"] = "RGB"

    @property
    def rgb(self) -> bool:
        return len(self.mean) == 3

    def __call__(self, image: Image.Image) -> np.ndarray:
        """A float32 array C x H x W of a PIL image of any mode."""
        if not (self.rgb and image.mode == "L"):  # grey is resized once, not three times over
            image = image.convert("RGB" if self.rgb else "L")
        image = _cropped(_resized(image, self.resize, FILTERS[self.resample]), self.crop)
        planes = np.asarray(image).reshape(image.height, image.width, -1).transpose(2, 0, 1)
        if self.order == "BGR":
            planes = planes[::-1]
        tables = self._tables
        made = np.empty((len(tables), *planes.shape[1:]), np.float32)
        for number, table in enumerate(tables):
            plane = planes[number if len(planes) > 1 else 0]
            cv2.LUT(np.ascontiguousarray(plane), table, made[number])
        return made

    @cached_property
    def _tables(self) -> np.ndarray:
        """What each of the 256 levels becomes in each channel."""
        mean = np.asarray(self.mean, np.float32)[:, None]
        std = np.asarray(self.std, np.float32)[:, None]
        return (np.arange(256, dtype=np.float32) / np.float32(255) - mean) / std

    def __str__(self) -> str:
        steps = []
        if self.resize is not None:
            side = (
                self.resize if isinstance(self.resize, int) else " x ".join(map(str, self.resize))
            )
            steps.append(f"resized to {side} ({self.resample})")
        if self.crop is not None:
            steps.append(f"middle {self.crop[0]} x {self.crop[1]}")
        steps.append(f"mean {_numbers(self.mean)}, std {_numbers(self.std)}")
        return ", ".join([self.order if self.rgb else "grey", *steps])


def _numbers(values: Statistics) -> str:
    return " ".join(f"{value:g}" for value in values)


def _resized(
    image: Image.Image, size: int | tuple[int, int] | None, resample: Image.Resampling
) -> Image.Image:
    if size is None:
        return image
    width, height = image.size
    if isinstance(size, int):
        short, long = min(width, height), max(width, height)
        other = int(size * long / short)
        target = (size, other) if width <= height else (other, size)
    else:
        target = (size[1], size[0])
    return image if target == image.size else image.resize(target, resample)


def _cropped(image: Image.Image, size: tuple[int, int] | None) -> Image.Image:
    """The middle; where the image is smaller, black is put around it."""
    if size is None or size == (image.height, image.width):
        return image
    height, width = size
    left, top = round((image.width - width) / 2), round((image.height - height) / 2)
    return image.crop((left, top, left + width, top + height))
