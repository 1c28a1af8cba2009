"""Images a second of `evaluate`, by number of worker processes, with a model that costs nothing.

    python benchmarks/evaluate.py bloodmnist --data-dir FOLDER --workers 1,2,4,8

For each number the same test sets are gone through, in turn, so many rounds. Prints images a second, the
processor time of this process for each image (what bounds how many workers it can feed), and that of the
workers. `--models N` asks N models in one pass; `--transform` has the workers resize and normalise, as
torchvision does it, and `--transform here` this process.
"""

import itertools
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import datasets
import numpy as np
from PIL import Image

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.evaluation.configs import chosen_configs
from medmnist_c.evaluation.image_sources import ImageOrigins, ImagesMadeHere
from medmnist_c.evaluation.model import Model, models_of
from medmnist_c.evaluation.predict import KeptModel, predict_all
from medmnist_c.evaluation.predictions.folder import PredictionFolder

_MEAN, _STD = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])


def normalised(image: Image.Image) -> np.ndarray:
    """Float32, 3 x 224 x 224, as most networks take it."""
    resized = image.convert("RGB").resize((256, 256), Image.Resampling.BILINEAR)
    pixels = np.asarray(resized.crop((16, 16, 240, 240)), np.float32) / 255
    return ((pixels - _MEAN) / _STD).transpose(2, 0, 1)


@click.command()
@click.argument("dataset")
@click.option("--data-dir", required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--workers", default="1,2", show_default=True, help="Numbers of processes, 0 for none."
)
@click.option("--corruption", multiple=True, help="Only this one; may be given several times.")
@click.option("--severity", multiple=True, type=int, help="Only this one; likewise.")
@click.option("--seed", type=int, help="In place of the release's draws.")
@click.option("--models", default=1, show_default=True)
@click.option("--batch-size", default=64, show_default=True)
@click.option("--transform", type=click.Choice(["workers", "here"]))
@click.option("--rounds", default=1, show_default=True)
def main(
    dataset: str,
    data_dir: Path,
    workers: str,
    corruption: tuple[str, ...],
    severity: tuple[int, ...],
    seed: int | None,
    models: int,
    batch_size: int,
    transform: str | None,
    rounds: int,
) -> None:
    datasets.disable_progress_bars()
    classes = len(dataset_info(dataset).labels)

    def free(batch: Any) -> np.ndarray:
        if transform == "here":
            np.stack([normalised(image) for image in batch])
        return np.full((len(batch), classes), 1 / classes)

    how = Model(
        free,
        normalised if transform == "workers" else None,
        batch_size,
        pil=transform == "here",
    )
    configs = chosen_configs(dataset, corruption or None, severity or None)
    source = ImagesMadeHere(ImageSource(seed, data_dir))
    images = sum(source.count(config) for config in configs)
    print(f"{dataset}, {len(configs)} test sets, {images:,} images, {models} model(s)")
    print("workers  images/s  ms of this process an image  ms of workers an image")
    for _, number in itertools.product(range(rounds), map(int, workers.split(","))):
        wall, own, others = _cost(lambda n=number: _run(how, models, configs, source, n))
        print(
            f"{number:7} {images / wall:9.0f} {own / images * 1e3:28.4f} "
            f"{others / images * 1e3:23.3f}",
            flush=True,
        )


def _run(model: Model, models: int, configs: list, source: ImageOrigins, workers: int) -> None:
    """All of an evaluation but the report."""
    named = models_of({f"model {k}": model for k in range(models)}, model)
    with tempfile.TemporaryDirectory() as folder:
        asked = [KeptModel(one, PredictionFolder(Path(folder, one.folder))) for one in named]
        predict_all(asked, configs, source, workers)


def _cost(run: Callable[[], None]) -> tuple[float, float, float]:
    """Seconds, of processor time here, and of the processes that have ended meanwhile."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    own, wall = time.process_time(), time.perf_counter()
    run()
    wall, own = time.perf_counter() - wall, time.process_time() - own
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, own, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
