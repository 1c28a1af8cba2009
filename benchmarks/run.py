"""Time us against the release's own program, alternating, in one run; write a table of ratios.

    python benchmarks/run.py --peer-python peer/bin/python -o benchmarks/RESULTS.md

`tools/reference/peer.py` says how to set the peer's environment up. One thread a process on both sides,
except where wall time on all cores is the point ("clean file -> stored test sets"). Images are the
sample's.
"""

# ruff: noqa: E402 (the number of threads must be set before the libraries read it)
import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import json
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import click
import cv2
import datasets
import numpy as np

import medmnist_c  # noqa: F401 (makes the name known)
from medmnist_c.builder.configs import CleanConfig, CorruptedConfig, find_config, select
from medmnist_c.builder.parquet.build import build
from medmnist_c.builder.source.clean_cache import load_clean
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.source.sample import SAMPLE_FOLDER
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.builder.versions import library_versions
from medmnist_c.corruptions import stain_masks
from medmnist_c.corruptions.image import UNIT
from medmnist_c.corruptions.random.seeded import seeded_stream
from medmnist_c.corruptions.random.streams import RandomStream
from medmnist_c.corruptions.registry import ALGORITHMS, Draws, apply
from medmnist_c.corruptions.table import CORRUPTIONS

ALGORITHMS_HEAD = """\
## One algorithm, one core

Milliseconds of CPU time an image of 224 x 224, severity 3: medians of rounds in which the sides take
turns; the ratio is the median of theirs to ours in a round. Random streams: the release's, or seeded.
numpy: what its bare generator takes to draw the same numbers of the release's stream.

| algorithm | image | random stream | theirs, ms | ours, ms | ratio | numpy, ms |
|---|---|---|---:|---:|---:|---:|"""

BUILDS_HEAD = """\
## Clean file to stored test sets, wall time on all cores

Theirs: `DatasetManager`; ours: `build`, from an empty cache. Milliseconds an image.

| dataset | test sets x images | theirs, ms | ours, ms | ratio |
|---|---|---:|---:|---:|"""

READS_HEAD = """\
## Reading, milliseconds an image

Theirs: `CorruptedMedMNIST` over its npz of five severities, ours: one test set, {count} images each,
decoded to arrays. Opening is part of the time on both sides.

| dataset | ours | theirs, ms | ours, ms | ratio |
|---|---|---:|---:|---:|"""

BARE: dict[str, Callable] = {
    "gaussian_noise": lambda rng, image, _: rng.standard_normal(image.shape),
    "speckle_noise": lambda rng, image, _: rng.standard_normal(image.shape),
    "impulse_noise": lambda rng, image, _: rng.random((2, *image.shape)),
    "shot_noise": lambda rng, image, photons: rng.poisson(UNIT[image] * photons),
}

ROUNDS = 15
READ_ROUNDS = 5
READ_COUNT = 1000
SEVERITY = 3


class Peer:
    """The release's program in a process of its own, asked for one timing at a time."""

    def __init__(self, python: str) -> None:
        self._process = subprocess.Popen(
            [python, str(Path(__file__).with_name("release_worker.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def seconds(self, **request: object) -> float:
        print(json.dumps(request), file=self._process.stdin, flush=True)
        return float(self._process.stdout.readline())


def algorithm_rows(peer: Peer, folder: Path, names: Iterable[str]) -> list[str]:
    """A row for each algorithm on grey and on RGB images, with both kinds of streams."""
    rows = []
    for name in names:
        algorithm = ALGORITHMS[name]
        for grey in (False, True):
            pair = _pair(name, grey)
            if pair is None:
                continue
            dataset, corruption = pair
            test_set = find_config(dataset, corruption, SEVERITY)
            clean = load_clean(
                TestSetSpec(CleanConfig(dataset), ImageSource(sample=True))
                .open(folder)
                .clean_folder
            )
            images = np.array(clean.images)
            np.save(folder / "images.npy", images)
            ask = {"file": str(folder / "images.npy"), "dataset": dataset}
            ask |= {"corruption": corruption, "severity": SEVERITY}
            for kind in ("release", "seeded") if algorithm.draws else ("",):

                def ours(repeat: int, kind: str = kind) -> float:
                    return _time_ours(images, test_set, kind, repeat)  # noqa: B023

                def theirs(repeat: int) -> float:
                    return peer.seconds(do="corrupt", repeat=repeat, **ask)  # noqa: B023

                def bare(repeat: int) -> float:
                    return _time_numpy(images, test_set, repeat)  # noqa: B023

                sides = [ours, theirs]
                if kind == "release" and name in BARE:
                    sides.append(bare)
                rounds = _alternate(sides, len(images))
                ratio = statistics.median(row[1] / row[0] for row in rounds)
                mine, other, *numpys = [
                    statistics.median(seconds) * 1e3 for seconds in zip(*rounds, strict=True)
                ]
                drawn = f"{numpys[0]:.2f}" if numpys else ""
                rows.append(
                    f"| {name} | {'grey' if grey else 'RGB'} | {kind} | {other:.2f} | "
                    f"{mine:.2f} | {ratio:.1f} | {drawn} |"
                )
                print(rows[-1], flush=True)
    return rows


def _pair(algorithm: str, grey: bool) -> tuple[str, str] | None:
    """A dataset and corruption of the benchmark that uses the algorithm."""
    for dataset, entries in reversed(CORRUPTIONS.items()):
        for corruption, entry in entries.items():
            rgb = dataset in ("pathmnist", "bloodmnist", "dermamnist", "retinamnist")
            if entry.algorithm.name == algorithm and rgb != grey:
                return dataset, corruption
    return None


def _time_ours(images: np.ndarray, one: CorruptedConfig, kind: str, repeat: int) -> float:
    algorithm = one.entry.algorithm
    parameters = one.entry.parameters(one.severity)
    masks = stain_masks.own_masks()
    rng = _release_rng(algorithm.draws) if kind == "release" else None
    started = time.process_time()
    for _ in range(repeat):
        for index, image in enumerate(images):
            if kind == "seeded":
                where = (one.dataset, one.corruption, one.severity, index)
                rng = seeded_stream(0, *where, algorithm.draws.stream)
            apply(image, algorithm, parameters, rng, masks)
    return time.process_time() - started


def _release_rng(draws: Draws | None) -> RandomStream:
    streams = {"pcg64": np.random.default_rng, "python": random.Random}
    return streams.get(draws and draws.stream, np.random.RandomState)(0)


def _time_numpy(images: np.ndarray, one: CorruptedConfig, repeat: int) -> float:
    """Its draws alone, of which the noise of RGB images is made."""
    algorithm = one.entry.algorithm
    (parameter,) = one.entry.parameters(one.severity)
    draw = BARE[algorithm.name]
    levels = [np.repeat(image[..., None], 3, 2) if image.ndim == 2 else image for image in images]
    rng = _release_rng(algorithm.draws)
    started = time.process_time()
    for _ in range(repeat):
        for image in levels:
            draw(rng, image, parameter)
    return time.process_time() - started


def _alternate(sides: Sequence[Callable[[int], float]], count: int) -> list[list[float]]:
    """Seconds an image of each side in each round; a side is repeated for at least 0.1 s a round."""
    repeats = [_repeats(side) for side in sides]
    return [
        [side(repeat) / repeat / count for side, repeat in zip(sides, repeats, strict=True)]
        for _ in range(ROUNDS)
    ]


def _repeats(side: Callable[[int], float]) -> int:
    repeat = 1
    while side(repeat) < 0.1:
        repeat *= 2
    return repeat


def build_rows(
    peer: Peer, folder: Path, masks: Path, count: int, chosen: Iterable[str]
) -> list[str]:
    """Clean file -> all of a dataset's corrupted test sets, `count` images each.

    Ours is `medmnist-c build` as a whole: starting processes, extracting, corrupting, encoding.
    """
    rows = []
    clean = folder / "clean"
    clean.mkdir()
    shutil.copy(masks, clean / stain_masks.REFERENCE_FILE)
    for dataset in chosen:
        _repeat_images(dataset, clean, count)
        test_sets = [one for one in select((dataset,)) if isinstance(one, CorruptedConfig)]
        other = peer.seconds(
            do="build", clean=str(clean), output=str(folder / "theirs"), dataset=dataset
        )
        started = time.perf_counter()
        build(test_sets, folder / "ours", data_dir=clean, cache_dir=folder / "cache")
        mine = time.perf_counter() - started
        images = len(test_sets) * count
        rows.append(
            f"| {dataset} | {len(test_sets)} x {count} | {other / images * 1e3:.1f} | "
            f"{mine / images * 1e3:.1f} | {other / mine:.1f} |"
        )
        print(rows[-1], flush=True)
    return rows


def read_rows(peer: Peer, folder: Path) -> list[str]:
    """Every image of a test set decoded to an array; theirs from what `build_rows` has left."""
    rows = []
    for dataset, corruption in (("dermamnist", "brightness_up"), ("chestmnist", "brightness_up")):
        one = find_config(dataset, corruption, SEVERITY)
        stored = _repeat_stored(folder / "theirs" / dataset / f"{corruption}.npz", 5 * READ_COUNT)
        ask = {"root": str(folder / "theirs"), "dataset": dataset, "corruption": corruption}
        how = {"split": "test", "cache_dir": str(folder / "cache")}
        _repeat_images(dataset, folder / "clean", READ_COUNT)
        clean = {"data_dir": str(folder / "clean")}
        build([one], folder / "read", **clean, cache_dir=folder / "cache")
        datasets.load_dataset("medmnist_c", one.name, **how, **clean)  # prepared beforehand
        ways = {
            "prepared": ("medmnist_c", clean),
            "streamed": ("medmnist_c", clean | {"streaming": True}),
            "built folder, streamed": (str(folder / "read"), {"streaming": True}),
        }
        for way, (path, more) in ways.items():
            mine, other = [], []
            for _ in range(READ_ROUNDS):
                started = time.perf_counter()
                rows_read = datasets.load_dataset(path, one.name, **how, **more)
                count = sum(np.asarray(row["image"]).size > 0 for row in rows_read)
                mine.append((time.perf_counter() - started) / count)
                other.append(peer.seconds(do="read", **ask) / stored)
            ours, theirs = statistics.median(mine), statistics.median(other)
            rows.append(
                f"| {dataset} | {way} | {theirs * 1e3:.2f} | {ours * 1e3:.2f} | {theirs / ours:.1f} |"
            )
            print(rows[-1], flush=True)
    return rows


def _repeat_stored(path: Path, count: int) -> int:
    """Repeat the rows of their file until there are `count`."""
    with np.load(path) as file:
        members = dict(file)
    rows = len(members["test_labels"])
    for name, member in members.items():
        if len(member) == rows:
            members[name] = np.resize(member, (count, *member.shape[1:]))
    np.savez_compressed(path, **members)
    return count


def _repeat_images(dataset: str, folder: Path, count: int) -> None:
    with np.load(Path(SAMPLE_FOLDER) / f"{dataset}_224.npz") as file:
        members = dict(file)
    for name in ("test_images", "test_labels"):
        members[name] = np.resize(members[name], (count, *members[name].shape[1:]))
    np.savez_compressed(folder / f"{dataset}_224.npz", **members)


def machine() -> str:
    """The machine in words, without names."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0))
    versions = ", ".join(f"{name} {version}" for name, version in library_versions().items())
    return (
        f"{cores} cores ({platform.machine()}), {memory:.0f} GiB of memory, Python "
        f"{platform.python_version()}, datasets {datasets.__version__}, {versions}"
    )


@click.command()
@click.option("--peer-python", required=True, help="Python of the peer's environment.")
@click.option(
    "--count",
    default=200,
    show_default=True,
    help="Images of a test set to build; 0 to time the algorithms only.",
)
@click.option("--build", "builds", multiple=True, help="Only build, and only this dataset.")
@click.option("--algorithm", "names", multiple=True, help="Of the algorithms, time only this one.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
def main(
    peer_python: str, count: int, builds: tuple[str, ...], names: tuple[str, ...], output: Path
) -> None:
    cv2.setNumThreads(1)
    datasets.disable_progress_bars()
    peer = Peer(peer_python)
    with tempfile.TemporaryDirectory(prefix="medmnist_c_") as temporary:
        folder = Path(temporary)
        sections = []
        if not builds:
            rows = algorithm_rows(peer, folder, names or ALGORITHMS)
            sections += [ALGORITHMS_HEAD, *rows, ""]
        if count:
            masks = reference_masks(peer_python)
            sections += [
                BUILDS_HEAD,
                *build_rows(peer, folder, masks, count, builds or CORRUPTIONS),
            ]
        if count and not builds:
            sections += ["", READS_HEAD.format(count=READ_COUNT), *read_rows(peer, folder)]
    head = (
        f"# Speed, against medmnistc 0.1.0\n\nMachine: {machine()}. Medians of {ROUNDS} alternating "
        "rounds; ratios above 1 mean that we are faster. Made by `python benchmarks/run.py`.\n"
    )
    output.write_text("\n".join([head, *sections, ""]), "utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools" / "reference"))
    from peer import reference_masks

    main()
