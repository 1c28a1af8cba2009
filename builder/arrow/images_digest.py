"""The digest of images, labels and indices: the same whatever file holds them, and however encoded."""

import hashlib
import io
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from medmnist_c.builder.arrow.decoding import decode

_ROWS_AT_ONCE = 32
_UNREADABLE = (
    *(OSError, ValueError, TypeError, KeyError, SyntaxError, OverflowError),
    pa.ArrowException,
    Image.DecompressionBombError,
)


class ImagesDigest:
    """SHA-256 over rows in order. Of each row: a line of text, then the bytes of the pixels.

    The line is `{index} {label} {height}x{width}` or `...x3`, the labels of a multi-label dataset joined
    by commas; pixels are uint8, row by row. So the digest depends on no library, nor on the processor.
    """

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()

    def add(self, image: np.ndarray, label: Iterable[int], index: int) -> None:
        """Add a row: uint8 H x W or H x W x 3, its label (or one 0 or 1 a label), its index."""
        shape, labels = "x".join(map(str, image.shape)), ",".join(str(int(one)) for one in label)
        self._sha256.update(f"{index} {labels} {shape}\n".encode())
        self._sha256.update(np.ascontiguousarray(image).data)

    def watch(
        self, images: Iterable[np.ndarray], labels: np.ndarray, start: int
    ) -> Iterator[np.ndarray]:
        """Pass images number start, start + 1, ... on, and add each one; labels N x K, of all."""
        for index, image in enumerate(images, start):
            self.add(image, labels[index], index)
            yield image

    def hexdigest(self) -> str:
        return self._sha256.hexdigest()


def digest_of_all(digests: Iterable[str]) -> str:
    """The digest of a test set, from those of its shards in order; "" if one is not known."""
    known = list(digests)
    return hashlib.sha256("".join(known).encode()).hexdigest() if all(known) else ""


def digest_of_file(file: io.BufferedIOBase) -> str:
    """The digest of the rows of a Parquet file; "" if it is not one of images, labels and indices."""
    digest = ImagesDigest()
    try:
        for batch in pq.ParquetFile(file).iter_batches(
            _ROWS_AT_ONCE, columns=["image", "label", "index"]
        ):
            for row in batch.to_pylist():
                label = row["label"] if isinstance(row["label"], list) else [row["label"]]
                digest.add(decode(row["image"]["bytes"], ("PNG",)), label, row["index"])
    except _UNREADABLE:
        return ""
    return digest.hexdigest()
