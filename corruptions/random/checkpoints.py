"""The reference's normals: numpy's legacy stream with seed 0, entered at any image.

Every image of Gaussian and speckle noise takes 224 * 224 * 3 legacy normals from `RandomState(0)`,
whatever the image. So number `index` in that sequence of images always starts at the same state, the
same for all datasets. `normal_checkpoints.npz` holds the states at some indices (written by
`tools/data/make_normal_checkpoints.py`); from the nearest one before, the stream is advanced.

Advancing needs no normals. The polar method (Marsaglia and Bray 1964), as numpy's legacy generator has
it, takes doubles in pairs until one falls inside the unit circle and makes two normals of it; how
many pairs that takes can be counted without logarithms.
"""

from functools import lru_cache
from importlib import resources

import numpy as np

from medmnist_c.corruptions.image import IMAGE_SIZE
from medmnist_c.corruptions.random import compiled
from medmnist_c.corruptions.random.streams import twister_at

NORMALS_PER_IMAGE = IMAGE_SIZE * IMAGE_SIZE * 3
_ACCEPTED_PER_IMAGE = NORMALS_PER_IMAGE // 2  # a pair inside the circle gives two normals
_BLOCK = 1 << 15  # pairs a step: fits the processor's cache
_FILE = "normal_checkpoints.npz"


def advance(bit_generator: np.random.MT19937, images: int) -> None:
    """Advance `bit_generator` past what `images` noise images draw.

    Args:
        bit_generator: stands between two images (no normal kept back).
        images: how many images to pass, >= 0. Each takes about 1 ms, compiled 0.1 ms.
    """
    missing = images * _ACCEPTED_PER_IMAGE
    if compiled.pass_normals(bit_generator, missing):
        return
    doubles = np.random.Generator(bit_generator)
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
        missing -= int(np.count_nonzero(squares < 1.0) - np.count_nonzero(squares == 0.0))


@lru_cache(maxsize=1)
def checkpoints() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The kept states: image indices (int32, rising), keys (uint32, 624 each), positions (uint16)."""
    with (
        resources.files(__package__).joinpath(_FILE).open("rb") as file,
        np.load(file) as arrays,
    ):
        return arrays["indices"], arrays["keys"], arrays["positions"]


_latest: dict[int, dict] = {}  # one entry: where this process last left the stream


def cache_state(index: int, rng: np.random.RandomState) -> None:
    """Cache the state before image `index`: the next call that starts there need not advance."""
    state = rng.get_state(legacy=False)
    _latest.clear()
    _latest[index] = state


def random_state_at(index: int) -> np.random.RandomState:
    """`RandomState(0)` after `index` noise images (index >= 0).

    Takes well under a second up to the last checkpoint, `advance`'s time an image beyond it.
    """
    if state := _latest.get(index):
        rng = np.random.RandomState(0)
        rng.set_state(state)
        return rng
    indices, keys, positions = checkpoints()
    nearest = int(np.searchsorted(indices, index, side="right")) - 1
    bit_generator = twister_at(keys[nearest], int(positions[nearest]))
    advance(bit_generator, index - int(indices[nearest]))
    return np.random.RandomState(bit_generator)
