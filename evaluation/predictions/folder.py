"""Predictions as Parquet: columns dataset, corruption, severity, index, label, scores.

A folder of them has one file for each test set, `{dataset}/{dataset}_{corruption}_{severity}.parquet`,
which appears whole or not at all: an interrupted evaluation goes on with those that are missing. Each
file carries its origin (model, seed or release, identity of the images), so that what another model
or source made is noticed and never mixed in. Scores made elsewhere come as one file. Which images belong
together may be told in `{dataset}_groups.parquet` (groups.py).
"""

import contextlib
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from medmnist_c.builder.configs import Config, CorruptedConfig, all_configs
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.files import absolute, atomic_write, folder_to_write, remove_stale
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.predictions.file import PredictionFile
from medmnist_c.evaluation.predictions.groups import read_groups
from medmnist_c.evaluation.predictions.origin import Origin
from medmnist_c.evaluation.predictions.rows import Predictions, checked, open_parquet, reading
from medmnist_c.evaluation.predictions.validation import KeptValidation, ValidationSet

_ORIGIN = b"medmnist_c"
_DIGEST = b"medmnist_c.sha256"
_NUMBERS = ["index", "label", "scores"]


class PredictionFolder:
    """Predictions that `evaluate` writes, a file for each test set, and for validation images."""

    has_labels = True

    def __init__(self, folder: str | Path) -> None:
        self.path = absolute(folder)
        if self.path.exists() and not self.path.is_dir():
            raise PredictionError(f"{self.path} is no folder; give a folder for the predictions.")

    def tidy(self, dataset: str) -> None:
        """Take away what an evaluation of the dataset that was killed has left half-written."""
        remove_stale(self.path / dataset)

    def _file(self, config: Config | ValidationSet) -> Path:
        return self.path / config.dataset / f"{config.name}.parquet"

    def _open(self, config: Config | ValidationSet) -> pq.ParquetFile:
        count = dataset_info(config.dataset).test_count
        if isinstance(config, ValidationSet):
            count = config.image_count
        return open_parquet(self._file(config), count)

    def configs(self) -> list[Config]:
        """The test sets that are there, in the benchmark's order."""
        return [one for one in all_configs().values() if self._file(one).is_file()]

    def origin(self, config: Config | ValidationSet) -> Origin:
        """What was told to `write` about a test set that is there.

        Raises:
            PredictionError: `evaluate` did not write this file, or not for this test set.
        """
        return self._origin(config, self._told(config))

    def _origin(self, config: Config | ValidationSet, told: dict[bytes, bytes]) -> Origin:
        file = self._file(config)
        try:
            origin = Origin.from_json(told.get(_ORIGIN, b"null"))
        except ValueError as error:
            raise PredictionError(
                f"{file} is no file of predictions that evaluate wrote ({error}); remove it, or give "
                "another folder."
            ) from error
        if origin.config != config.name:
            raise PredictionError(
                f"{file} has predictions of another test set than its name says; remove it."
            )
        return origin

    def has(self, config: Config | ValidationSet, origin: Origin) -> bool:
        """Whether the test set is there, from this origin; a damaged one is not.

        Raises:
            PredictionError: it is there from another one.
        """
        file = self._file(config)
        if not file.is_file():
            return False
        try:
            told = self._told(config)
        except PredictionError:
            return False
        try:
            self._table(config)
        except PredictionError:
            if _DIGEST in told:
                return False
            self._origin(config, told)  # of a file made elsewhere it says more
            raise
        found = self._origin(config, told).differences(origin)
        if found:
            made = ", ".join(f"{name} {here}" for name, (here, _) in found.items())
            asked = ", ".join(there for _, there in found.values())
            raise PredictionError(
                f"{file} was made with {made}, not {asked}; give another folder, or remove that one."
            )
        return True

    def write(
        self,
        config: Config | ValidationSet,
        labels: np.ndarray,
        scores: np.ndarray,
        origin: Origin,
        indices: np.ndarray | None = None,
    ) -> None:
        """Keep one test set, in the order of its images.

        Args:
            config: which test set, or validation set.
            labels: whole numbers, N x 1, or N x L of 0 and 1.
            scores: probabilities, N x C, or N x L.
            origin: what they were made of.
            indices: which images of the test set they are, rising; None for all.
        """
        count = len(scores)
        corruption = config.corruption if isinstance(config, CorruptedConfig) else None
        severity = config.severity if isinstance(config, CorruptedConfig) else None
        multi_label = dataset_info(config.dataset).multi_label
        label = pa.array(labels.tolist() if multi_label else labels[:, 0].tolist())
        table = pa.table(
            {
                "dataset": pa.array([config.dataset] * count, pa.string()),
                "corruption": pa.array([corruption] * count, pa.string()),
                "severity": pa.array([severity] * count, pa.int8()),
                "index": pa.array(np.arange(count) if indices is None else indices),
                "label": label,
                "scores": pa.array(list(scores), pa.list_(pa.float64())),
            }
        )
        origin_told = origin.to_json()
        told = {_ORIGIN: origin_told, _DIGEST: _digest(table, origin_told)}
        file = self._file(config)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(file) as out:
                pq.write_table(
                    table.replace_schema_metadata(told),
                    out,
                    compression="zstd",
                    write_page_checksum=True,
                )
        except OSError as error:
            raise PredictionError(
                f"Cannot write {file} ({error.strerror or error}); make room or give another folder, "
                "and run it again: finished test sets are kept."
            ) from error

    def validation(self, dataset: str, *, logits: bool = False) -> KeptValidation | None:
        """Those of the clean validation images; None if they are not there."""
        config = ValidationSet(dataset)
        if not self._file(config).is_file():
            return None
        return KeptValidation(self.read(config, logits=logits), self.origin(config).images.source)

    def read(self, config: Config | ValidationSet, *, logits: bool = False) -> Predictions:
        """One test set, checked."""
        part = self.origin(config).images.part
        table = self._table(config)
        found = checked(table, config, self._file(config), logits, part)
        if isinstance(config, ValidationSet):
            return found
        return found.grouped(read_groups(self.path, config.dataset), self.path)

    def _told(self, config: Config | ValidationSet) -> dict[bytes, bytes]:
        """What the file says beside its columns."""
        with reading(self._file(config)):
            return pq.read_schema(self._file(config)).metadata or {}

    def _table(self, config: Config | ValidationSet) -> pa.Table:
        """The numbers as they were written, or an error: not all damage is told by Parquet itself."""
        file = self._file(config)
        with reading(file):
            table = self._open(config).read(_NUMBERS)
            table.validate(full=True)
            whole = table.column_names == _NUMBERS
            told = table.schema.metadata or {}
            if not whole or told.get(_DIGEST) != _digest(table, told.get(_ORIGIN, b"")):
                raise PredictionError(
                    f"{file} is damaged, or not what evaluate wrote; remove it, or give another folder."
                )
        return table


def _digest(table: pa.Table, origin: bytes) -> bytes:
    """SHA-256 of the origin and of all numbers, hexadecimal."""
    found = sha256(origin)
    for column in (table[name].combine_chunks() for name in _NUMBERS):
        if pa.types.is_list(column.type):
            found.update(pc.list_value_length(column).to_numpy(zero_copy_only=False))
            column = column.flatten()
        numbers = column.to_numpy(zero_copy_only=False)
        found.update(f"{numbers.dtype.str}{numbers.shape}".encode())
        found.update(np.ascontiguousarray(numbers).data)
    return found.hexdigest().encode()


@contextlib.contextmanager
def kept_or_temporary(folder: str | Path | None) -> Iterator[Path]:
    """The folder that predictions are to be kept in; without one, a temporary one for as long.

    Raises:
        ValueError: it is called as the package is.
    """
    if folder:
        yield folder_to_write(folder)
        return
    with tempfile.TemporaryDirectory(prefix="medmnist_c_") as temporary:
        yield Path(temporary)


def open_predictions(path: str | Path) -> PredictionFolder | PredictionFile:
    """A folder that `evaluate` wrote, or one Parquet file made elsewhere.

    Raises:
        PredictionError: it is neither.
    """
    path = absolute(path)
    if not path.exists():
        raise PredictionError(f"There is no {path}; give a file or folder of predictions.")
    return PredictionFolder(path) if path.is_dir() else PredictionFile(path)
