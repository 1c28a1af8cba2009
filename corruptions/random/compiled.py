"""Draws of numpy's generators, and grey images of them, by compiled functions, where there are any.

`legacy.c` is compiled when the package is installed, if there is a C compiler. What it draws, numpy
draws too, more slowly: the same values, and the stream is left in the same state.
"""

from functools import lru_cache
from types import ModuleType

import numpy as np


@lru_cache(maxsize=1)
def library() -> ModuleType | None:
    """The compiled functions; None if there are none."""
    try:
        from medmnist_c.corruptions.random import _twister
    except ImportError:  # there was no compiler, or it was one for another machine
        return None
    if not hasattr(_twister, "grey_of"):  # of an older version: `pip install -e .` again
        return None
    return _twister


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
        index, position = functions.draw_poisson(
            levels,
            index,
            table,
            key,
            position,
            byte_of_count,
            None if byte_of_count is None else made,
        )
        if index < 0:
            raise RuntimeError("A Poisson draw took more random values than it can.")
        rng.set_state(state | {"state": _state(key, position)})
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
    position, has_kept, kept = functions.draw_normal_noise(
        levels, scale, in_proportion, key, position, state["has_gauss"], state["gauss"], made
    )
    state["state"] = _state(key, position)
    rng.set_state(state | {"has_gauss": has_kept, "gauss": kept})
    return made


def pass_normals(bit_generator: np.random.MT19937, pairs: int) -> bool:
    """Advance past what 2 `pairs` legacy normals take; False, and it has not moved, if not compiled.

    Args:
        bit_generator: no normal is kept back.
        pairs: >= 0.
    """
    functions = library()
    if functions is None:
        return False
    key, position = _key_and_position(dict(bit_generator.state))
    position = functions.pass_normals(pairs, key, position)
    bit_generator.state = {"bit_generator": "MT19937", "state": {"key": key, "pos": position}}
    return True


def impulses(levels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray | None:
    """Levels with impulses; None, and `rng` has not moved, if not compiled or not of a PCG64.

    Args:
        levels: uint8, any shape.
        amount: chance of a level to jump, 0-1.
        rng: moved by two `random` for each of the levels.
    """
    functions, state = library(), dict(rng.bit_generator.state)
    if functions is None or state["bit_generator"] != "PCG64":
        return None
    levels = np.ascontiguousarray(levels)
    made = np.empty_like(levels)
    numbers = state["state"]
    packed = (numbers[name].to_bytes(16, "little") for name in ("state", "inc"))
    after = functions.draw_impulses(levels, amount, *packed, made)
    rng.bit_generator.state = state | {
        "state": numbers | {"state": int.from_bytes(after, "little")}
    }
    return made


def grey_of(image: np.ndarray) -> np.ndarray | None:
    """An RGB image (uint8, H x W x 3) in grey, as Pillow's "L" has it; None if not compiled."""
    functions = library()
    if functions is None:
        return None
    made = np.empty(image.shape[:2], np.uint8)
    functions.grey_of(np.ascontiguousarray(image), made)
    return made


@lru_cache(maxsize=16)  # 280 kB each; the severities of a corruption take turns
def _poisson_table(functions: ModuleType, rates: bytes) -> object:
    """All that depends on the rates alone, worked out once, not once an image."""
    return functions.poisson_table(rates)


def _twister_state(rng: np.random.RandomState) -> dict | None:
    """The state of a Mersenne twister that a compiled function can go on from."""
    state = rng.get_state(legacy=False)
    return state if state["bit_generator"] == "MT19937" else None


def _key_and_position(state: dict) -> tuple[np.ndarray, int]:
    twister = state["state"]
    return np.array(twister["key"], np.uint32), int(twister["pos"])


def _state(key: np.ndarray, position: int) -> dict:
    return {"key": key.tolist(), "pos": position}  # numpy sets a list 20 us faster than an array
