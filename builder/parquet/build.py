"""Materialise test sets as a folder of Parquet files that `load_dataset` opens without our code.

{folder}/README.md                                      names what is there
{folder}/{dataset}/{config}/test-00000-of-00002.parquet
{folder}/{dataset}/{config}/made.json                   written last: the test set is whole
{folder}/{dataset}/{config}_64px-train/...              another size and split, as `StoredTestSet` says
"""

import contextlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tqdm.auto import tqdm

from medmnist_c.builder.card.words import folder_card
from medmnist_c.builder.configs import Config, select
from medmnist_c.builder.dataset_info import PUBLISHED_SIZE
from medmnist_c.builder.files import absolute
from medmnist_c.builder.parquet.output_folder import OutputFolder
from medmnist_c.builder.parquet.scheduling import (
    MANIFEST,
    make_test_sets,
    remove_others,
    write_manifest,
)
from medmnist_c.builder.parquet.shards import Shard
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.splits import PUBLISHED
from medmnist_c.builder.stored import StoredTestSet, in_order
from medmnist_c.builder.testset.spec import TestSetSpec, specs_of
from medmnist_c.corruptions.table import CORRUPTIONS


@dataclass(frozen=True)
class Built:
    """What a call of `build` did: names of the test sets made, and of those already there."""

    made: list[str]
    kept: list[str]


def build(
    test_sets: str | Iterable[str | Config],
    folder: str | Path,
    *,
    seed: int | None = None,
    data_dir: str | Path | None = None,
    sample: bool = False,
    splits: str | Iterable[str] = PUBLISHED,
    size: int = PUBLISHED_SIZE,
    num_proc: int | None = None,
    scheduler: str | None = None,
    cache_dir: str | Path | None = None,
) -> Built:
    """Make test sets as Parquet files, so that `load_dataset(folder, config)` opens them.

    A test set that is there, whole and of the same images, is kept, also if another machine wrote
    other bytes for them; one that was interrupted goes on from its finished shards; one of another
    version or from other clean images is made again. Safe to kill and to run again.

    Args:
        test_sets: which ones: names, wildcards, configurations.
        folder: where to; made if it is not there. With a scheduler, a folder or an fsspec address
            (`s3://...`) that all workers reach.
        seed, data_dir, sample, size: as `ImageSource`. Images of another size than 224 are stored under
            other names, `{config}_64px`: they are not the published benchmark.
        splits: of "train", "validation" and "test"; what is random in the first two takes a seed.
        num_proc: processes; all cores by default.
        scheduler: address of a Dask scheduler, e.g. "tcp://host:8786", in place of processes.
        cache_dir: for clean test sets; the cache folder of `datasets`, on each machine, by default.

    Raises:
        UnknownNameError: a name matches nothing.
        BuildError: the folder cannot be written, or test sets could not be made.
        CleanDataError: a clean test set cannot be had.
        ValueError: the folder is called as the package is.
    """
    output = OutputFolder.to_write(folder)
    own_cache = absolute(cache_dir) if cache_dir else None
    specs = specs_of(select(test_sets), ImageSource(seed, data_dir, sample, size), splits)
    clean = {spec: spec.clean_source() for spec in specs}  # finds all of them, or says so
    missing = [
        spec for spec in specs if not _is_built(output, spec, spec.identity_with(clean[spec]))
    ]
    kept = [spec.stored.name for spec in specs if spec not in missing]
    total = sum(clean[spec].count for spec in missing)
    try:
        _make(missing, total, output, own_cache, num_proc, scheduler)
    except BaseException:
        with contextlib.suppress(OSError):  # so that what is finished can be opened
            write_card(output)
        raise
    write_card(output)
    return Built([spec.stored.name for spec in missing], kept)


def _is_built(output: OutputFolder, spec: TestSetSpec, identity: str) -> bool:
    """Whether a test set lies in the folder whole, of these images, whatever wrote its files."""
    folder = spec.stored.folder
    found, stated = _read_manifest(output, folder) or (None, [])
    if found != identity:
        return False
    sizes = output.sizes(folder)
    shards = []
    for shard in stated:
        there = shard.as_it_lies_in(output, folder, sizes)
        if there is None:
            return False
        shards.append(there)
    if shards != stated:
        write_manifest(output, folder, identity, shards)
    # It may have been killed before.
    remove_others(output, folder, {shard.name for shard in shards})
    return True


def built(output: OutputFolder) -> dict[StoredTestSet, int]:
    """The test sets that lie in the folder whole, in the table's order, and their numbers of images."""
    names = (name for dataset in CORRUPTIONS for name in output.folders(dataset))
    counts = {one: _rows_if_whole(output, one.folder) for one in in_order(names)}
    return {one: count for one, count in counts.items() if count}


def write_card(output: OutputFolder) -> None:
    """Write the folder's README.md, whose `configs:` name the test sets that are there."""
    output.tidy("")
    with output.write("README.md") as file:
        file.write(folder_card(built(output)).encode())


def _rows_if_whole(output: OutputFolder, folder: str) -> int:
    """How many images a test set has whose files are all there, of the size they should have; else 0."""
    _, shards = _read_manifest(output, folder) or (None, [])
    sizes = output.sizes(folder) if shards else {}
    whole = all(sizes.get(shard.name) == shard.bytes for shard in shards)
    return sum(shard.rows for shard in shards) if whole else 0


def _read_manifest(output: OutputFolder, folder: str) -> tuple[str, list[Shard]] | None:
    """The identity of a finished test set and its shards, at least one; None if there is none."""
    content = output.read(f"{folder}/{MANIFEST}")
    if content is None:
        return None
    try:
        manifest = json.loads(content)
        identity, shards = manifest["identity"], [Shard(**shard) for shard in manifest["shards"]]
        return (identity, shards) if shards else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _make(
    specs: list[TestSetSpec],
    total: int,
    output: OutputFolder,
    cache_dir: Path | None,
    num_proc: int | None,
    scheduler: str | None,
) -> None:
    with tqdm(total=total, unit=" images", disable=None if specs else True) as bar:
        made = make_test_sets(
            specs,
            output,
            cache_dir=cache_dir,
            num_proc=num_proc,
            scheduler=scheduler,
            progress=bar.update,
        )
        with contextlib.closing(made):
            for number, one in enumerate(made, 1):
                bar.set_postfix_str(f"{number}/{len(specs)}, {one.spec.stored.name}")
