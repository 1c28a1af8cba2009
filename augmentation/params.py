"""One draw of an augmentation as plain data, and the image that it stands for."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from medmnist_c.corruptions import stain_masks
from medmnist_c.corruptions.random.seeded import stream_from
from medmnist_c.corruptions.registry import ALGORITHMS, apply

IDENTITY = "identity"  # the draw that leaves an image as it is


@dataclass(frozen=True)
class Draw:
    """What is done to one image: it fully determines the result.

    `corruption` is a name of the dataset's list, or "identity", which has no algorithm. `parameters`
    are what the algorithm takes after the image, `seed` starts its random stream (None where it
    draws nothing). `Draw(**json.loads(json.dumps(dataclasses.asdict(draw))))` equals `draw`.
    """

    corruption: str = IDENTITY
    algorithm: str | None = None
    parameters: tuple = ()
    seed: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", _as_tuples(self.parameters))


def _as_tuples(value: object) -> object:
    """JSON knows lists only."""
    return tuple(map(_as_tuples, value)) if isinstance(value, list | tuple) else value


def corrupted(pixels: np.ndarray, draw: Draw) -> np.ndarray:
    """The image of a draw: a new uint8 array of the shape of `pixels`, H x W or H x W x 3."""
    if draw.algorithm is None:
        return pixels.copy()
    algorithm = ALGORITHMS[draw.algorithm]
    rng = algorithm.draws and stream_from(draw.seed, algorithm.draws.stream)
    return apply(pixels, algorithm, draw.parameters, rng, _masks())


@lru_cache(maxsize=1)
def _masks() -> Mapping[int, np.ndarray]:
    """The project's own ink blots: augmentation downloads nothing."""
    return stain_masks.own_masks()
