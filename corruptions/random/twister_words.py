"""The words of numpy's Mersenne twister where they lie: numpy takes long to give and to take a state.

A bit generator shows where its state is (`BitGenerator.ctypes`), and numpy's twister keeps its key
there, 624 uint32, and the position in it. That this is so here is tried before it is relied upon.
"""

import ctypes
from functools import lru_cache

import numpy as np

from medmnist_c.corruptions.random.streams import key_and_position

_Words = ctypes.c_uint32 * 625  # a key and the position in it, as `packed_state` has them


def twister_of(
    generator: np.random.RandomState | np.random.BitGenerator,
) -> np.random.MT19937 | None:
    """The Mersenne twister that draws come from; None if it is another generator, or of another form."""
    found = getattr(generator, "_bit_generator", generator)
    return found if isinstance(found, np.random.MT19937) and _known_form() else None


def words_of(twister: np.random.MT19937) -> np.ndarray:
    """Its key and the position in it (0-624), 625 uint32: what is written there is its state.

    Keep the twister as long as they are in use, and hold its lock while they change.
    """
    address = twister.ctypes.state_address
    return np.frombuffer(memoryview(_Words.from_address(address)), np.uint32)


@lru_cache(maxsize=1)
def _known_form() -> bool:
    """Whether the words are where they are looked for, and are what is drawn from."""
    twister = np.random.MT19937(1)
    twister.random_raw(700)
    words = words_of(twister)

    def are_the_state() -> bool:
        return np.array_equal(words, np.append(*key_and_position(twister)))

    if not are_the_state():
        return False
    words[-1] = 600
    return are_the_state()
