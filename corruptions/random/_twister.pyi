"""Draws of numpy's generators, compiled from `legacy.c`; `compiled.py` says what is what."""

import numpy as np

def poisson_table(rates: bytes, /) -> object: ...
def draw_poisson(
    levels: np.ndarray,
    begin: int,
    table: object,
    key: np.ndarray,
    position: int,
    byte_of_count: np.ndarray,
    made: np.ndarray,
    /,
) -> tuple[int, int]: ...
def draw_normal_noise(
    levels: np.ndarray,
    scale: float,
    in_proportion: bool,
    key: np.ndarray,
    position: int,
    has_kept: int,
    kept: float,
    made: np.ndarray,
    /,
) -> tuple[int, int, float]: ...
def pass_normals(pairs: int, key: np.ndarray, position: int, /) -> int: ...
def draw_impulses(
    levels: np.ndarray, amount: float, state: bytes, increment: bytes, made: np.ndarray, /
) -> bytes: ...
def grey_of(rgb: np.ndarray, made: np.ndarray, /) -> None: ...
def choose(name: str, /) -> str: ...
