"""Draws of numpy's generators, compiled from `legacy.c`; `compiled.py` says what is what."""

import numpy as np

def poisson_table(rates: bytes, /) -> object: ...
def draw_poisson(
    levels: np.ndarray,
    begin: int,
    table: object,
    key: np.ndarray,
    position: int,
    byte_of_count: np.ndarray | None,
    made: np.ndarray | None,
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
def draw_cell_noise(
    levels: np.ndarray,
    ends: np.ndarray,
    scale: float,
    doubt: float,
    in_proportion: bool,
    generator: object,
    made: np.ndarray,
    places: np.ndarray,
    uniforms: np.ndarray,
    /,
) -> int: ...
def draw_cell_mask(whole: int, rest: float, generator: object, made: np.ndarray, /) -> None: ...
def draw_cell_bytes(
    levels: np.ndarray,
    guide: np.ndarray,
    keys: np.ndarray,
    values: np.ndarray,
    generator: object,
    made: np.ndarray,
    /,
) -> None: ...
def poisson_keys(
    rates: np.ndarray, terms: np.ndarray, counts: np.ndarray, keys: np.ndarray, /
) -> None: ...
def guide_of(keys: np.ndarray, values: np.ndarray, guide: np.ndarray, /) -> None: ...
def grey_of(rgb: np.ndarray, made: np.ndarray, /) -> None: ...
def choose(name: str, /) -> str: ...
