"""Noise of seeded generators, compiled from `cells.c`; `compiled_cells.py` says what is what."""

import numpy as np

def cell_noise(
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
def cell_mask(whole: int, rest: float, generator: object, made: np.ndarray, /) -> None: ...
def cell_bytes(
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
