"""Draws of numpy's generators, and grey images of them, by compiled functions, where there are any.

`legacy.c` is compiled when the package is installed, if there is a C compiler. What it draws, numpy
draws too, more slowly: the same values, and the stream is left in the same state. Where numpy draws, no
lock of its generator is held here: before numpy 2.4 it would wait for itself.
"""

from functools import lru_cache
from types import ModuleType

import numpy as np

from medmnist_c.corruptions.extension import extension
from medmnist_c.corruptions.random.twister_words import twister_of, words_of


def library() -> ModuleType | None:
    """The compiled functions; None if there are none."""
    return extension("random._twister", newest="grey_of")


def poisson_bytes(
    levels: np.ndarray,
    rates: np.ndarray,
    byte_of_count: np.ndarray,
    rng: np.random.RandomState,
) -> np.ndarray | None:
    """The byte of a Poisson count for each level; None, and `rng` has not moved, if not compiled.

    Args:
        levels: uint8, any shape.
        rates: float64, by level (256).
        byte_of_count: uint8; counts beyond its end give its last byte.
        rng: moved by one `poisson(rates[level])` for each of the levels, in order.
    """
    functions, twister = library(), twister_of(rng)
    if functions is None or twister is None:
        return None
    levels, rates = np.ascontiguousarray(levels), np.ascontiguousarray(rates, np.float64)
    table = _poisson_table(functions, rates.tobytes())
    made = np.empty(levels.shape, np.uint8)
    words = words_of(twister)
    index = 0
    while True:
        with twister.lock:
            index, words[-1] = functions.draw_poisson(
                levels, index, table, words[:-1], int(words[-1]), byte_of_count, made
            )
        if index < 0:
            raise RuntimeError("A Poisson draw took more random values than it can.")
        if index == levels.size:
            return made
        # This one is too near a thing: numpy's own is the one that counts.
        count = rng.poisson(rates[levels.reshape(-1)[index]])
        made.reshape(-1)[index] = byte_of_count[min(count, len(byte_of_count) - 1)]
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
    functions, twister = library(), twister_of(rng)
    if functions is None or twister is None:
        return None
    levels = np.ascontiguousarray(levels)
    made = np.empty_like(levels)
    words = words_of(twister)
    kept = _kept_normal(rng, words)
    with twister.lock:
        words[-1], has_kept, value = functions.draw_normal_noise(
            levels,
            scale,
            in_proportion,
            words[:-1],
            int(words[-1]),
            kept is not None,
            kept or 0.0,
            made,
        )
    if has_kept:
        rng.set_state(rng.get_state(legacy=False) | {"has_gauss": 1, "gauss": value})
    return made


def pass_normals(bit_generator: np.random.MT19937, pairs: int) -> bool:
    """Advance past what 2 `pairs` legacy normals take; False, and it has not moved, if not compiled.

    Args:
        bit_generator: no normal is kept back.
        pairs: >= 0.
    """
    functions = library()
    if functions is None or twister_of(bit_generator) is None:
        return False
    with bit_generator.lock:
        words = words_of(bit_generator)
        words[-1] = functions.pass_normals(pairs, words[:-1], int(words[-1]))
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


def _kept_normal(rng: np.random.RandomState, words: np.ndarray) -> float | None:
    """Take the normal that `rng` keeps back, if it does; its twister, of these words, does not move.

    The polar method makes two normals at a time, and only `get_state`, which is slow, says whether the
    second is there still. To draw one says so, too: the twister moves unless it was.
    """
    before = words.copy()
    drawn = rng.standard_normal()
    if np.array_equal(words, before):
        return drawn
    rng.standard_normal()  # the second of those drawn
    words[:] = before
    return None
