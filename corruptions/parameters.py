"""The kinds of parameters that algorithms take: as the table has them, and in a few words."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

ParameterKind = Literal["real", "whole", "odd", "mask size", "zoom factors"]
"""What a parameter is.

"real" and "whole" numbers; "odd": a whole number that must be odd; "mask size": height and width in
pixels, for which the algorithm gets the stain masks of that size; "zoom factors": a tuple of numbers,
in the table the start, stop and step of them.
"""


def read_parameters(kinds: Sequence[ParameterKind], value: Any) -> tuple:
    """An algorithm's parameters from a value of the table: one, or a list of as many as `kinds`."""
    values = [value] if len(kinds) == 1 else value
    return tuple(
        tuple(np.arange(*one).tolist()) if kind == "zoom factors" else one
        for kind, one in zip(kinds, values, strict=True)
    )


def parameters_in_words(kinds: Sequence[ParameterKind], parameters: tuple) -> tuple[str, ...]:
    """Each in a few words, e.g. "3", "0.1" or "7 factors, 1 to 1.06"."""
    return tuple(
        f"{len(one)} factors, {one[0]:g} to {one[-1]:.3g}"
        if kind == "zoom factors"
        else f"{one:.4g}"
        for kind, one in zip(kinds, parameters, strict=True)
    )


def describe_parameters(kinds: Sequence[ParameterKind], parameters: tuple) -> str:
    """e.g. "3, 0.1"."""
    return ", ".join(parameters_in_words(kinds, parameters))
