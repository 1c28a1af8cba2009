"""Seeded streams: a fresh, independent draw for each image of each test set."""

import zlib
from collections.abc import Sequence
from random import Random

import numpy as np

from medmnist_c.corruptions.registry import Draws, RandomStream


def seeded_stream(
    seed: int, dataset: str, corruption: str, severity: int, index: int, draws: Draws
) -> RandomStream:
    """The random stream of one image; any image can be made alone, in any order.

    Args:
        seed: any whole number >= 0; another seed is another, independent draw of the benchmark.
        dataset, corruption, severity, index: which image.
        draws: as `Algorithm.draws`; "integers" are drawn from Python's generator.
    """
    pair = zlib.crc32(f"{dataset}/{corruption}".encode())
    return stream((seed, pair, severity, index), draws)


def stream(entropy: int | Sequence[int], draws: Draws) -> RandomStream:
    """The random stream of whole numbers >= 0, of the kind that `Algorithm.draws` names."""
    sequence = np.random.SeedSequence(entropy)
    if draws == "integers":
        return Random(int.from_bytes(sequence.generate_state(4).tobytes(), "little"))
    return np.random.Generator(np.random.SFC64(sequence))
