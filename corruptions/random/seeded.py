"""Seeded streams: a fresh, independent draw for each image of each test set."""

import zlib
from collections.abc import Sequence
from random import Random

import numpy as np

from medmnist_c.corruptions.random.streams import RandomStream, StreamName


def seeded_stream(
    seed: int,
    dataset: str,
    corruption: str,
    severity: int,
    index: int,
    kind: StreamName,
    split: str = "test",
) -> RandomStream:
    """The random stream of one image; any image can be made alone, in any order.

    Args:
        seed: any whole number >= 0; another seed is another, independent draw of the benchmark.
        dataset, corruption, severity, index: which image.
        kind: as `stream_from`.
        split: whose image; the same index in another split is another draw.
    """
    pair = zlib.crc32(f"{dataset}/{corruption}".encode())
    entropy = (seed, pair, severity, index)
    return stream_from(entropy if split == "test" else (*entropy, zlib.crc32(split.encode())), kind)


def stream_from(entropy: int | Sequence[int], kind: StreamName) -> RandomStream:
    """The random stream that whole numbers >= 0 start.

    Args:
        entropy: the numbers.
        kind: the reference's stream in whose stead it is: Python's generator for "python", else a
            numpy generator of SFC64.
    """
    sequence = np.random.SeedSequence(entropy)
    if kind == "python":
        return Random(int.from_bytes(sequence.generate_state(4).tobytes(), "little"))
    return np.random.Generator(np.random.SFC64(sequence))
