"""Time augmentation against the release's own class, alternating, in one run; write a table of ratios.

    python benchmarks/augmentation.py --peer-python peer/bin/python -o benchmarks/AUGMENTATION.md

`tools/reference/peer.py` says how to set the peer's environment up. One thread a process, CPU time on
both sides.
"""

# ruff: noqa: E402 (the number of threads must be set before the libraries read it)
import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import statistics
import tempfile
import time
from pathlib import Path

import click
import cv2
import numpy as np
from PIL import Image
from run import Peer, machine

from medmnist_c.augmentation.augmix import TargetedAugMix
from medmnist_c.augmentation.targeted import TargetedAugmentation
from medmnist_c.augmentation.transform import Augmentation
from medmnist_c.builder.source.sample import SAMPLE_FOLDER
from medmnist_c.corruptions.table import CORRUPTIONS

HEAD = """\
# Speed of augmentation, against medmnistc 0.1.0

Machine: {machine}. Images of 224 x 224 a second and core (CPU time), medians of {rounds} alternating
rounds of {calls} calls of theirs and {ours} of ours. Made by `python benchmarks/augmentation.py`.

Theirs: `AugMedMNISTC`, given PIL images, which have to be RGB; making grey ones RGB is not counted.
Ours: `TargetedAugmentation` with a seed, given PIL images as the dataset has them, giving the same.
"Ours, RGB" is the same for grey images that were made RGB before. A ratio above 1 means that we are
faster.

| dataset | images | theirs | ours | ratio | ours, RGB | ratio | `TargetedAugMix` |
|---|---|---:|---:|---:|---:|---:|---:|"""

OURS_MORE = 4  # times as many calls of ours in a round


def seconds(transform: Augmentation, images: list[Image.Image], calls: int) -> float:
    """CPU time of a call."""
    started = time.process_time()
    for number in range(calls):
        transform(images[number % len(images)])
    return (time.process_time() - started) / calls


def row(peer: Peer, dataset: str, folder: Path, rounds: int, calls: int) -> str:
    with np.load(Path(SAMPLE_FOLDER) / f"{dataset}_224.npz") as file:
        arrays = file["test_images"]
    np.save(folder / "images.npy", arrays)
    images = [Image.fromarray(one) for one in arrays]
    rgb = [one.convert("RGB") for one in images]
    single, mix = TargetedAugmentation(dataset, seed=0), TargetedAugMix(dataset, seed=0)
    ask = {"do": "augment", "file": str(folder / "images.npy"), "dataset": dataset}

    taken = {"theirs": [], "ours": [], "rgb": [], "mix": []}
    for number in range(rounds + 1):  # the first to warm up
        counted = {
            "theirs": peer.seconds(repeat=calls, **ask) / calls,
            "ours": seconds(single, images, calls * OURS_MORE),
            "rgb": seconds(single, rgb, calls * OURS_MORE),
            "mix": seconds(mix, images, calls // 2),
        }
        for side, value in counted.items() if number else ():
            taken[side].append(value)
    theirs, ours, ours_rgb, mixed = (statistics.median(one) for one in taken.values())
    grey = images[0].mode == "L"
    more = f"{1 / ours_rgb:,.0f} | {theirs / ours_rgb:.1f}" if grey else "|"
    return (
        f"| {dataset} | {'grey' if grey else 'RGB'} | {1 / theirs:,.0f} | {1 / ours:,.0f} | "
        f"{theirs / ours:.1f} | {more} | {1 / mixed:,.0f} |"
    )


@click.command()
@click.option("--peer-python", required=True, help="Python of the peer's environment.")
@click.option("--dataset", "chosen", multiple=True, help="May be repeated. [default: all]")
@click.option("--rounds", default=5, show_default=True)
@click.option("--calls", default=250, show_default=True, help="Calls of theirs in a round.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
def main(peer_python: str, chosen: tuple[str, ...], rounds: int, calls: int, output: Path) -> None:
    cv2.setNumThreads(1)
    peer = Peer(peer_python)
    head = HEAD.format(machine=machine(), rounds=rounds, calls=calls, ours=calls * OURS_MORE)
    lines = [head]
    with tempfile.TemporaryDirectory(prefix="medmnist_c_") as folder:
        for dataset in chosen or CORRUPTIONS:
            lines.append(row(peer, dataset, Path(folder), rounds, calls))
            print(lines[-1], flush=True)
    output.write_text("\n".join([*lines, ""]), "utf-8")


if __name__ == "__main__":
    main()
