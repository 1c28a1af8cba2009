"""The release's Poisson draws: by a compiled function where there is one, else by numpy.

The function (`poisson.c`) is compiled when the package is installed, if there is a C compiler. It
decides all draws but those that are too near a thing; numpy makes these. So both ways give the same
counts, and leave the stream in the same state.
"""

import ctypes
from functools import lru_cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import numpy as np

from medmnist_c.corruptions.picture import look_up


def draw_bytes(
    levels: np.ndarray, rates: np.ndarray, byte_of_count: np.ndarray, rng: np.random.RandomState
) -> np.ndarray:
    """The byte of a Poisson count for each level.

    Args:
        levels: uint8, any shape.
        rates: float64, by level (256), at most 1,000,000.
        byte_of_count: uint8; counts beyond its end give its last byte.
        rng: moved by one `poisson(rates[level])` for each of the levels, in order.

    Returns:
        uint8 of the shape of `levels`.
    """
    made = np.empty(levels.shape, np.uint8)
    if not _draw_compiled(levels, rates, rng, byte_of_count, made):
        byte_of_count.take(rng.poisson(look_up(levels, rates)), mode="clip", out=made)
    return made


def skip(levels: np.ndarray, rates: np.ndarray, rng: np.random.RandomState) -> None:
    """Move `rng` as `draw_bytes` does."""
    if not _draw_compiled(levels, rates, rng):
        rng.poisson(look_up(levels, rates))


def is_compiled() -> bool:
    """Whether there is a compiled function."""
    return _compiled() is not None


@lru_cache(maxsize=1)
def _compiled() -> ctypes.CDLL | None:
    for suffix in EXTENSION_SUFFIXES:
        path = Path(__file__).with_name(f"_poisson{suffix}")
        if path.exists():
            try:
                draw = ctypes.CDLL(str(path)).draw_poisson
            except (OSError, AttributeError):  # of another machine or version
                continue
            pointer, number = ctypes.c_void_p, ctypes.c_int64
            draw.argtypes = [pointer, number, number, *4 * [pointer], number, pointer]
            draw.restype = number
            return draw
    return None


def _draw_compiled(
    levels: np.ndarray,
    rates: np.ndarray,
    rng: np.random.RandomState,
    byte_of_count: np.ndarray | None = None,
    made: np.ndarray | None = None,
) -> bool:
    """Draw by the compiled function; False if there is none, and `rng` has not moved then."""
    draw = _compiled()
    state = rng.get_state(legacy=False)
    if draw is None or state["bit_generator"] != "MT19937":
        return False
    levels, rates = np.ascontiguousarray(levels), np.ascontiguousarray(rates, np.float64)
    place = 0
    while True:
        key = np.ascontiguousarray(state["state"]["key"], np.uint32)
        position = ctypes.c_int(state["state"]["pos"])
        place = draw(
            levels.ctypes.data,
            place,
            levels.size,
            rates.ctypes.data,
            key.ctypes.data,
            ctypes.byref(position),
            None if byte_of_count is None else byte_of_count.ctypes.data,
            0 if byte_of_count is None else len(byte_of_count),
            None if made is None else made.ctypes.data,
        )
        if place < 0:
            raise RuntimeError("A Poisson draw took more random values than it can.")
        state["state"] = {"key": key, "pos": position.value}
        rng.set_state(state)
        if place == levels.size:
            return True
        count = rng.poisson(rates[levels.reshape(-1)[place]])
        if made is not None:
            made.reshape(-1)[place] = byte_of_count[min(count, len(byte_of_count) - 1)]
        state = rng.get_state(legacy=False)
        place += 1
