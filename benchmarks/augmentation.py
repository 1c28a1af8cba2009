"""Time augmentation against the release's own class and RandAugment, alternating, in one run.

    python benchmarks/augmentation.py --peer-python peer/bin/python -o benchmarks/AUGMENTATION.md

`tools/reference/peer.py` says how to set the peer's environment up; torchvision has to be here. One
thread a process, CPU time on all sides.
"""

# ruff: noqa: E402 (the number of threads must be set before the libraries read it)
import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

import click
import cv2
import numpy as np
import torch
from PIL import Image
from run import Peer, machine
from torchvision.transforms import v2

from medmnist_c.augmentation.augmix import TargetedAugMix
from medmnist_c.augmentation.targeted import TargetedAugmentation
from medmnist_c.builder.source.sample import SAMPLE_FOLDER
from medmnist_c.corruptions.table import CORRUPTIONS

HEAD = """\
# Speed of augmentation, against medmnistc 0.1.0 and torchvision's RandAugment

Machine: {machine}. Images of 224 x 224, CPU time of one core, medians of {rounds} alternating
rounds of {calls} calls of theirs and {ours} of ours and of RandAugment. Made by
`python benchmarks/augmentation.py`.

Theirs: `AugMedMNISTC`, given PIL images, which have to be RGB; making grey ones RGB is not counted.
Ours: `TargetedAugmentation`, given PIL images, giving the same; with a seed and without. `RandAugment`:
torchvision's `v2`, on the same images as ours. Grey images twice: as the dataset has them, and made RGB
before, as a network for RGB sees them. Milliseconds; a ratio above 1 means that we are faster.

"""
COLUMNS = (
    *("dataset", "images", "theirs", "RandAugment", "ours", "with a seed", "`TargetedAugMix`"),
    *("theirs / ours with a seed", "RandAugment / ours", "seed / no seed"),
)

OURS_MORE = 4  # times as many calls of ours in a round


def seconds(
    transform: Callable[[Image.Image], Image.Image], images: list[Image.Image], calls: int
) -> float:
    """CPU time of a call."""
    started = time.process_time()
    for number in range(calls):
        transform(images[number % len(images)])
    return (time.process_time() - started) / calls


def line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def rows(peer: Peer, dataset: str, folder: Path, rounds: int, calls: int) -> list[str]:
    """A row for the images as they are, and one for grey ones made RGB."""
    with np.load(Path(SAMPLE_FOLDER) / f"{dataset}_224.npz") as file:
        arrays = file["test_images"]
    np.save(folder / "images.npy", arrays)
    images = [Image.fromarray(one) for one in arrays]
    kinds = {"RGB": images}
    if images[0].mode == "L":
        kinds = {"grey": images, "grey, made RGB": [one.convert("RGB") for one in images]}
    ask = {"do": "augment", "file": str(folder / "images.npy"), "dataset": dataset}
    ours: dict[str, Callable[[Image.Image], Image.Image]] = {
        "random": v2.RandAugment(),
        "free": TargetedAugmentation(dataset),
        "seeded": TargetedAugmentation(dataset, seed=0),
    }
    mix = TargetedAugMix(dataset, seed=0)

    taken: dict[tuple[str, str], list[float]] = defaultdict(list)
    for number in range(rounds + 1):  # the first to warm up
        counted = {("theirs", ""): peer.seconds(repeat=calls, **ask) / calls}
        for kind, own in kinds.items():
            for name, transform in ours.items():
                counted[name, kind] = seconds(transform, own, calls * OURS_MORE)
            counted["mix", kind] = seconds(mix, own, calls // 2)
        for key, value in counted.items() if number else ():
            taken[key].append(1e3 * value)
    median = {key: statistics.median(values) for key, values in taken.items()}
    theirs = median["theirs", ""]
    made = []
    for kind in kinds:
        times = [median[name, kind] for name in (*ours, "mix")]
        random, free, seeded, _ = times
        cells = [dataset, kind, *(f"{one:.2f}" for one in (theirs, *times))]
        cells += [f"{theirs / seeded:.1f}", f"{random / free:.2f}", f"{seeded / free:.2f}"]
        made.append(line(cells))
    return made


@click.command()
@click.option("--peer-python", required=True, help="Python of the peer's environment.")
@click.option("--dataset", "chosen", multiple=True, help="May be repeated. [default: all]")
@click.option("--rounds", default=5, show_default=True)
@click.option("--calls", default=250, show_default=True, help="Calls of theirs in a round.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
def main(peer_python: str, chosen: tuple[str, ...], rounds: int, calls: int, output: Path) -> None:
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    peer = Peer(peer_python)
    head = HEAD.format(machine=machine(), rounds=rounds, calls=calls, ours=calls * OURS_MORE)
    lines = [head + line(COLUMNS), line(["---"] * 2 + ["---:"] * (len(COLUMNS) - 2))]
    with tempfile.TemporaryDirectory(prefix="medmnist_c_") as folder:
        for dataset in chosen or CORRUPTIONS:
            made = rows(peer, dataset, Path(folder), rounds, calls)
            print(*made, sep="\n", flush=True)
            lines += made
    output.write_text("\n".join([*lines, ""]), "utf-8")


if __name__ == "__main__":
    main()
