"""Predictions made elsewhere: one Parquet file, its rows in any order."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from medmnist_c.builder.configs import (
    CLEAN,
    CleanConfig,
    Config,
    all_configs,
    find_config,
)
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.files import absolute
from medmnist_c.builder.suggestions import shown
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.fields import as_text
from medmnist_c.evaluation.predictions.groups import read_groups
from medmnist_c.evaluation.predictions.origin import CleanOrigin
from medmnist_c.evaluation.predictions.rows import (
    COLUMNS,
    GROUPS,
    Predictions,
    checked,
    open_parquet,
    reading,
)
from medmnist_c.evaluation.predictions.validation import KeptValidation, ValidationSet

_MOST_ROWS = sum(dataset_info(one.dataset).test_count for one in all_configs().values())
_NAMES = COLUMNS[:3]  # which say what test set a row is of


class PredictionFile:
    """Predictions in one Parquet file, in any order; `label` may be left out, `groups` may be there.

    A clean test set has no corruption (null, "" or "clean") and no severity (null or 0).
    """

    def __init__(self, path: str | Path) -> None:
        self.path = absolute(path)
        self._metadata: pq.FileMetaData | None = None
        with reading(self.path):
            file = self._open()
        self._metadata, schema = file.metadata, file.schema_arrow
        self._check_types(schema)
        self.has_labels = "label" in schema.names
        self._columns = [name for name in (*COLUMNS, GROUPS) if name in schema.names]
        self._row_groups = self._find_row_groups()

    def _open(self) -> pq.ParquetFile:
        return open_parquet(self.path, _MOST_ROWS, self._metadata)

    def _check_types(self, schema: pa.Schema) -> None:
        """pandas writes a severity that may be missing as a float, and a column of nulls as one."""
        for name in _NAMES:
            kind = schema.field(name).type
            kind = kind.value_type if pa.types.is_dictionary(kind) else kind
            if name == "severity":
                fits = pa.types.is_integer(kind) or pa.types.is_floating(kind)
            else:
                fits = pa.types.is_string(kind) or pa.types.is_large_string(kind)
            if not (fits or pa.types.is_null(kind)):
                raise PredictionError(
                    f"In {self.path}, dataset and corruption are names and severity is a whole number; "
                    f"{name} is {kind}."
                )

    def _find_row_groups(self) -> dict[Config, list[int]]:
        """The row groups that have rows of each test set."""
        found: dict[Config, list[int]] = {}
        counts: dict[Config, int] = {}
        with reading(self.path):
            file = self._open()
        for group in range(file.metadata.num_row_groups):
            for batch in self._batches(file, [group], list(_NAMES)):
                for config, rows in self._rows_of(batch).items():
                    counts[config] = counts.get(config, 0) + len(rows)
                    most = dataset_info(config.dataset).test_count
                    if counts[config] > most:
                        raise PredictionError(
                            f"{self.path} has more than {most} rows of {config.name}, which has that "
                            "many images; give each image one row."
                        )
                    if group not in found.setdefault(config, []):
                        found[config].append(group)
        return found

    def _batches(
        self, file: pq.ParquetFile, groups: list[int], columns: list[str]
    ) -> Iterator[pa.RecordBatch]:
        with reading(self.path):
            for batch in file.iter_batches(row_groups=groups, columns=columns):
                batch.validate(full=True)
                yield batch

    def _rows_of(self, batch: pa.RecordBatch) -> dict[Config, np.ndarray]:
        """For each test set, the numbers of its rows in a batch.

        Only names' numbers in their dictionaries are looked at row by row.
        """
        datasets, dataset_codes = _distinct(batch.column("dataset"))
        corruptions, corruption_codes = _distinct(batch.column("corruption"))
        severities, severity_codes = _distinct(batch.column("severity"))
        codes = np.stack([dataset_codes, corruption_codes, severity_codes], axis=1)
        distinct, inverse = np.unique(codes, axis=0, return_inverse=True)
        found: dict[Config, list[np.ndarray]] = {}
        for number, (dataset, corruption, severity) in enumerate(distinct):
            named = datasets[dataset], corruptions[corruption], severities[severity]
            config = self._config(*named)
            found.setdefault(config, []).append(np.flatnonzero(inverse.ravel() == number))
        return {config: np.sort(np.concatenate(rows)) for config, rows in found.items()}

    def _config(self, dataset: Any, corruption: Any, severity: Any) -> Config:
        clean = corruption in (None, "", CLEAN)
        if isinstance(severity, float):
            if severity != severity:  # pandas' way to say that there is none
                severity = None
            elif severity.is_integer():
                severity = int(severity)
            else:
                raise PredictionError(
                    f"In {self.path}, severity is a whole number from 1 to 5, not {severity}."
                )
        if clean != (severity in (None, 0)):
            raise PredictionError(
                f"{self.path} has rows of {shown(dataset)} with corruption {shown(corruption)} and "
                f"severity {shown(severity)}; clean ones have neither, all others have both."
            )
        if clean:
            return CleanConfig(dataset_info(dataset).name)
        return find_config(dataset, corruption, severity)

    def validation(self, dataset: str, *, logits: bool = False) -> KeptValidation | None:
        """Those of the clean validation images, in `{dataset}_validation.parquet` beside this file,
        which has the same columns; None if it is not there.

        Raises:
            PredictionError: it has rows of something else, or no labels.
        """
        config = ValidationSet(dataset)
        file = self.path.with_name(f"{config.name}.parquet")
        if not file.is_file():
            return None
        opened = open_parquet(file, config.image_count)
        names = [name for name in COLUMNS if name in opened.schema_arrow.names]
        with reading(file):
            table = opened.read(names)
            table.validate(full=True)
            clean = {None, "", CLEAN, 0}
            odd = set(table["dataset"].to_pylist()) - {dataset}
            odd |= {*table["corruption"].to_pylist(), *table["severity"].to_pylist()} - clean
        if odd or "label" not in names:
            raise PredictionError(
                f"{file} is for the clean validation images of {dataset}, with their labels, and for no "
                "others."
            )
        source = CleanOrigin(None, as_text(file.name))
        return KeptValidation(checked(table, config, file, logits), source)

    def configs(self) -> list[Config]:
        """The test sets that are there, in the benchmark's order."""
        return [one for one in all_configs().values() if one in self._row_groups]

    def read(self, config: Config, *, logits: bool = False) -> Predictions:
        """One test set, checked; only the row groups that have it are read."""
        kept = []
        with reading(self.path):
            file = self._open()
        for batch in self._batches(file, self._row_groups[config], self._columns):
            rows = self._rows_of(batch).get(config)
            if rows is not None:
                kept.append(batch.take(pa.array(rows)))
        found = checked(pa.Table.from_batches(kept), config, self.path, logits)
        return found.grouped(read_groups(self.path.parent, config.dataset), self.path)


def _distinct(column: pa.Array) -> tuple[dict[int, Any], np.ndarray]:
    """The distinct values of a column by number, and the number of each row's."""
    if not isinstance(column, pa.DictionaryArray):
        column = pc.dictionary_encode(column)
    absent = len(column.dictionary)
    codes = column.indices.cast(pa.int64()).fill_null(absent).to_numpy(zero_copy_only=False)
    used = [int(code) for code in np.unique(codes)]
    values = {code: column.dictionary[code].as_py() for code in used if code != absent}
    return values | {absent: None}, codes
