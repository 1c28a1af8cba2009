"""Compare all 655 test sets with what the release's own program makes, side by side.

    python tools/reference/compare_test_sets.py --peer-python peer/bin/python -o FOLDER

`tools/reference/peer.py` says how to set the peer up. Each dataset's file holds the images of the
sample; the peer's `DatasetManager` corrupts it, and our images come from `load_dataset`.
Prints a line for each test set and the number of equal ones.
"""

import shutil
import sys
from pathlib import Path

import click
import datasets
import numpy as np
from peer import make_release, reference_masks

import medmnist_c  # noqa: F401 (makes the name known)
from medmnist_c.builder.configs import CleanConfig, CorruptedConfig, all_configs
from medmnist_c.builder.source.sample import SAMPLE_FOLDER
from medmnist_c.corruptions.stain_masks import REFERENCE_FILE
from medmnist_c.corruptions.table import CORRUPTIONS


@click.command()
@click.option("--peer-python", required=True, help="Python of the peer's environment.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
def main(peer_python: str, output: Path) -> None:
    clean, release = output / "clean", output / "release"
    clean.mkdir(parents=True, exist_ok=True)
    for name in CORRUPTIONS:
        shutil.copy(Path(SAMPLE_FOLDER) / f"{name}_224.npz", clean)
    shutil.copy(reference_masks(peer_python), clean / REFERENCE_FILE)
    make_release(peer_python, clean, release, list(CORRUPTIONS))

    datasets.disable_progress_bars()
    equal = total = 0
    for one in all_configs().values():
        if isinstance(one, CleanConfig):
            continue
        theirs = _release_images(release, one)
        ours = datasets.load_dataset(
            "medmnist_c",
            one.name,
            split="test",
            data_dir=str(clean),
            cache_dir=str(output / "cache"),
        )
        made = np.stack([np.asarray(image) for image in ours["image"]])
        different = int(np.count_nonzero(made != theirs))
        largest = int(np.abs(made.astype(int) - theirs).max())
        verdict = "equal" if different == 0 else f"{different} pixels differ, by up to {largest}"
        print(f"{one.name:40} {len(made)} images  {verdict}")
        equal += different == 0
        total += 1
    print(f"{equal} of {total} test sets equal")
    sys.exit(equal != total)


def _release_images(release: Path, one: CorruptedConfig) -> np.ndarray:
    with np.load(release / one.dataset / f"{one.corruption}.npz") as file:
        stacked = file["test_images"]  # the five severities, one after the other
    count = len(stacked) // 5
    return stacked[(one.severity - 1) * count : one.severity * count]


if __name__ == "__main__":
    main()
