"""Compute `corruptions/normals_tape.npz`: states of the release's tape of normals at intervals.

    python tools/data/make_normals_tape.py

Takes some minutes on one core. States are kept at the first image of every official noise test set
and of every stream behind the last one (so that a test set's first image comes at once), and every
`INTERVAL` images between them.
"""

from pathlib import Path

import numpy as np
from tqdm import tqdm

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.corruptions.random import checkpoints as normals_tape
from medmnist_c.corruptions.random.reference import place_of
from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES

INTERVAL = 340  # images: the file stays below 2 MB
TARGET = Path(__file__).resolve().parents[2] / "corruptions" / "random" / "normals_tape.npz"


def official_starts() -> set[int]:
    """Places where an official test set, or a stream behind the noise, starts."""
    starts = {0}
    for dataset, corruptions in CORRUPTIONS.items():
        count = dataset_info(dataset).test_count
        for name, corruption in corruptions.items():
            if corruption.algorithm in ("gaussian_noise", "speckle_noise"):
                for severity in SEVERITIES:
                    starts.add(place_of(dataset, name, severity, 0, count)[1])
                starts.add(place_of(dataset, name, SEVERITIES[-1], count, count)[1])
    return starts


def main() -> None:
    starts = official_starts()
    places = np.array(sorted(starts | set(range(0, max(starts), INTERVAL))), np.int32)
    keys = np.empty((len(places), 624), np.uint32)
    positions = np.empty(len(places), np.uint16)
    bit_generator = np.random.MT19937(0)
    bit_generator.state = np.random.RandomState(0).get_state(legacy=False)
    before = 0
    with tqdm(total=int(places[-1]), unit=" images") as progress:
        for i, place in enumerate(places.tolist()):
            normals_tape.wind(bit_generator, place - before)
            progress.update(place - before)
            before = place
            keys[i], positions[i] = normals_tape.state_of(bit_generator.state)
    np.savez(TARGET, places=places, keys=keys, positions=positions)
    print(f"{TARGET.name}: {len(places)} states, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
