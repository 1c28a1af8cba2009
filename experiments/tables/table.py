"""A table as data: one row a dataset and a way of training, one column a figure."""

from collections.abc import Mapping
from dataclasses import dataclass

from medmnist_c.experiments.tables.figures import Figure


@dataclass(frozen=True)
class Row:
    """Figures of one way of training on one dataset.

    figures: by (scope, metric), such as ("group digital", "BE"); None where there is none.
    seeds: finished ones; wanted: how many there will be.
    """

    dataset: str
    way: str
    seeds: int
    wanted: int
    figures: Mapping[tuple[str, str], Figure | None]


@dataclass(frozen=True)
class Table:
    """Rows, and which of their figures are shown in print; a CSV has all of them.

    shown: title of the column by (scope, metric); percent: those that are shown in per cent.
    """

    name: str
    title: str
    way: str
    rows: tuple[Row, ...]
    shown: Mapping[tuple[str, str], str]
    notes: tuple[str, ...]
    percent: frozenset[str] = frozenset()
