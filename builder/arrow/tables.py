"""Images and labels as Arrow tables, in batches."""

from collections.abc import Iterable, Iterator
from itertools import islice, pairwise

import numpy as np
import pyarrow as pa

from medmnist_c.builder.arrow.encoding import Encoding, encode

ROWS_A_TABLE = 32  # images: some megabytes, whatever the encoding


def stream_ranges(count: int, most: int = 256) -> list[tuple[int, int]]:
    """Cut `count` images into shards, as (start, stop).

    48 shards, which 2, 3, 4, 6, 8, 12, 16 and 24 workers can share evenly, twice that as long as a
    shard has more than `most` images; one shard an image where there are fewer than 48.
    """
    shards = 48
    while count > shards * most:
        shards *= 2
    return even_ranges(count, min(shards, count))


def even_ranges(count: int, parts: int) -> list[tuple[int, int]]:
    """Cut range(count) into `parts` ranges whose lengths differ by one at most."""
    edges = [count * part // parts for part in range(parts + 1)]
    return list(pairwise(edges))


def tables(
    images: Iterable[np.ndarray],
    labels: np.ndarray,
    start: int,
    schema: pa.Schema,
    encoding: Encoding,
    rows_a_table: int = ROWS_A_TABLE,
) -> Iterator[pa.Table]:
    """Arrow tables of at most `rows_a_table` rows.

    Args:
        images: uint8 images number start, start + 1, ...
        labels: whole numbers, N x K, of the whole test set.
        start: number of the first image.
        schema: as `schema_of` gives it.
        encoding: of the image column.
    """
    images = iter(images)
    first = start
    image = list(schema.field("image").type)
    while files := [encode(one, encoding) for one in islice(images, rows_a_table)]:
        stop = first + len(files)
        of_image = [_binaries(files), pa.nulls(len(files), pa.string())]
        label, several = _integers(labels[first:stop]), labels.shape[1] > 1
        columns = [
            pa.StructArray.from_arrays(of_image, fields=image),
            pa.FixedSizeListArray.from_arrays(label, labels.shape[1]) if several else label,
            _integers(np.arange(first, stop)),
        ]
        first = stop
        yield pa.Table.from_arrays(columns, schema=schema)


# `pa.array` asks whether it is given something of pandas, and imports that for half a second.


def _binaries(values: list[bytes]) -> pa.Array:
    ends = np.cumsum([0, *map(len, values)], dtype=np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(values))]
    return pa.Array.from_buffers(pa.binary(), len(values), buffers)


def _integers(values: np.ndarray) -> pa.Array:
    flat = np.ascontiguousarray(values.reshape(-1), np.int64)
    return pa.Array.from_buffers(pa.int64(), len(flat), [None, pa.py_buffer(flat)])
