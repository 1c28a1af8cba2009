"""The random streams' kinds, and the states of a Mersenne twister as arrays."""

from random import Random
from typing import Literal

import numpy as np

StreamName = Literal["legacy", "pcg64", "python"]
"""The reference's streams: numpy's legacy `RandomState`, `default_rng` and Python's `random`."""

_WORDS = 624  # of a twister's key

RandomStream = np.random.Generator | np.random.RandomState | Random


def is_state(packed: np.ndarray) -> bool:
    """Whether 625 uint32 are a state of a Mersenne twister: a position in a key that is not dead.

    Beyond the key's end compiled code would read what is not its own; a key whose bits are all 0 (of
    its first word only the highest counts) draws 0 for ever.
    """
    if packed.shape != (_WORDS + 1,) or packed.dtype != np.uint32:
        return False
    key, position = packed[:_WORDS], int(packed[_WORDS])
    return position <= _WORDS and bool(key[0] >> 31 or key[1:].any())


def key_and_position(bit_generator: np.random.MT19937) -> tuple[np.ndarray, int]:
    """A twister's key (624 uint32) and its position in it (0-624)."""
    state = bit_generator.state["state"]
    return np.array(state["key"], np.uint32), int(state["pos"])


def twister_at(key: np.ndarray, position: int) -> np.random.MT19937:
    """A Mersenne twister in the state that `key_and_position` gave."""
    bit_generator = np.random.MT19937(0)
    bit_generator.state = {"bit_generator": "MT19937", "state": {"key": key, "pos": position}}
    return bit_generator


def packed_state(rng: RandomStream) -> np.ndarray:
    """The state of a `RandomState` or `Random` as 625 uint32: key and position.

    A normal that a `RandomState` keeps back is lost: it must have drawn an even number of them.
    """
    if isinstance(rng, Random):
        return np.array(rng.getstate()[1], np.uint32)
    if isinstance(rng, np.random.RandomState):
        state = rng.get_state(legacy=False)["state"]
        return np.append(np.asarray(state["key"], np.uint32), np.uint32(state["pos"]))
    raise TypeError(f"A {type(rng).__name__} has no state of a Mersenne twister.")


def unpacked_stream(stream: StreamName, packed: np.ndarray) -> RandomStream:
    """The stream ("legacy" or "python") in the state that `packed_state` gave.

    Raises:
        ValueError: it is no such state.
    """
    if not is_state(packed):
        raise ValueError("This is no state of a Mersenne twister; give one of `packed_state`.")
    if stream == "python":
        rng = Random()
        rng.setstate((3, tuple(packed.tolist()), None))
        return rng
    return np.random.RandomState(twister_at(packed[:_WORDS], int(packed[_WORDS])))
