"""The benchmark's table: which corruptions each dataset has, and the parameters of each severity.

`benchmark.json` is that table as data, in the reference's order, which matters: the reference draws its
random numbers in this order (`reference.py`). Source: MedMNIST-C (arXiv 2406.17536), release 0.1.0.
"""

import json
from dataclasses import dataclass
from importlib import resources

from medmnist_c.corruptions.parameters import parameters_in_words, read_parameters
from medmnist_c.corruptions.registry import ALGORITHMS, Algorithm

SEVERITIES = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Corruption:
    """One corruption of one dataset.

    `severities` holds five tuples of parameters, mildest severity first as the reference lists them,
    to be passed to the algorithm after the image. `augmentation_upper_bound`, where there is one,
    is a sixth tuple that only training augmentation uses.
    """

    name: str
    algorithm: Algorithm
    group: str
    severities: tuple[tuple, ...]
    augmentation_upper_bound: tuple | None = None

    def parameters(self, severity: int) -> tuple:
        """Parameters of `severity` (1-5)."""
        return self.severities[severity - 1]

    def parameters_in_words(self, severity: int) -> tuple[str, ...]:
        """Each parameter of `severity` in a few words."""
        return parameters_in_words(self.algorithm.parameters, self.parameters(severity))


def _read_table() -> dict[str, dict[str, Corruption]]:
    text = resources.files(__package__).joinpath("benchmark.json").read_text("utf-8")
    table: dict[str, dict[str, Corruption]] = {}
    for dataset, rows in json.loads(text).items():
        table[dataset] = {}
        for name, row in rows.items():
            algorithm = ALGORITHMS[row["algorithm"]]
            bound = row.get("augmentation_upper_bound")
            table[dataset][name] = Corruption(
                name=name,
                algorithm=algorithm,
                group=row["group"],
                severities=tuple(
                    read_parameters(algorithm.parameters, one) for one in row["severities"]
                ),
                augmentation_upper_bound=bound and read_parameters(algorithm.parameters, bound),
            )
    return table


CORRUPTIONS: dict[str, dict[str, Corruption]] = _read_table()


def groups_of(dataset: str) -> list[str]:
    """The groups of corruptions that a dataset has, in the table's order."""
    return list(dict.fromkeys(entry.group for entry in CORRUPTIONS[dataset].values()))


def corruptions_of(dataset: str, group: str) -> list[str]:
    """The corruptions of a group, in the table's order."""
    return [name for name, entry in CORRUPTIONS[dataset].items() if entry.group == group]
