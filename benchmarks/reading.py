"""Stored test sets as batches for a model, against the release's own way, by corruption.

    python benchmarks/reading.py dermamnist --peer-python peer/bin/python [--count 1000]

Theirs: `CorruptedMedMNIST` over its npz files, a `DataLoader` of two workers, batches of 64 arrays.
Ours: `evaluate` of a folder that `build` made, with two workers and a model that costs nothing, its
predictions kept. All five severities of a corruption each time. Opening is counted on both sides; the
start of processes is not counted on ours, which start once for all corruptions, and is a fork on
theirs. Images are the sample's, repeated; noise differs from image to image.
"""

import os
import tempfile
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import click
import datasets
import numpy as np
from run import Peer, _repeat_images

from medmnist_c.builder.configs import CleanConfig, CorruptedConfig
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.npz.build import build_npz
from medmnist_c.builder.parquet.build import build
from medmnist_c.evaluation.configs import chosen_configs
from medmnist_c.evaluation.image_sources import PublishedImages
from medmnist_c.evaluation.model import Model, models_of
from medmnist_c.evaluation.predict import KeptModel, predict_all
from medmnist_c.evaluation.predictions.folder import PredictionFolder

WORKERS = 2


def ours(
    configs: Sequence[CorruptedConfig | CleanConfig], folder: Path, output: Path
) -> dict[str, float]:
    """Seconds for each corruption's five test sets: from the last file of the one before to its own."""
    classes = len(dataset_info(configs[0].dataset).labels)

    def free(images: np.ndarray) -> np.ndarray:
        return np.full((len(images), classes), 1 / classes)

    model = Model(free, batch_size=64)
    (named,) = models_of({"free": model}, model)
    store = PredictionFolder(output)
    predict_all([KeptModel(named, store)], configs, PublishedImages.at(str(folder)), WORKERS)
    written = {path.stem: path.stat().st_mtime for path in output.rglob("*.parquet")}
    begun = written[configs[0].name]
    seconds = {}
    corrupted = [one for one in configs if isinstance(one, CorruptedConfig)]
    for corruption, five in groupby(corrupted, lambda one: one.corruption):
        ended = max(written[one.name] for one in five)
        seconds[corruption], begun = ended - begun, ended
    return seconds


@click.command()
@click.argument("dataset")
@click.option("--peer-python", required=True, help="Python of the peer's environment.")
@click.option("--count", default=1000, show_default=True, help="Images of a test set.")
@click.option("--corruption", multiple=True, help="Only this one; may be given several times.")
@click.option("--rounds", default=3, show_default=True)
def main(
    dataset: str, peer_python: str, count: int, corruption: tuple[str, ...], rounds: int
) -> None:
    datasets.disable_progress_bars()
    peer = Peer(peer_python)
    with tempfile.TemporaryDirectory(prefix="medmnist_c_") as temporary:
        folder = Path(temporary)
        (folder / "clean").mkdir()
        _repeat_images(dataset, folder / "clean", count)
        how = {"data_dir": folder / "clean", "cache_dir": folder / "cache"}
        configs = chosen_configs(dataset, corruption or None, None)
        names = [one.name for one in configs]
        build(names, folder / "ours", **how, seed=0)
        build_npz(names, folder / "theirs", **how, seed=0)
        size = sum(file.stat().st_size for file in (folder / "ours").rglob("*.parquet"))
        zipped = sum(file.stat().st_size for file in (folder / "theirs").rglob("*.npz"))
        print(
            f"{dataset}: {size / 2**20:,.0f} MiB in Parquet, {zipped / 2**20:,.0f} MiB in npz files"
        )
        mine: dict[str, list[float]] = {}
        other: dict[str, list[float]] = {}
        for number in range(rounds):
            for one, seconds in ours(configs, folder / "ours", folder / str(number)).items():
                mine.setdefault(one, []).append(seconds)
                ask = {"root": str(folder / "theirs"), "dataset": dataset, "corruption": one}
                other.setdefault(one, []).append(peer.seconds(do="load", workers=WORKERS, **ask))
        print("| corruption | theirs, images/s | ours, images/s | ratio |\n|---|---:|---:|---:|")
        for one, seconds in mine.items():
            speeds = [5 * count / float(np.median(some)) for some in (other[one], seconds)]
            print(f"| {one} | {speeds[0]:,.0f} | {speeds[1]:,.0f} | {speeds[1] / speeds[0]:.2f} |")


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    main()
