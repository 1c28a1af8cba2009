"""The predictions of one test set as they come out of Parquet, checked: nothing in a file is trusted."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.errors import one_line
from medmnist_c.corruptions.table import CORRUPTIONS
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.predictions.origin import PartOrigin
from medmnist_c.evaluation.predictions.probabilities import probabilities

COLUMNS = ("dataset", "corruption", "severity", "index", "label", "scores")
GROUPS = "groups"  # a column that may be there, too
_MOST_CLASSES = max(len(dataset_info(name).labels) for name in CORRUPTIONS)


@dataclass(frozen=True)
class Predictions:
    """One test set in the order of its images.

    labels: whole numbers, N x 1, or N x L of 0 and 1; None if they are not kept.
    scores: probabilities, float64, N x C, or N x L.
    part: of a whole test set, that these are; None if they are all of it.
    indices: which images of it, rising; None likewise.
    groups: what each image belongs to (a patient, a volume), whole numbers from 0 on, N; None if each
        stands for itself.
    """

    labels: np.ndarray | None
    scores: np.ndarray
    part: PartOrigin | None = None
    indices: np.ndarray | None = None
    groups: np.ndarray | None = None

    @property
    def class_counts(self) -> np.ndarray | None:
        """Images of each class in the whole, K; None if there is no other whole, or several labels."""
        if self.part is None or not self.part.class_counts:
            return None
        return np.array(self.part.class_counts)

    def same_images(self, other: "Predictions") -> bool:
        """Whether both are of the whole test set, or of the same images of it, in the same groups."""
        return _equal(self.indices, other.indices) and _equal(self.groups, other.groups)

    def grouped(self, of_whole: np.ndarray | None, where: Path) -> "Predictions":
        """With the groups of the whole test set's images, if there are any and no own ones.

        Raises:
            PredictionError: they are those of another number of images.
        """
        if of_whole is None or self.groups is not None:
            return self
        count = len(self.scores) if self.part is None else self.part.count
        if len(of_whole) != count:
            raise PredictionError(
                f"There are groups of {len(of_whole)} images, and predictions of {count} in {where}."
            )
        return replace(self, groups=of_whole if self.indices is None else of_whole[self.indices])


def _equal(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    return one is other if one is None or other is None else np.array_equal(one, other)


def group_numbers(column: pa.ChunkedArray, what: str) -> np.ndarray:
    """Groups as whole numbers from 0 on, in the order of the groups' names.

    Raises:
        PredictionError: they are neither whole numbers nor texts, or some are missing.
    """
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    fits = pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)
    if not fits or column.null_count:
        raise PredictionError(f"The {what} are not all whole numbers, or all texts.")
    _, numbers = np.unique(np.array(column.to_pylist()), return_inverse=True)
    return numbers.reshape(-1)


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """What Arrow says of a file that is no Parquet, or a damaged one, in one sentence."""
    try:
        yield
    except PredictionError:
        raise
    except (OSError, ValueError, TypeError, MemoryError, pa.ArrowException) as error:
        raise PredictionError(
            f"Cannot read {path} as Parquet ({one_line(error)}); give a file of predictions, or a "
            "folder that evaluate wrote."
        ) from error


def open_parquet(
    path: Path, most_rows: int, known: pq.FileMetaData | None = None
) -> pq.ParquetFile:
    """A file of predictions whose columns and size can be, before a row of it is read.

    Pages that carry a checksum, as those of `evaluate` do, are held against it; names stay in their
    dictionaries, which are as large as the file, however many rows refer to them.

    Args:
        path: the file.
        most_rows: as many as there can be.
        known: its metadata, if it was opened before; its size is then not looked at again.

    Raises:
        PredictionError: a column is missing or there twice, or there are more rows than images.
    """
    with reading(path):
        metadata = known or pq.read_metadata(path)
        leaves = {metadata.schema.column(number).path for number in range(metadata.num_columns)}
        file = pq.ParquetFile(
            path,
            metadata=metadata,
            page_checksum_verification=True,
            read_dictionary=sorted(leaves & {"dataset", "corruption"}),
        )
        names = Counter(file.schema_arrow.names)
    lacking = [name for name in COLUMNS if name not in names and name != "label"]
    if lacking:
        raise PredictionError(
            f"{path} has no column {', '.join(lacking)}; it needs {', '.join(COLUMNS)} "
            "(label may be left out)."
        )
    twice = [name for name in (*COLUMNS, GROUPS) if names[name] > 1]
    if twice:
        raise PredictionError(f"{path} has the column {twice[0]} twice; leave one of them out.")
    rows = file.metadata.num_rows
    if rows > most_rows:
        raise PredictionError(
            f"{path} has {rows:,} rows, more than the {most_rows:,} images there are; give each image "
            "of a test set one row."
        )
    if known is None:
        _check_widths(path, file)
    return file


def _check_widths(path: Path, file: pq.ParquetFile) -> None:
    """No column may hold more values than the rows have classes: lists can be long, and files lie."""
    with reading(path):
        file.scan_contents()  # what is wrong with a column's metadata ends the process that asks for it
    metadata = file.metadata
    for group in (metadata.row_group(number) for number in range(metadata.num_row_groups)):
        most = max(group.num_rows, 0) * _MOST_CLASSES
        for number in range(group.num_columns):
            column = group.column(number)
            if (
                column.path_in_schema.partition(".")[0] in (*COLUMNS, GROUPS)
                and column.num_values > most
            ):
                raise PredictionError(
                    f"{path} has {column.num_values:,} values of {column.path_in_schema} in "
                    f"{group.num_rows:,} rows, more than one for each class; give one row an image."
                )


class Named(Protocol):
    """A test set, or a validation set."""

    @property
    def dataset(self) -> str: ...

    @property
    def name(self) -> str: ...


def checked(
    table: pa.Table, config: Named, path: Path, logits: bool, part: PartOrigin | None = None
) -> Predictions:
    """The rows of one test set, in the order of their indices, which are 0 ... N - 1, once each; of a
    part, some of those of the whole, once each."""
    info, count = dataset_info(config.dataset), len(table)
    where = f"{config.name} in {path}"
    if not pa.types.is_integer(table["index"].type) or table["index"].null_count:
        raise PredictionError(f"The column index of {where} is not all whole numbers.")
    indices = table["index"].to_numpy()
    order = np.argsort(indices, kind="stable")
    if part is not None:
        if len(part.class_counts) != (0 if info.multi_label else len(info.labels)):
            raise PredictionError(f"{where} tells the counts of {len(part.class_counts)} classes.")
        _check_part(indices[order], part, where)
    elif len(wrong := np.flatnonzero(indices[order] != np.arange(count))):
        first, found = int(wrong[0]), int(indices[order][wrong[0]])
        what = (
            "comes twice" if 0 <= found < first else "is missing" if found > first else "is wrong"
        )
        raise PredictionError(
            f"Of {where}, index {first if found > first else found} {what}; each image from 0 to "
            f"N - 1 has one row."
        )
    width = len(info.labels)
    scores = _matrix(table["scores"], width, f"scores of {where}", info.multi_label)
    labels = None
    if "label" in table.column_names:
        columns = width if info.multi_label else 1
        labels = _matrix(table["label"], columns, f"labels of {where}", info.multi_label)
        largest = 1 if info.multi_label else width - 1
        if not np.isin(labels, np.arange(largest + 1)).all():
            raise PredictionError(
                f"The labels of {where} are not all whole numbers 0 to {largest}."
            )
        labels = labels.astype(np.int64)[order]
    which = None if part is None else indices[order]
    told = probabilities(scores[order], count, info, where, logits=logits)
    groups = None
    if GROUPS in table.column_names:
        groups = group_numbers(table[GROUPS], f"groups of {where}")[order]
    return Predictions(labels, told, part, which, groups)


def _check_part(indices: np.ndarray, part: PartOrigin, where: str) -> None:
    """They rise, and are images of the whole."""
    rising = np.unique(indices)
    if len(rising) != len(indices) or not len(indices) or len(indices) > part.limit:
        raise PredictionError(
            f"{where} has {len(indices)} rows of {len(rising)} images; a part has one row for each of "
            f"at most {part.limit}."
        )
    if rising[0] < 0 or rising[-1] >= part.count:
        raise PredictionError(f"{where} has an index that is not one of 0 to {part.count - 1}.")


def _matrix(column: pa.ChunkedArray, width: int, what: str, multi_label: bool) -> np.ndarray:
    """A column of numbers, or of lists of one length, as a float64 matrix."""
    column = column.combine_chunks()
    if (
        pa.types.is_list(column.type)
        or pa.types.is_large_list(column.type)
        or (pa.types.is_fixed_size_list(column.type))
    ):
        lengths = column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
        if (lengths != width).any():
            odd = int(np.flatnonzero(lengths != width)[0])
            raise PredictionError(
                f"The {what} have {lengths[odd]} values in row {odd}, not {width}, one for each "
                f"{'label' if multi_label else 'class'}."
            )
        column = column.flatten()
    elif width != 1:
        raise PredictionError(f"The {what} are no lists of {width} numbers.")
    try:
        return column.cast(pa.float64()).to_numpy(zero_copy_only=False).reshape(-1, width)
    except pa.ArrowException as error:
        raise PredictionError(f"The {what} are no numbers ({one_line(error)}).") from error
