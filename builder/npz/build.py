"""Test sets as the published archives have them.

    {folder}/{dataset}/{corruption}.npz    test_images  uint8, 5N x 224 x 224 [x 3]
                                           test_labels  5N x K, of the clean file's dtype

The N images of severity 1 come first, then those of severity 2, and so on; the labels likewise.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from medmnist_c.builder.configs import Config, CorruptedConfig, select
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.errors import BuildError
from medmnist_c.builder.executor.local import local_workers
from medmnist_c.builder.executor.processes import prepare_process
from medmnist_c.builder.executor.run import run_all
from medmnist_c.builder.files import absolute, atomic_write, folder_to_write, remove_stale
from medmnist_c.builder.npz.archive import Array, comment_of, write_npz
from medmnist_c.builder.parquet.build import Built
from medmnist_c.builder.parquet.output_folder import OutputFolder
from medmnist_c.builder.settings import cache_folder
from medmnist_c.builder.source.clean_cache import load_clean
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.corruptions.table import SEVERITIES


@dataclass(frozen=True)
class _File:
    """A file to be made: all severities of a corruption of a dataset."""

    dataset: str
    corruption: str
    source: ImageSource

    @property
    def name(self) -> str:
        return f"{self.dataset}/{self.corruption}"

    def path(self, folder: Path) -> Path:
        return folder / self.dataset / f"{self.corruption}.npz"

    def specs(self) -> list[TestSetSpec]:
        """Its test sets, by severity."""
        configs = (CorruptedConfig(self.dataset, self.corruption, s) for s in SEVERITIES)
        return [TestSetSpec(config, self.source) for config in configs]

    def identity(self) -> str:
        """The same for the same images only."""
        parts = [spec.identity() for spec in self.specs()]
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def build_npz(
    test_sets: str | Iterable[str | Config],
    folder: str | Path,
    *,
    seed: int | None = None,
    data_dir: str | Path | None = None,
    sample: bool = False,
    num_proc: int | None = None,
    cache_dir: str | Path | None = None,
) -> Built:
    """Make test sets in the form of the published archives, `{folder}/{dataset}/{corruption}.npz`.

    With the reference's draws (`seed=None`) the arrays are those of the published files, dtypes and
    shapes included; TissueMNIST-C, which is published nowhere, comes in the same form. A file that is
    there, whole and of the same images, is kept. One appears when all of it is written: safe to kill and
    to run again. Memory does not depend on the size of a test set.

    Args:
        test_sets: names, wildcards or configurations; of a corruption all five severities, since they
            are in one file. Clean test sets are passed over: there is no such file.
        folder: of this machine; made if it is not there.
        seed, data_dir, sample: as `ImageSource`.
        num_proc: processes, each with a file at a time; all cores by default.
        cache_dir: for clean test sets; the cache folder of `datasets` by default.

    Returns:
        The files made, and those already there, as "dermamnist/black_corner".

    Raises:
        UnknownNameError: a name matches nothing.
        ValueError: a corruption is asked for without all its severities, or only clean test sets are; or
            the folder is called as the package is.
        BuildError: the folder cannot be written, or is none of this machine.
        CleanDataError: a clean test set cannot be had.
    """
    if "://" in str(folder):
        raise BuildError(f"{folder} is no folder of this machine; give one for npz files.")
    output, own_cache = folder_to_write(folder), _cache(cache_dir)
    files = _files(select(test_sets), ImageSource(seed, data_dir, sample))
    identities = {file: file.identity() for file in files}  # finds all clean files, or says so
    kept = [one for one in files if comment_of(one.path(output)) == identities[one]]
    missing = [one for one in files if one not in kept]
    for one in {one.dataset: one for one in missing}.values():
        for spec in one.specs()[-1:]:
            spec.open(own_cache)  # fetched once, not by each process
    counts = {one: len(SEVERITIES) * one.specs()[0].clean_source().count for one in missing}
    with tqdm(total=sum(counts.values()), unit=" images", disable=None if missing else True) as bar:
        for one in _made(missing, identities, output, own_cache, num_proc):
            bar.set_postfix_str(one.name)
            bar.update(counts[one])
    return Built([one.name for one in missing], [one.name for one in kept])


def _cache(cache_dir: str | Path | None) -> Path:
    return absolute(cache_dir or cache_folder())


def _files(configs: list[Config], source: ImageSource) -> list[_File]:
    severities: dict[tuple[str, str], list[int]] = {}
    for one in configs:
        if isinstance(one, CorruptedConfig):
            severities.setdefault((one.dataset, one.corruption), []).append(one.severity)
    if not severities:
        raise ValueError(
            "The published archives have no clean test sets; ask for corruptions, as in 'derma*'."
        )
    for (dataset, corruption), found in severities.items():
        if len(found) < len(SEVERITIES):
            raise ValueError(
                f"A file of the published form holds all five severities; ask for "
                f"'{dataset}_{corruption}_*', not for severity {', '.join(map(str, found))} alone."
            )
    return [_File(dataset, corruption, source) for dataset, corruption in severities]


def _made(
    files: list[_File],
    identities: dict[_File, str],
    output: Path,
    cache_dir: Path,
    num_proc: int | None,
) -> Iterator[_File]:
    """The files, as they become whole."""
    if not files:
        return
    with local_workers(num_proc) as pool:
        tasks = [
            (tuple(some), _make, (some, [identities[one] for one in some], output, cache_dir))
            for some in _in_turn(files)
        ]
        for some, _ in run_all(pool, tasks):
            yield from some


def _in_turn(files: list[_File]) -> list[list[_File]]:
    """What is made by one process, one after the other: most files alone.

    Those behind draws that depend on the images go on from each other's random states, and take longest:
    they are made together, and first.
    """
    chains: dict[str, list[_File]] = {}
    alone = []
    for one in files:
        if one.specs()[0].is_behind_images:
            chains.setdefault(one.dataset, []).append(one)
        else:
            alone.append([one])
    return [*chains.values(), *alone]


def _make(files: list[_File], identities: list[str], output: Path, cache_dir: Path) -> None:
    """Runs in a process."""
    prepare_process()
    for file, identity in zip(files, identities, strict=True):
        path = file.path(output)
        with OutputFolder.at(output).errors(f"{file.name}.npz"):
            path.parent.mkdir(parents=True, exist_ok=True)
            remove_stale(path.parent)
            with atomic_write(path) as target:
                write_npz(target, _arrays(file, cache_dir), identity)


def _arrays(file: _File, cache_dir: Path) -> list[Array]:
    test_sets = [spec.open(cache_dir) for spec in file.specs()]
    labels = load_clean(test_sets[0].clean_folder).labels
    rows = len(test_sets) * test_sets[0].count
    images = chain.from_iterable(one.images() for one in test_sets)
    shape = dataset_info(file.dataset).image_shape
    return [
        Array("test_images", (rows, *shape), np.dtype(np.uint8), images),
        Array("test_labels", (rows, labels.shape[1]), labels.dtype, [labels] * len(test_sets)),
    ]
