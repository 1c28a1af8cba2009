"""Predictions as Parquet: columns dataset, corruption, severity, index, label, scores.

A folder of them has one file for each cell, `{dataset}/{dataset}_{corruption}_{severity}.parquet`,
which appears whole or not at all: an interrupted evaluation goes on with the cells that are missing.
Each file carries its origin (model, seed or release, digest of the pictures), so that what another
model or source made is noticed and never mixed in. Scores made elsewhere come as one file.
"""

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from medmnist_c.builder.catalogue import dataset_facts
from medmnist_c.builder.configurations import (
    CLEAN,
    Configuration,
    configurations,
    find_configuration,
)
from medmnist_c.builder.files import write_aside
from medmnist_c.builder.spelling import shown
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.probabilities import probabilities

COLUMNS = ("dataset", "corruption", "severity", "index", "label", "scores")
_NAMES = COLUMNS[:3]  # which say what cell a row is of
_ORIGIN = b"medmnist_c"


@dataclass(frozen=True)
class Predicted:
    """One cell in the order of its pictures.

    labels: whole numbers, N x 1, or N x L of 0 and 1; None if they are not kept.
    scores: probabilities, float64, N x C, or N x L.
    """

    labels: np.ndarray | None
    scores: np.ndarray


class PredictionFolder:
    """Predictions that `evaluate` writes, a file for each cell."""

    def __init__(self, folder: str | Path) -> None:
        self.path = Path(folder).expanduser()
        if self.path.exists() and not self.path.is_dir():
            raise PredictionError(f"{self.path} is no folder; give a folder for the predictions.")

    def _file(self, cell: Configuration) -> Path:
        return self.path / cell.dataset / f"{cell.name}.parquet"

    def cells(self) -> list[Configuration]:
        """The cells that are there, in the benchmark's order."""
        return [one for one in configurations().values() if self._file(one).is_file()]

    def origin(self, cell: Configuration) -> dict:
        """What was told to `write` about a cell that is there."""
        try:
            with _reading(self._file(cell)):
                metadata = pq.read_schema(self._file(cell)).metadata or {}
            origin = json.loads(metadata[_ORIGIN])
            if not isinstance(origin, dict):
                raise TypeError("no object")
            return origin
        except (KeyError, ValueError, TypeError, RecursionError) as error:
            raise PredictionError(
                f"{self._file(cell)} is no file of predictions that evaluate wrote "
                f"({type(error).__name__}); remove it, or give another folder."
            ) from error

    def has(self, cell: Configuration, origin: dict) -> bool:
        """Whether the cell is there, from this origin; a damaged one is not.

        Raises:
            PredictionError: it is there from another one.
        """
        if not self._file(cell).is_file():
            return False
        try:
            with _reading(self._file(cell)):
                _open(self._file(cell)).read()
        except PredictionError:
            return False
        found = self.origin(cell)
        other = [key for key in origin if found.get(key) != origin[key]]
        if other:
            told = ", ".join(f"{key} {shown(found.get(key))}" for key in other)
            asked = ", ".join(shown(origin[key]) for key in other)
            raise PredictionError(
                f"{self._file(cell)} was made with {told}, not {asked}; give another folder, or "
                "remove that one."
            )
        return True

    def write(
        self, cell: Configuration, labels: np.ndarray, scores: np.ndarray, origin: dict
    ) -> None:
        """Keep one cell, in the order of its pictures."""
        count = len(scores)
        multi_label = dataset_facts(cell.dataset).multi_label
        label = pa.array(labels.tolist() if multi_label else labels[:, 0].tolist())
        table = pa.table(
            {
                "dataset": pa.array([cell.dataset] * count, pa.string()),
                "corruption": pa.array([cell.corruption] * count, pa.string()),
                "severity": pa.array([cell.severity] * count, pa.int8()),
                "index": pa.array(np.arange(count)),
                "label": label,
                "scores": pa.array(list(scores), pa.list_(pa.float64())),
            }
        )
        told = json.dumps(origin, sort_keys=True)
        file = self._file(cell)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with write_aside(file) as out:
                pq.write_table(
                    table.replace_schema_metadata({_ORIGIN: told}),
                    out,
                    compression="zstd",
                    write_page_checksum=True,
                )
        except OSError as error:
            raise PredictionError(
                f"Cannot write {file} ({error.strerror or error}); make room or give another folder, "
                "and run it again: finished test sets are kept."
            ) from error

    def read(self, cell: Configuration, *, logits: bool = False) -> Predicted:
        """One cell, checked."""
        with _reading(self._file(cell)):
            table = _open(self._file(cell)).read(list(COLUMNS))
            table.validate(full=True)
        return _checked(table, cell, str(self._file(cell)), logits)


class PredictionFile:
    """Predictions in one Parquet file, in any order; `label` may be left out.

    A clean cell has no corruption (null, "" or "clean") and no severity (null or 0).
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser()
        with _reading(self.path):
            schema = pq.read_schema(self.path)
        lacking = [name for name in COLUMNS if name not in (*schema.names, "label")]
        if lacking:
            raise PredictionError(
                f"{self.path} has no column {', '.join(lacking)}; it needs {', '.join(COLUMNS)} "
                "(label may be left out)."
            )
        self.has_labels = "label" in schema.names
        self._columns = [name for name in COLUMNS if name in schema.names]
        self._found = self._find_cells()

    def _find_cells(self) -> dict[Configuration, tuple[set, list[int]]]:
        """For each cell, the ways it is named in the file, and the row groups that have it."""
        seen: dict[tuple, list[int]] = {}
        with _reading(self.path):
            file = _open(self.path)
            for group in range(file.num_row_groups):
                for batch in file.iter_batches(row_groups=[group], columns=list(_NAMES)):
                    distinct = self._names_of(batch).group_by(list(_NAMES)).aggregate([])
                    for named in zip(*(distinct[n].to_pylist() for n in _NAMES), strict=True):
                        seen.setdefault(named, []).append(group)
        cells: dict[Configuration, tuple[set, list[int]]] = {}
        for named, having in seen.items():
            names, groups = cells.setdefault(self._cell(*named), (set(), []))
            names.add(named)
            groups[:] = sorted({*groups, *having})
        return cells

    def _cell(
        self, dataset: str | None, corruption: str | None, severity: int | None
    ) -> Configuration:
        clean = corruption in (None, "", CLEAN)
        if clean != (severity in (None, 0)):
            raise PredictionError(
                f"{self.path} has rows of {dataset} with corruption {shown(corruption)} and "
                f"severity {shown(severity)}; clean ones have neither, all others have both."
            )
        if clean:
            return Configuration(dataset_facts(dataset).name)
        return find_configuration(dataset, corruption, severity)

    def _names_of(self, batch: pa.RecordBatch) -> pa.Table:
        """dataset, corruption and severity of its rows, in plain types: pandas writes a severity that
        may be missing as a float, and names as categories."""
        batch.validate(full=True)
        try:
            severity = batch.column("severity")
            if pa.types.is_floating(severity.type):
                severity = pc.if_else(pc.is_nan(severity), None, severity)
            columns = [batch.column(name).cast(pa.string()) for name in _NAMES[:2]]
            return pa.table([*columns, severity.cast(pa.int64())], names=list(_NAMES))
        except pa.ArrowException as error:
            raise PredictionError(
                f"In {self.path}, dataset and corruption are names and severity is a whole number; "
                f"they are something else ({error})."
            ) from error

    def cells(self) -> list[Configuration]:
        """The cells that are there, in the benchmark's order."""
        return [one for one in configurations().values() if one in self._found]

    def read(self, cell: Configuration, *, logits: bool = False) -> Predicted:
        """One cell, checked; only the row groups that have it are read."""
        names, groups = self._found[cell]
        kept = []
        with _reading(self.path):
            for batch in _open(self.path).iter_batches(row_groups=groups, columns=self._columns):
                told = self._names_of(batch)
                rows = np.zeros(len(batch), bool)
                for named in names:
                    rows |= _rows_named(told, named)
                if rows.any():
                    kept.append(batch.filter(pa.array(rows)))
        return _checked(pa.Table.from_batches(kept), cell, str(self.path), logits)


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    """What Arrow says of a file that is no Parquet, or a damaged one, in one sentence."""
    try:
        yield
    except PredictionError:
        raise
    except (OSError, ValueError, TypeError, MemoryError, pa.ArrowException) as error:
        why = " ".join(str(error).split())[:300]
        raise PredictionError(
            f"Cannot read {path} as Parquet ({why}); give a file of predictions, or a folder that "
            "evaluate wrote."
        ) from error


def _open(path: Path) -> pq.ParquetFile:
    """Pages that carry a checksum, as those of `evaluate` do, are held against it."""
    return pq.ParquetFile(path, page_checksum_verification=True)


def _rows_named(told: pa.Table, named: Sequence) -> np.ndarray:
    """Which rows have these three."""
    rows = np.ones(len(told), bool)
    for name, value in zip(_NAMES, named, strict=True):
        column = told[name]
        same = pc.is_null(column) if value is None else pc.equal(column, value).fill_null(False)
        rows &= same.to_numpy()
    return rows


def open_predictions(path: str | Path) -> PredictionFolder | PredictionFile:
    """A folder that `evaluate` wrote, or one Parquet file made elsewhere.

    Raises:
        PredictionError: it is neither.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise PredictionError(f"There is no {path}; give a file or folder of predictions.")
    return PredictionFolder(path) if path.is_dir() else PredictionFile(path)


def _checked(table: pa.Table, cell: Configuration, place: str, logits: bool) -> Predicted:
    """The rows of one cell, in the order of their indices, which are 0 ... N - 1, once each."""
    facts, count = dataset_facts(cell.dataset), len(table)
    where = f"{cell.name} in {place}"
    if not pa.types.is_integer(table["index"].type) or table["index"].null_count:
        raise PredictionError(f"The column index of {where} is not all whole numbers.")
    indices = table["index"].to_numpy()
    order = np.argsort(indices, kind="stable")
    wrong = np.flatnonzero(indices[order] != np.arange(count))
    if len(wrong):
        first, found = int(wrong[0]), int(indices[order][wrong[0]])
        what = (
            "comes twice" if 0 <= found < first else "is missing" if found > first else "is wrong"
        )
        raise PredictionError(
            f"Of {where}, index {first if found > first else found} {what}; each picture from 0 to "
            f"N - 1 has one row."
        )
    width = len(facts.labels)
    scores = _matrix(table["scores"], width, f"scores of {where}", facts.multi_label)
    labels = None
    if "label" in table.column_names:
        columns = width if facts.multi_label else 1
        labels = _matrix(table["label"], columns, f"labels of {where}", facts.multi_label)
        largest = 1 if facts.multi_label else width - 1
        if not np.isin(labels, np.arange(largest + 1)).all():
            raise PredictionError(
                f"The labels of {where} are not all whole numbers 0 to {largest}."
            )
        labels = labels.astype(np.int64)[order]
    return Predicted(labels, probabilities(scores[order], count, facts, where, logits=logits))


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
        raise PredictionError(f"The {what} are no numbers ({error}).") from error
