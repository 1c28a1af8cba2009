"""Compute `corruptions/random/normal_checkpoints.npz`: states of the reference's stream of normals.

    python tools/data/make_normal_checkpoints.py

Takes some minutes on one core. States are kept at the first image of every official noise test set
and behind the last one (so that a test set's first image comes at once), and every
`INTERVAL` images between them.
"""

from pathlib import Path

import numpy as np
from tqdm import tqdm

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.corruptions.random import checkpoints
from medmnist_c.corruptions.random.streams import key_and_position
from medmnist_c.corruptions.reference import stream_index
from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES

INTERVAL = 340  # images: the file stays below 2 MB
TARGET = Path(__file__).resolve().parents[2] / "corruptions" / "random" / "normal_checkpoints.npz"


def official_starts() -> set[int]:
    """Indices at which an official noise test set starts, or what comes after the last one."""
    starts = {0}
    for dataset, corruptions in CORRUPTIONS.items():
        count = dataset_info(dataset).test_count
        for name, corruption in corruptions.items():
            draws = corruption.algorithm.draws
            if draws and draws.stream == "legacy" and draws.advance is None:
                for severity in SEVERITIES:
                    starts.add(stream_index(dataset, name, severity, 0, count)[1])
                starts.add(stream_index(dataset, name, SEVERITIES[-1], count, count)[1])
    return starts


def main() -> None:
    starts = official_starts()
    indices = np.array(sorted(starts | set(range(0, max(starts), INTERVAL))), np.int32)
    keys = np.empty((len(indices), 624), np.uint32)
    positions = np.empty(len(indices), np.uint16)
    bit_generator = np.random.MT19937(0)
    bit_generator.state = np.random.RandomState(0).get_state(legacy=False)
    before = 0
    with tqdm(total=int(indices[-1]), unit=" images") as progress:
        for i, index in enumerate(indices.tolist()):
            checkpoints.advance(bit_generator, index - before)
            progress.update(index - before)
            before = index
            keys[i], positions[i] = key_and_position(bit_generator)
    np.savez(TARGET, indices=indices, keys=keys, positions=positions)
    print(f"{TARGET.name}: {len(indices)} states, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
