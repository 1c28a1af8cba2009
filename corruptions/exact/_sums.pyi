"""Filters of images, compiled from `sums.c`; `compiled.py` says what is what."""

import numpy as np

_Axis = tuple[np.ndarray, ...]

def grouped_sums(
    padded: np.ndarray,
    shape: tuple[int, int, int],
    offsets: np.ndarray,
    ends: np.ndarray,
    weights: np.ndarray,
    levels: np.ndarray,
    places: np.ndarray,
    /,
) -> int: ...
def float_sums(
    padded: np.ndarray,
    shape: tuple[int, int, int],
    offsets: np.ndarray,
    weights: np.ndarray,
    shift: float,
    twice_error: float,
    levels: np.ndarray,
    places: np.ndarray,
    /,
) -> int: ...
def float32_sums(
    padded: np.ndarray,
    shape: tuple[int, int, int],
    step: int,
    size: int,
    weights: np.ndarray,
    places: np.ndarray,
    sums: np.ndarray,
    /,
) -> None: ...
def zoomed_sums(
    image: np.ndarray,
    shape: tuple[int, int, int],
    rows: _Axis,
    columns: _Axis,
    shift: float,
    twice_error: float,
    levels: np.ndarray,
    places: np.ndarray,
    /,
) -> int: ...
def zoomed_levels(
    image: np.ndarray,
    shape: tuple[int, int, int],
    rows: _Axis,
    columns: _Axis,
    unit: np.ndarray,
    places: np.ndarray,
    levels: np.ndarray,
    /,
) -> None: ...
