"""Rows of a data set with its images corrupted, as Parquet files."""

from collections.abc import Iterator
from dataclasses import dataclass

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Features, Value
from datasets.table import embed_table_storage

from medmnist_c.builder.arrow.features import parquet_schema
from medmnist_c.builder.executor.processes import prepare_process
from medmnist_c.builder.parquet.output_folder import OutputFolder
from medmnist_c.builder.parquet.shards import ROWS_A_GROUP, Shard, ShardRange
from medmnist_c.custom.cells import UnusableImage, file_cell, pixels_of_cell
from medmnist_c.custom.recipe import Recipe
from medmnist_c.custom.source import OwnImages

INDEX = "index"  # added where there is no such column: the row's number, which pairs the images
_ROWS = 32  # at a time in memory


@dataclass(frozen=True)
class Seen:
    """What a look at some images found: how many are grey and RGB, their sides, and what is wrong."""

    grey: int = 0
    rgb: int = 0
    smallest: int = 0
    largest: int = 0
    faults: tuple[str, ...] = ()

    def __add__(self, other: "Seen") -> "Seen":
        smallest = [one.smallest for one in (self, other) if one.smallest]
        return Seen(
            self.grey + other.grey,
            self.rgb + other.rgb,
            min(smallest, default=0),
            max(self.largest, other.largest),
            self.faults + other.faults,
        )


def look_at(own: OwnImages, start: int, stop: int) -> Seen:
    """Read images start ... stop - 1, so that what cannot be used is told before anything is made."""
    prepare_process()
    seen = Seen()
    for index in range(start, stop):
        cell = own.data[index][own.column]
        try:
            pixels = pixels_of_cell(cell, own.image, f"Image {index}")
        except UnusableImage as error:
            seen += Seen(faults=(str(error),))
        else:
            grey, sides = pixels.ndim == 2, pixels.shape[:2]
            seen += Seen(int(grey), int(not grey), min(sides), max(sides))
    return seen


def features_of(own: OwnImages) -> Features:
    """The columns of what is made: those of the data set, and its index."""
    features = Features({**own.data.features, own.column: own.image})
    if INDEX not in features:
        features[INDEX] = Value("int64")
    return features


def write_rows(
    own: OwnImages,
    recipe: Recipe | None,
    folder: str,
    shard_range: ShardRange,
    output: OutputFolder,
) -> Shard:
    """Write a range of rows, corrupted (clean without a recipe), whole or not at all."""
    prepare_process()
    schema = parquet_schema(features_of(own))
    count = shard_range.stop - shard_range.start
    with output.write(f"{folder}/{shard_range.name}") as file:
        settings = {"compression": {f"{own.column}.bytes": "NONE"}, "write_statistics": False}
        with pq.ParquetWriter(file, schema, **settings) as writer:
            for table in _tables(own, recipe, shard_range):
                writer.write_table(table.cast(schema), row_group_size=ROWS_A_GROUP)
        return Shard(shard_range.name, count, file.size, file.sha256)


def _tables(own: OwnImages, recipe: Recipe | None, shard_range: ShardRange) -> Iterator[pa.Table]:
    """Row groups: the images made a few at a time, all else taken over."""
    group: list[pa.Table] = []
    for start in range(shard_range.start, shard_range.stop, _ROWS):
        stop = min(start + _ROWS, shard_range.stop)
        group.append(_table(own, recipe, start, stop))
        if len(group) * _ROWS >= ROWS_A_GROUP:
            yield pa.concat_tables(group)
            group = []
    if group:
        yield pa.concat_tables(group)


def _table(own: OwnImages, recipe: Recipe | None, start: int, stop: int) -> pa.Table:
    rows = own.data.with_format("arrow")[start:stop]
    position = rows.column_names.index(own.column)
    cells = []
    for index, cell in enumerate(rows[own.column].to_pylist(), start):
        pixels = pixels_of_cell(cell, own.image, f"Image {index}")
        cells.append(file_cell(recipe.apply(pixels, index) if recipe else pixels))
    images = pa.array(cells, datasets.Image().pa_type)
    rows = rows.set_column(position, own.column, images)
    if INDEX not in rows.column_names:
        rows = rows.append_column(INDEX, pa.array(np.arange(start, stop)))
    own_schema = features_of(own).arrow_schema
    return embed_table_storage(rows.cast(own_schema))  # files of other columns come along
