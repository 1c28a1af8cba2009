"""What an augmentation does to one image, as plain data; and the image that comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from medmnist_c.corruptions import stain_masks
from medmnist_c.corruptions.random.seeded import stream_from
from medmnist_c.corruptions.registry import ALGORITHMS, apply

IDENTITY = "identity"  # leaves an image as it is


@dataclass(frozen=True)
class AugmentationParams:
    """One corruption of one image: it fully determines the result.

    `corruption` is a name of the dataset's list, or "identity", which has no algorithm. `algorithm` is a
    name of `ALGORITHMS`, `parameters` are as the table has them, `seed` starts the random stream (None
    where the algorithm draws nothing). `AugmentationParams(**json.loads(json.dumps(asdict(params))))`
    equals `params`.
    """

    corruption: str = IDENTITY
    algorithm: str | None = None
    parameters: tuple = ()
    seed: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", _as_tuples(self.parameters))


def _as_tuples(value: Any) -> Any:
    """JSON has lists only."""
    return tuple(map(_as_tuples, value)) if isinstance(value, list | tuple) else value


def corrupted(pixels: np.ndarray, params: AugmentationParams) -> np.ndarray:
    """A new image of the shape of `pixels`; both uint8, H x W or H x W x 3.

    Raises:
        ValueError: `params` have no seed for an algorithm that draws.
    """
    if params.algorithm is None:
        return pixels.copy()
    algorithm, rng = ALGORITHMS[params.algorithm], None
    if algorithm.draws:
        if params.seed is None:
            raise ValueError(
                f"{params.algorithm} draws, but its parameters have no seed; give one."
            )
        rng = stream_from(params.seed, algorithm.draws.stream)
    return apply(pixels, algorithm, params.parameters, rng, _masks())


@lru_cache(maxsize=1)
def _masks() -> Mapping[int, np.ndarray]:
    """The project's own ink blots: augmentation downloads nothing."""
    return stain_masks.own_masks()
