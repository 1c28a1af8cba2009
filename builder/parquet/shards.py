"""A test set as Parquet files: how it is cut, how one of them is written, and known again."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from io import BufferedIOBase

import pyarrow.parquet as pq

from medmnist_c.builder.arrow.images_digest import ImagesDigest, digest_of_file
from medmnist_c.builder.arrow.schema import schema_of
from medmnist_c.builder.arrow.tables import even_ranges
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.parquet.output_folder import OutputFolder
from medmnist_c.builder.splits import PUBLISHED, Split
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
    """One Parquet file of a test set: its name, rows, bytes and SHA-256, and what is in it.

    The bytes are those of one machine's libraries; `images_digest` (see `ImagesDigest`) is the same on
    all. It is "" where an early version wrote this down, which knew of none.
    """

    name: str
    rows: int
    bytes: int
    sha256: str
    images_digest: str = ""

    def __post_init__(self) -> None:
        """One that was read from a file may hold anything."""
        stated = (self.name, self.rows, self.bytes, self.sha256, self.images_digest)
        if [type(value) for value in stated] != [str, int, int, str, str] or "/" in self.name:
            raise TypeError("no name, rows, bytes and digests of a shard")

    def as_in(self, file: BufferedIOBase) -> "Shard | None":
        """The shard with another file's bytes and SHA-256, if that has the same images; else None."""
        if not self.images_digest or digest_of_file(file) != self.images_digest:
            return None
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return replace(self, bytes=file.tell(), sha256=sha256)

    def as_it_lies_in(
        self, output: OutputFolder, folder: str, sizes: Mapping[str, int]
    ) -> "Shard | None":
        """The shard as its file in a test set's folder has it; None if that has not its images.

        A file whose size (of those in `sizes`) and SHA-256 are as they should be is not decoded.
        """
        path = f"{folder}/{self.name}"
        if self.name not in sizes:
            return None
        if sizes[self.name] == self.bytes and output.holds(path, self.sha256):
            return self
        with output.open(path) as file:
            return self.as_in(file) if file else None


def shard_ranges(count: int, split: Split = PUBLISHED) -> list[ShardRange]:
    """The shards of `count` images of a split: as even as can be, named as the Hub has it."""
    ranges = even_ranges(count, -(-count // IMAGES_A_SHARD))
    return [
        ShardRange(f"{split}-{number:05d}-of-{len(ranges):05d}.parquet", start, stop)
        for number, (start, stop) in enumerate(ranges)
    ]


def write_shard(test_set: TestSet, shard_range: ShardRange, output: OutputFolder) -> Shard:
    """Write one shard into the test set's folder, whole or not at all."""
    schema = schema_of(dataset_info(test_set.config.dataset))
    start, stop, digest = shard_range.start, shard_range.stop, ImagesDigest()
    with output.write(f"{test_set.stored.folder}/{shard_range.name}") as file:
        with pq.ParquetWriter(
            file,
            schema,
            compression={"image.bytes": "NONE"},  # PNG is compressed already
            use_dictionary=["label"],
            write_statistics=["index"],  # those of an image would be two whole images
        ) as writer:
            for table in test_set.tables(start, stop, "png", ROWS_A_GROUP, digest):
                writer.write_table(table.replace_schema_metadata(schema.metadata))
        digests = (file.sha256, digest.hexdigest())
        return Shard(shard_range.name, stop - start, file.size, *digests)
