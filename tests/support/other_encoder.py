"""Shards as another machine may write them: the same images, other bytes."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image


def rewrite(shard: Path, change: Callable[[np.ndarray], np.ndarray] = lambda image: image) -> None:
    """Write a Parquet file anew, its images encoded by Pillow; `change` may make others of them."""
    table = pq.read_table(shard)
    images = [{**row, "bytes": _png(change(_decoded(row["bytes"])))} for row in _images(table)]
    column = table.schema.get_field_index("image")
    table = table.set_column(column, table.schema.field("image"), pa.array(images, _type(table)))
    before = shard.read_bytes()
    shard.unlink()  # it may be a link to another one
    pq.write_table(table, shard, compression="zstd")
    assert shard.read_bytes() != before


def one_level(image: np.ndarray) -> np.ndarray:
    """The image with one value changed by one level."""
    changed = image.copy()
    changed.flat[image.size // 2] ^= 1
    return changed


def _images(table: pa.Table) -> list[dict]:
    return table.column("image").to_pylist()


def _type(table: pa.Table) -> pa.DataType:
    return table.schema.field("image").type


def _decoded(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)))


def _png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()
