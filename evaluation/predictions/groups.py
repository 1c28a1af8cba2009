"""What images belong together: a patient, a volume. Images of one group are resampled as one."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.predictions.rows import group_numbers, reading


def groups_file(folder: Path, dataset: str) -> Path:
    """Where a dataset's groups are looked for, if predictions do not carry them."""
    return folder / f"{dataset}_groups.parquet"


def read_groups(folder: Path, dataset: str) -> np.ndarray | None:
    """The group of each image of the whole test set, whole numbers from 0 on, N; None without a file.

    The file has the columns index (0 ... N - 1, once each) and groups (whole numbers or texts).

    Raises:
        PredictionError: it is of another form.
    """
    file = groups_file(folder, dataset)
    if not file.is_file():
        return None
    with reading(file):
        if pq.read_metadata(file).num_rows > dataset_info(dataset).test_count:
            raise PredictionError(f"{file} has more rows than {dataset} has test images.")
        names = pq.read_schema(file).names
        if names.count("index") != 1 or names.count("groups") != 1:
            raise PredictionError(f"{file} needs the columns index and groups, once each.")
        table = pq.read_table(file, columns=["index", "groups"])
        table.validate(full=True)
    if not pa.types.is_integer(table["index"].type) or table["index"].null_count:
        raise PredictionError(f"The column index of {file} is not all whole numbers.")
    indices = table["index"].to_numpy()
    order = np.argsort(indices)
    if (indices[order] != np.arange(len(indices))).any():
        raise PredictionError(f"{file} has not each image from 0 to N - 1 once.")
    return group_numbers(table["groups"], f"groups of {file}")[order]
