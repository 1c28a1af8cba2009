"""The benchmark's table: which corruptions each dataset has, and the parameters of each severity.

`benchmark.json` is that table as data, in the release's order, which matters: the release draws its
random numbers in this order (see `release.py`). Source: MedMNIST-C (arXiv 2406.17536), release 0.1.0.
"""

import json
from dataclasses import dataclass
from importlib import resources

import numpy as np

SEVERITIES = (1, 2, 3, 4, 5)
IMAGE_SIZE = 224  # pixels a side, of every image in the benchmark


@dataclass(frozen=True)
class Corruption:
    """One corruption of one dataset.

    `severities` holds five tuples of parameters, mildest severity first as the release lists them,
    to be passed to the algorithm after the image. `augmentation_upper_bound`, where there is one,
    is a sixth tuple that only training augmentation uses.
    """

    name: str
    algorithm: str
    group: str
    severities: tuple[tuple, ...]
    augmentation_upper_bound: tuple | None = None

    def parameters(self, severity: int) -> tuple:
        """Parameters of `severity` (1-5)."""
        return self.severities[severity - 1]


def _parameters(algorithm: str, value: object) -> tuple:
    if algorithm == "zoom_blur":  # [start, stop, step] of the zoom factors
        return (tuple(np.arange(*value).tolist()),)
    return tuple(value) if isinstance(value, list) else (value,)


def _read_table() -> dict[str, dict[str, Corruption]]:
    text = resources.files(__package__).joinpath("benchmark.json").read_text("utf-8")
    table: dict[str, dict[str, Corruption]] = {}
    for dataset, rows in json.loads(text).items():
        table[dataset] = {}
        for name, row in rows.items():
            bound = row.get("augmentation_upper_bound")
            table[dataset][name] = Corruption(
                name=name,
                algorithm=row["algorithm"],
                group=row["group"],
                severities=tuple(_parameters(row["algorithm"], one) for one in row["severities"]),
                augmentation_upper_bound=bound and _parameters(row["algorithm"], bound),
            )
    return table


CORRUPTIONS: dict[str, dict[str, Corruption]] = _read_table()
