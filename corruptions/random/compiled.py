"""Draws of the legacy generator by compiled functions, where there are any.

`legacy.c` is compiled when the package is installed, if there is a C compiler. What it draws, numpy
draws too, more slowly: the same values, and the stream is left in the same state.
"""

import ctypes
from functools import lru_cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import numpy as np

_POINTER, _WHOLE = ctypes.c_void_p, ctypes.c_int64


@lru_cache(maxsize=1)
def library() -> ctypes.CDLL | None:
    """The compiled functions; None if there are none."""
    for suffix in EXTENSION_SUFFIXES:
        path = Path(__file__).with_name(f"_legacy{suffix}")
        if path.exists():
            try:
                functions = ctypes.CDLL(str(path))
                poisson, normal = functions.draw_poisson, functions.draw_normal_noise
                table, table_bytes = functions.poisson_table, functions.poisson_table_bytes
            except (OSError, AttributeError):  # of another machine or version
                continue
            poisson.argtypes = [_POINTER, _WHOLE, _WHOLE, *4 * [_POINTER], _WHOLE, _POINTER]
            poisson.restype = _WHOLE
            table.argtypes, table.restype = [_POINTER, _POINTER], None
            table_bytes.argtypes, table_bytes.restype = [], _WHOLE
            normal.argtypes = [_POINTER, _WHOLE, ctypes.c_double, ctypes.c_int, *5 * [_POINTER]]
            normal.restype = None
            return functions
    return None


def poisson_bytes(
    levels: np.ndarray,
    rates: np.ndarray,
    byte_of_count: np.ndarray | None,
    rng: np.random.RandomState,
) -> np.ndarray | None:
    """The byte of a Poisson count for each level; None, and `rng` has not moved, if not compiled.

    Args:
        levels: uint8, any shape.
        rates: float64, by level (256).
        byte_of_count: uint8; counts beyond its end give its last byte. None: only `rng` is moved.
        rng: moved by one `poisson(rates[level])` for each of the levels, in order.
    """
    functions, state = library(), _twister_state(rng)
    if functions is None or state is None:
        return None
    levels, rates = np.ascontiguousarray(levels), np.ascontiguousarray(rates, np.float64)
    table = _poisson_table(functions, rates.tobytes())
    made = np.empty(0 if byte_of_count is None else levels.shape, np.uint8)
    index = 0
    while True:
        key, position = _key_and_position(state)
        index = functions.draw_poisson(
            levels.ctypes.data,
            index,
            levels.size,
            table.ctypes.data,
            key.ctypes.data,
            ctypes.byref(position),
            None if byte_of_count is None else byte_of_count.ctypes.data,
            0 if byte_of_count is None else len(byte_of_count),
            None if byte_of_count is None else made.ctypes.data,
        )
        if index < 0:
            raise RuntimeError("A Poisson draw took more random values than it can.")
        rng.set_state(state | {"state": {"key": key, "pos": position.value}})
        if index == levels.size:
            return made
        # This one is too near a thing: numpy's own is the one that counts.
        count = rng.poisson(rates[levels.reshape(-1)[index]])
        if byte_of_count is not None:
            made.reshape(-1)[index] = byte_of_count[min(count, len(byte_of_count) - 1)]
        state = rng.get_state(legacy=False)
        index += 1


def normal_noise(
    levels: np.ndarray, scale: float, in_proportion: bool, rng: np.random.RandomState
) -> np.ndarray | None:
    """Levels with normal noise; None, and `rng` has not moved, if not compiled.

    Args:
        levels: uint8, any shape.
        scale: standard deviation, the range of a channel being 1.
        in_proportion: times the level, too.
        rng: moved by one `standard_normal` for each of the levels, in order.
    """
    functions, state = library(), _twister_state(rng)
    if functions is None or state is None:
        return None
    levels = np.ascontiguousarray(levels)
    made = np.empty_like(levels)
    key, position = _key_and_position(state)
    has_kept, kept = ctypes.c_int(state["has_gauss"]), ctypes.c_double(state["gauss"])
    functions.draw_normal_noise(
        levels.ctypes.data,
        levels.size,
        scale,
        in_proportion,
        key.ctypes.data,
        ctypes.byref(position),
        ctypes.byref(has_kept),
        ctypes.byref(kept),
        made.ctypes.data,
    )
    state["state"] = {"key": key, "pos": position.value}
    rng.set_state(state | {"has_gauss": has_kept.value, "gauss": kept.value})
    return made


@lru_cache(maxsize=16)  # 280 kB each; the severities of a corruption take turns
def _poisson_table(functions: ctypes.CDLL, rates: bytes) -> np.ndarray:
    """All that depends on the rates alone, worked out once, not once an image."""
    table = np.empty(functions.poisson_table_bytes(), np.uint8)
    functions.poisson_table(np.frombuffer(rates).ctypes.data, table.ctypes.data)
    return table


def _twister_state(rng: np.random.RandomState) -> dict | None:
    """The state of a Mersenne twister that a compiled function can go on from."""
    state = rng.get_state(legacy=False)
    return state if state["bit_generator"] == "MT19937" else None


def _key_and_position(state: dict) -> tuple[np.ndarray, ctypes.c_int]:
    twister = state["state"]
    return np.ascontiguousarray(twister["key"], np.uint32), ctypes.c_int(twister["pos"])
