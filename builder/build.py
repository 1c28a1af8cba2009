"""Materialise test sets as a folder of Parquet files that `load_dataset` opens without our code.

    {folder}/README.md                                      names what is there
    {folder}/{dataset}/{config}/test-00000-of-00002.parquet
    {folder}/{dataset}/{config}/made.json                   written last: the test set is whole

The unit of work is a shard: a fixed stretch of pictures of one test set, made by one process. Each
gives the same bytes wherever and however often it is made.
"""

import contextlib
import hashlib
import json
import multiprocessing
import os
import signal
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import datasets
import pyarrow.parquet as pq
from tqdm.auto import tqdm

from medmnist_c.builder.cards import folder_card
from medmnist_c.builder.catalogue import dataset_facts
from medmnist_c.builder.configurations import Configuration, configurations
from medmnist_c.builder.errors import BuildError, CleanDataError
from medmnist_c.builder.features import features_of, parquet_schema
from medmnist_c.builder.files import write_aside
from medmnist_c.builder.tables import even_ranges
from medmnist_c.builder.test_set import Recipe, TestSet

PICTURES_A_SHARD = 2000  # at most; 40 to 200 MB
MANIFEST = "made.json"


@dataclass(frozen=True)
class Shard:
    """One Parquet file of a test set: its name, rows, bytes and SHA-256."""

    name: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Built:
    """What a call of `build` did: names of the test sets made, and of those already there."""

    made: list[str]
    kept: list[str]


def build(
    test_sets: Iterable[Configuration],
    folder: str | Path,
    *,
    seed: int | None = None,
    data_dir: str | Path | None = None,
    sample: bool = False,
    num_proc: int | None = None,
    cache_dir: str | Path | None = None,
) -> Built:
    """Make test sets as Parquet files, so that `load_dataset(folder, config)` opens them.

    A test set that is there, whole and of the same digest, is kept; one that was interrupted, or made
    by other code or from other clean pictures, is made again. Safe to kill and to run again.

    Args:
        test_sets: which ones, in this order.
        folder: where to; made if it is not there.
        seed, data_dir, sample: as `Recipe`.
        num_proc: processes; all cores by default.
        cache_dir: for clean test sets; the cache folder of `datasets` by default.

    Raises:
        BuildError: the folder cannot be written.
        CleanDataError: a clean test set cannot be had.
    """
    folder = Path(folder).expanduser()
    cache_dir = Path(cache_dir or datasets.config.HF_DATASETS_CACHE)
    num_proc = num_proc or len(os.sched_getaffinity(0))
    recipes = [Recipe(one, seed, data_dir, sample) for one in test_sets]
    kept = [r.configuration.name for r in recipes if is_built(folder, r)]
    missing = [r for r in recipes if r.configuration.name not in kept]
    try:
        if missing:
            _make(missing, folder, cache_dir, num_proc)
    except BaseException:
        with contextlib.suppress(OSError):  # so that what is finished can be opened
            write_card(folder)
        raise
    write_card(folder)
    return Built([r.configuration.name for r in missing], kept)


def is_built(folder: Path, recipe: Recipe) -> bool:
    """Whether a test set lies in the folder whole, made by this code from this clean source."""
    manifest = _manifest(folder, recipe.configuration)
    return manifest is not None and manifest["digest"] == recipe.digest()


def built(folder: Path) -> list[Configuration]:
    """The test sets that lie in the folder whole, in the table's order."""
    return [one for one in configurations().values() if _manifest(folder, one) is not None]


def write_card(folder: Path) -> None:
    """Write the folder's README.md, whose `configs:` name the test sets that are there."""
    path = folder / "README.md"
    with _writing(path), write_aside(path) as file:
        file.write(folder_card(built(folder)).encode())


def _manifest(folder: Path, one: Configuration) -> dict | None:
    place = folder / one.folder
    try:
        manifest = json.loads((place / MANIFEST).read_text("utf-8"))
        sizes = [(place / shard["name"]).stat().st_size for shard in manifest["shards"]]
        whole = sizes == [shard["bytes"] for shard in manifest["shards"]]
        return manifest if whole else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _make(recipes: list[Recipe], folder: Path, cache_dir: Path, num_proc: int) -> None:
    total = sum(recipe.source().count for recipe in recipes)
    running: dict[Future, _Unfinished] = {}
    with tqdm(total=total, unit=" pictures") as progress, _workers(num_proc) as pool:
        try:
            for recipe in recipes:
                unfinished = _start(recipe, folder, cache_dir)
                progress.set_description(recipe.configuration.name)
                for number, stretch in enumerate(unfinished.stretches):
                    while len(running) > num_proc:  # one waits for a free process
                        _collect(running, progress)
                    running[pool.submit(unfinished.write_shard, number, stretch)] = unfinished
            while running:
                _collect(running, progress)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _collect(running: "dict[Future, _Unfinished]", progress: tqdm) -> None:
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        unfinished = running.pop(future)
        shard = future.result()
        progress.update(shard.rows)
        unfinished.add(shard)


@dataclass
class _Unfinished:
    """A test set on its way into the folder."""

    test_set: TestSet
    digest: str
    place: Path
    stretches: list[tuple[int, int]]
    shards: list[Shard]

    def write_shard(self, number: int, stretch: tuple[int, int]) -> Shard:
        """Runs in a worker process."""
        name = f"test-{number:05d}-of-{len(self.stretches):05d}.parquet"
        return write_shard(self.test_set, stretch, self.place / name)

    def add(self, shard: Shard) -> None:
        self.shards.append(shard)
        if len(self.shards) == len(self.stretches):
            shards = sorted(self.shards, key=lambda shard: shard.name)
            manifest = {"digest": self.digest, "shards": [asdict(shard) for shard in shards]}
            with write_aside(self.place / MANIFEST) as file:
                file.write(json.dumps(manifest, indent=1).encode())


def _start(recipe: Recipe, folder: Path, cache_dir: Path) -> _Unfinished:
    test_set = recipe.open(cache_dir)
    place = folder / recipe.configuration.folder
    with _writing(place):
        place.mkdir(parents=True, exist_ok=True)
        for left_over in [place / MANIFEST, *place.glob("*.parquet"), *place.glob(".*.tmp")]:
            left_over.unlink(missing_ok=True)
    parts = -(-test_set.count // PICTURES_A_SHARD)
    return _Unfinished(test_set, recipe.digest(), place, even_ranges(test_set.count, parts), [])


def write_shard(test_set: TestSet, stretch: tuple[int, int], path: Path) -> Shard:
    """Write pictures start ... stop - 1 of a test set as one Parquet file, whole or not at all."""
    start, stop = stretch
    schema = parquet_schema(features_of(dataset_facts(test_set.configuration.dataset)))
    with _writing(path), write_aside(path) as file:
        with pq.ParquetWriter(
            file,
            schema,
            compression={"image.bytes": "NONE"},  # PNG is compressed already
            use_dictionary=["label"],
            write_statistics=["index"],  # those of a picture would be two whole pictures
        ) as writer:
            for table in test_set.tables(start, stop, "png"):
                writer.write_table(table.replace_schema_metadata(schema.metadata))
        size = file.tell()
    with path.open("rb") as written:
        sha256 = hashlib.file_digest(written, "sha256").hexdigest()
    return Shard(path.name, stop - start, size, sha256)


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Errors of the disk in one sentence; those of the clean test set say what they are."""
    try:
        yield
    except (CleanDataError, BuildError):
        raise
    except OSError as error:
        raise BuildError(
            f"Cannot write {path} ({error.strerror or error}); make room or choose another folder, "
            "and run the command again: finished test sets are kept."
        ) from error


@contextlib.contextmanager
def _workers(num_proc: int) -> Iterator[ProcessPoolExecutor]:
    # Fresh processes: a fork would inherit the threads of Arrow and OpenCV in any state.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(num_proc, context, initializer=_start_worker) as pool:
        yield pool


def _start_worker() -> None:
    cv2.setNumThreads(1)  # as many processes as cores already
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that waits for them
