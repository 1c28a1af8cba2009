"""Predictions as Parquet: columns dataset, corruption, severity, index, label, scores.

A folder of them has one file for each cell, `{dataset}/{dataset}_{corruption}_{severity}.parquet`,
which appears whole or not at all: an interrupted evaluation goes on with the cells that are missing.
Each file carries its origin (model, seed or release, digest of the images), so that what another
model or source made is noticed and never mixed in. Scores made elsewhere come as one file.
"""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from medmnist_c.builder.configs import Configuration, configurations
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.files import absolute, atomic_write, remove_stale
from medmnist_c.builder.suggestions import shown
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.predictions.file import PredictionFile
from medmnist_c.evaluation.predictions.rows import (
    COLUMNS,
    Predicted,
    checked,
    open_parquet,
    reading,
)

_ORIGIN = b"medmnist_c"


class PredictionFolder:
    """Predictions that `evaluate` writes, a file for each cell."""

    def __init__(self, folder: str | Path) -> None:
        self.path = absolute(folder)
        if self.path.exists() and not self.path.is_dir():
            raise PredictionError(f"{self.path} is no folder; give a folder for the predictions.")

    def tidy(self, dataset: str) -> None:
        """Take away what an evaluation of the dataset that was killed has left half-written."""
        remove_stale(self.path / dataset)

    def _file(self, cell: Configuration) -> Path:
        return self.path / cell.dataset / f"{cell.name}.parquet"

    def cells(self) -> list[Configuration]:
        """The cells that are there, in the benchmark's order."""
        return [one for one in configurations().values() if self._file(one).is_file()]

    def origin(self, cell: Configuration) -> dict:
        """What was told to `write` about a cell that is there."""
        try:
            with reading(self._file(cell)):
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
            with reading(self._file(cell)):
                open_parquet(self._file(cell)).read()
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
        """Keep one cell, in the order of its images."""
        count = len(scores)
        multi_label = dataset_info(cell.dataset).multi_label
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
            with atomic_write(file) as out:
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
        with reading(self._file(cell)):
            table = open_parquet(self._file(cell)).read(list(COLUMNS))
            table.validate(full=True)
        return checked(table, cell, str(self._file(cell)), logits)


def open_predictions(path: str | Path) -> PredictionFolder | PredictionFile:
    """A folder that `evaluate` wrote, or one Parquet file made elsewhere.

    Raises:
        PredictionError: it is neither.
    """
    path = absolute(path)
    if not path.exists():
        raise PredictionError(f"There is no {path}; give a file or folder of predictions.")
    return PredictionFolder(path) if path.is_dir() else PredictionFile(path)
