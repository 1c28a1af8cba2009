"""Throughput and memory of the evaluation loop with a model that costs nothing.

    python benchmarks/evaluate.py --data-dir FOLDER bloodmnist

Images a second of each chosen test set, made while a free `predict` waits: with the thread that makes
the next batches, and without it. A second run has a `predict` that costs as much as the images do,
which is where the thread helps. Prints the process's peak memory in the end.
"""

import contextlib
import itertools
import resource
import time
from pathlib import Path

import click
import numpy as np

from medmnist_c.builder.configs import CleanConfig, Config, CorruptedConfig
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.corruptions.table import CORRUPTIONS
from medmnist_c.evaluation import evaluate as loop
from medmnist_c.evaluation.image_sources import ImagesMadeHere
from medmnist_c.evaluation.prefetch import prefetched


@click.command()
@click.argument("dataset")
@click.option("--data-dir", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--images", default=1000, show_default=True, help="Of each test set.")
@click.option("--severity", default=3, show_default=True)
@click.option("--batch-size", default=64, show_default=True)
def main(dataset: str, data_dir: Path, images: int, severity: int, batch_size: int) -> None:
    classes = len(dataset_info(dataset).labels)

    def free(batch: np.ndarray) -> np.ndarray:
        return np.full((len(batch), classes), 1 / classes)

    configs: list[Config] = [CleanConfig(dataset)]
    configs += [CorruptedConfig(dataset, name, severity) for name in CORRUPTIONS[dataset]]
    # seeded: no shot noise has to be drawn through first
    source = ImagesMadeHere(ImageSource(0, data_dir))
    _run(free, configs[0], source, batch_size, images, prefetched)  # opens the clean copy
    print(f"{'test set':36} {'alone':>8} {'thread':>8}   images a second")
    totals = {iter: 0.0, prefetched: 0.0}
    for config in configs:
        rates = []
        for ahead in totals:
            seconds = _run(free, config, source, batch_size, images, ahead)
            totals[ahead] += seconds
            rates.append(images / seconds)
        print(f"{config.name:36} {rates[0]:8.0f} {rates[1]:8.0f}")
    done = images * len(configs)
    print(f"{'all':36} " + " ".join(f"{done / seconds:8.0f}" for seconds in totals.values()))

    cost = totals[iter] / done * batch_size

    def busy(batch: np.ndarray) -> np.ndarray:
        time.sleep(cost)  # as a model on a GPU does: the processor is free meanwhile
        return free(batch)

    rates = []
    for ahead in totals:
        seconds = sum(_run(busy, config, source, batch_size, images, ahead) for config in configs)
        rates.append(f"{done / seconds:8.0f}")
    print(f"{'all, predict elsewhere as slow':36} " + " ".join(rates))
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def _run(predict, config, source, batch_size, images, ahead) -> float:
    """Seconds for a test set's first images."""
    start = time.perf_counter()
    made = itertools.islice(source.images(config, source.origin(config).digest), images)
    batches = ahead(loop.batches(made, batch_size, False, False))
    with contextlib.ExitStack() as stack:
        if hasattr(batches, "close"):
            stack.callback(batches.close)
        for given, _ in batches:
            predict(given)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
