"""Lengths in pixels at other sizes than the benchmark's 224: they scale with the side of the images.

`lengths.json` is the rule as data: for each algorithm, which arguments of its function are lengths, and
their least values. Those of the table stand first in a call, the algorithm's own (a margin, the
thinnest rim) are keywords. All other arguments are numbers, levels and shares, which stay as they are.
At 224 pixels nothing changes. The rule is the project's own: the benchmark has 224 only.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from inspect import Parameter, signature
from math import floor
from typing import Any

import numpy as np

from medmnist_c.corruptions.image import IMAGE_SIZE
from medmnist_c.corruptions.parameters import ParameterKind

LENGTHS: Mapping[str, Mapping[str, float]] = json.loads(
    resources.files(__package__).joinpath("lengths.json").read_text("utf-8")
)
"""The least value of each length, by algorithm and argument."""


@lru_cache(maxsize=512)
def parameters_at(
    function: Callable[..., Any], kinds: Sequence[ParameterKind], parameters: tuple, size: int
) -> tuple[tuple, Mapping[str, float]]:
    """An algorithm's arguments for images of `size` pixels a side.

    Args:
        function: of the algorithm.
        kinds: of its parameters.
        parameters: as the table has them, for 224 pixels. A size of stain masks stays: they are scaled
            by `stain_masks.own_masks`.
        size: pixels, at least 28; the shorter side of an image that is not square.

    Returns:
        The parameters, and the algorithm's own lengths by keyword; none at 224 pixels.
    """
    least = LENGTHS.get(function.__name__, {})
    if size == IMAGE_SIZE or not least:
        return parameters, {}
    arguments = list(signature(function).parameters.values())[1:]  # without the image
    scaled = tuple(
        value
        if kind == "mask size" or argument.name not in least
        else scaled_length(value, size, least[argument.name], kind)
        for argument, kind, value in zip(arguments, kinds, parameters, strict=False)
    )
    own = {
        argument.name: scaled_length(
            argument.default,
            size,
            least[argument.name],
            "whole" if isinstance(argument.default, int) else "real",
        )
        for argument in arguments
        if argument.kind is Parameter.KEYWORD_ONLY and argument.name in least
    }
    return scaled, own


def scaled_length(value: float, size: int, least: float, kind: ParameterKind) -> float:
    """A length at 224 pixels as it is at `size`: whole ones are rounded, odd ones to the nearest odd."""
    length = value * size / IMAGE_SIZE
    if kind == "whole":
        return max(int(least), floor(length + 0.5))
    if kind == "odd":
        return max(int(least), 2 * floor((length - 1) / 2 + 0.5) + 1)
    return max(least, length)


def scaled_masks(masks: np.ndarray, size: int) -> np.ndarray:
    """Stain masks for images of `size` pixels a side, uint8 0/1, from those for 224.

    A pixel is ink where at least half of its area is; every mask keeps at least its pixel with the most.
    """
    count, own = masks.shape[:2]
    new = int(scaled_length(own, size, LENGTHS["stain_deposit"]["masks"], "whole"))
    # Each pixel as new x new parts, of which own x own make a new one: whole numbers, exact anywhere.
    parts = masks.astype(np.int64).repeat(new, axis=1).repeat(new, axis=2)
    ink = parts.reshape(count, new, own, new, own).sum(axis=(2, 4))
    most = ink.max(axis=(1, 2), keepdims=True)
    return ((2 * ink >= own * own) | (ink == most)).astype(np.uint8)
