"""The release's tape of normals: numpy's legacy stream with seed 0, entered at any image.

Every gaussian_noise and speckle_noise image of the release takes 224 * 224 * 3 legacy normals
from `RandomState(0)`, whatever the image. So image number `place` of that sequence always starts
at the same state, the same for all datasets. `normals_tape.npz` holds the states at some places
(written by `tools/data/make_normals_tape.py`); from the nearest one before, the tape is wound on.

Winding needs no normals. The polar method (Marsaglia and Bray 1964), as numpy's legacy generator has
it, takes doubles in pairs until one falls inside the unit circle and makes two normals of it; how
many pairs that takes can be counted without logarithms.
"""

from functools import lru_cache
from importlib import resources

import numpy as np

from medmnist_c.corruptions.table import IMAGE_SIZE

NORMALS_PER_IMAGE = IMAGE_SIZE * IMAGE_SIZE * 3
_ACCEPTED_PER_IMAGE = NORMALS_PER_IMAGE // 2  # a pair inside the circle gives two normals
_BLOCK = 1 << 15  # pairs a step: fits the processor's cache
_TAPE_FILE = "normals_tape.npz"


def wind(bit_generator: np.random.MT19937, images: int) -> None:
    """Move `bit_generator` on by what `images` noise images draw, in place.

    Args:
        bit_generator: stands between two images (no normal kept back).
        images: how many images to pass, >= 0. Each takes about 1 ms.
    """
    doubles = np.random.Generator(bit_generator)
    missing = images * _ACCEPTED_PER_IMAGE
    buffer = np.empty((_BLOCK, 2))
    radius = np.empty(_BLOCK)
    while missing > 0:
        # Never more pairs than could all be needed, so that only the last steps are small.
        count = min(_BLOCK, missing)
        pairs = buffer[:count]
        doubles.random(out=pairs)
        np.multiply(pairs, 2.0, out=pairs)
        np.subtract(pairs, 1.0, out=pairs)
        np.multiply(pairs, pairs, out=pairs)
        squares = np.add(pairs[:, 0], pairs[:, 1], out=radius[:count])
        missing -= np.count_nonzero(squares < 1.0) - np.count_nonzero(squares == 0.0)


@lru_cache(maxsize=1)
def _tape() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    with (
        resources.files(__package__).joinpath(_TAPE_FILE).open("rb") as file,
        np.load(file) as tape,
    ):
        return tape["places"], tape["keys"], tape["positions"]


def state_of(state: dict) -> tuple[np.ndarray, int]:
    """Key (624 uint32) and position (0-624) from the state of an `MT19937` or a `RandomState`."""
    return np.array(state["state"]["key"], np.uint32), int(state["state"]["pos"])


def twister_at(key: np.ndarray, position: int) -> np.random.MT19937:
    """A Mersenne twister in the state given by `state_of`."""
    bit_generator = np.random.MT19937(0)
    bit_generator.state = {"bit_generator": "MT19937", "state": {"key": key, "pos": position}}
    return bit_generator


_latest: dict[int, dict] = {}  # one entry: where this process last left the tape


def remember(place: int, rng: np.random.RandomState) -> None:
    """Keep the state before `place` for the next call: who goes on there need not wind."""
    state = rng.get_state(legacy=False)
    _latest.clear()
    _latest[place] = state


def random_state_at(place: int) -> np.random.RandomState:
    """`RandomState(0)` after `place` noise images (place >= 0).

    Takes well under a second up to the tape's last state, about 1 ms an image beyond it.
    """
    if state := _latest.get(place):
        rng = np.random.RandomState(0)
        rng.set_state(state)
        return rng
    places, keys, positions = _tape()
    nearest = int(np.searchsorted(places, place, side="right")) - 1
    bit_generator = twister_at(keys[nearest], int(positions[nearest]))
    wind(bit_generator, place - int(places[nearest]))
    return np.random.RandomState(bit_generator)
