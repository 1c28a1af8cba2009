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
    """Cut range(count) into `parts` stretches whose lengths differ by one at most."""
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
        schema: as `features_of(...).arrow_schema`.
        encoding: of the image column.
    """
    images = iter(images)
    first = start
    image = schema.field("image").type
    while files := [encode(one, encoding) for one in islice(images, rows_a_table)]:
        rows = labels[first : first + len(files)].astype(np.int64)
        columns = {
            "image": pa.StructArray.from_arrays(
                [pa.array(files, image.field("bytes").type), pa.nulls(len(files), pa.string())],
                fields=list(image),
            ),
            "label": rows.tolist() if rows.shape[1] > 1 else rows[:, 0],
            "index": np.arange(first, first + len(files)),
        }
        first += len(files)
        yield pa.Table.from_pydict(columns, schema=schema)
