"""A test set as Parquet files: how it is cut, and how one of them is written."""

from dataclasses import dataclass

import pyarrow.parquet as pq

from medmnist_c.builder.arrow.features import features_of, parquet_schema
from medmnist_c.builder.arrow.tables import even_ranges
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.parquet.output_folder import OutputFolder
from medmnist_c.builder.testset.spec import TestSet

IMAGES_A_SHARD = 2000  # at most; 30 to 280 MB
ROWS_A_GROUP = 128  # some megabytes: one request, after which a reader has its first image


@dataclass(frozen=True)
class ShardRange:
    """Images start ... stop - 1 of a test set, and the name of the file for them."""

    name: str
    start: int
    stop: int


@dataclass(frozen=True)
class Shard:
    """One Parquet file of a test set: its name, rows, bytes and SHA-256."""

    name: str
    rows: int
    bytes: int
    sha256: str

    def __post_init__(self) -> None:
        """One that was read from a file may hold anything."""
        kinds = [type(value) for value in (self.name, self.rows, self.bytes, self.sha256)]
        if kinds != [str, int, int, str] or "/" in self.name:
            raise TypeError("no name, rows, bytes and SHA-256 of a shard")


def shard_ranges(count: int) -> list[ShardRange]:
    """The shards of a test set of `count` images: as even as can be, named as the Hub has it."""
    ranges = even_ranges(count, -(-count // IMAGES_A_SHARD))
    return [
        ShardRange(f"test-{number:05d}-of-{len(ranges):05d}.parquet", start, stop)
        for number, (start, stop) in enumerate(ranges)
    ]


def write_shard(test_set: TestSet, shard_range: ShardRange, output: OutputFolder) -> Shard:
    """Write one shard into the test set's folder, whole or not at all."""
    schema = parquet_schema(features_of(dataset_info(test_set.config.dataset)))
    with output.write(f"{test_set.config.folder}/{shard_range.name}") as file:
        with pq.ParquetWriter(
            file,
            schema,
            compression={"image.bytes": "NONE"},  # PNG is compressed already
            use_dictionary=["label"],
            write_statistics=["index"],  # those of an image would be two whole images
        ) as writer:
            for table in test_set.tables(shard_range.start, shard_range.stop, "png", ROWS_A_GROUP):
                writer.write_table(table.replace_schema_metadata(schema.metadata))
        return Shard(shard_range.name, shard_range.stop - shard_range.start, file.size, file.sha256)
