"""Predictions made elsewhere: one Parquet file, its rows in any order."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from medmnist_c.builder.configs import (
    CLEAN,
    Configuration,
    configurations,
    find_configuration,
)
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.files import absolute
from medmnist_c.builder.suggestions import shown
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.predictions.rows import (
    COLUMNS,
    Predicted,
    checked,
    open_parquet,
    reading,
)

_NAMES = COLUMNS[:3]  # which say what cell a row is of


class PredictionFile:
    """Predictions in one Parquet file, in any order; `label` may be left out.

    A clean cell has no corruption (null, "" or "clean") and no severity (null or 0).
    """

    def __init__(self, path: str | Path) -> None:
        self.path = absolute(path)
        with reading(self.path):
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
        with reading(self.path):
            file = open_parquet(self.path)
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
            return Configuration(dataset_info(dataset).name)
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
        with reading(self.path):
            for batch in open_parquet(self.path).iter_batches(
                row_groups=groups, columns=self._columns
            ):
                told = self._names_of(batch)
                rows = np.zeros(len(batch), bool)
                for named in names:
                    rows |= _rows_named(told, named)
                if rows.any():
                    kept.append(batch.filter(pa.array(rows)))
        return checked(pa.Table.from_batches(kept), cell, str(self.path), logits)


def _rows_named(told: pa.Table, named: Sequence) -> np.ndarray:
    """Which rows have these three."""
    rows = np.ones(len(told), bool)
    for name, value in zip(_NAMES, named, strict=True):
        column = told[name]
        same = pc.is_null(column) if value is None else pc.equal(column, value).fill_null(False)
        rows &= same.to_numpy()
    return rows
