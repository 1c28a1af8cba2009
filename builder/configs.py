"""Names of the benchmark's configurations: `{dataset}_{corruption}_{severity}` and `{dataset}_clean`."""

import operator
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import SupportsIndex

from medmnist_c.builder.errors import UnknownNameError
from medmnist_c.builder.patterns import matcher
from medmnist_c.builder.suggestions import nearest, shown
from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES, Corruption

CLEAN = "clean"


@dataclass(frozen=True)
class CleanConfig:
    """The clean test set of a dataset."""

    dataset: str

    @property
    def name(self) -> str:
        return f"{self.dataset}_{CLEAN}"

    @property
    def folder(self) -> str:
        """Where its files lie in a folder or repository of test sets, with forward slashes."""
        return f"{self.dataset}/{self.name}"


@dataclass(frozen=True)
class CorruptedConfig:
    """The test set of a dataset under one of its corruptions, at a severity (1-5)."""

    dataset: str
    corruption: str
    severity: int

    @property
    def name(self) -> str:
        return f"{self.dataset}_{self.corruption}_{self.severity}"

    @property
    def folder(self) -> str:
        """Where its files lie in a folder or repository of test sets, with forward slashes."""
        return f"{self.dataset}/{self.name}"

    @property
    def entry(self) -> Corruption:
        """The table's entry for the corruption."""
        return CORRUPTIONS[self.dataset][self.corruption]


Config = CleanConfig | CorruptedConfig


@lru_cache(maxsize=1)
def all_configs() -> dict[str, Config]:
    """All 667 configurations by name, in the table's order, each dataset's clean test set first."""
    configs: list[Config] = []
    for dataset, corruptions in CORRUPTIONS.items():
        configs.append(CleanConfig(dataset))
        configs += [CorruptedConfig(dataset, name, s) for name in corruptions for s in SEVERITIES]
    return {config.name: config for config in configs}


def config_named(name: str) -> Config:
    """The configuration called `name`.

    Raises:
        TypeError: `name` is no string.
        UnknownNameError: there is none of that name; the message suggests the nearest.
    """
    if not isinstance(name, str):
        raise TypeError(
            f"A configuration's name is a string such as 'dermamnist_black_corner_3', not {shown(name)}."
        )
    known = all_configs()
    if name not in known:
        raise UnknownNameError(
            f"There is no configuration {shown(name)} in MedMNIST-C{nearest(name, known)}"
        )
    return known[name]


def find_config(dataset: str, corruption: str, severity: SupportsIndex) -> CorruptedConfig:
    """The configuration of a dataset, corruption and severity.

    Raises:
        TypeError: a name is no string, or `severity` no whole number.
        UnknownNameError: one of the three is not in the benchmark; the message says which.
    """
    _known_clean(dataset)
    if not isinstance(corruption, str):
        raise TypeError(f"The corruption's name is a string, not {shown(corruption)}.")
    if corruption not in CORRUPTIONS[dataset]:
        raise UnknownNameError(
            f"{dataset} has no corruption {shown(corruption)}{nearest(corruption, CORRUPTIONS[dataset])}"
        )
    return CorruptedConfig(dataset, corruption, _checked_severity(severity))


def _known_clean(dataset: str) -> CleanConfig:
    if not isinstance(dataset, str):
        raise TypeError(f"The dataset's name is a string, not {shown(dataset)}.")
    if dataset not in CORRUPTIONS:
        raise UnknownNameError(
            f"There is no dataset {shown(dataset)} in MedMNIST-C{nearest(dataset, CORRUPTIONS)}"
        )
    return CleanConfig(dataset)


def asked_config(
    name: str | None,
    dataset: str | None = None,
    corruption: str | None = None,
    severity: SupportsIndex | None = None,
) -> Config:
    """The configuration of a name, or of fields; where both are given they must agree.

    Raises:
        TypeError: an argument is of another kind.
        UnknownNameError: nothing is asked for, or something that the benchmark does not have.
        ValueError: a field is missing, or contradicts the name.
    """
    if name is None:
        return _config_of_fields(dataset, corruption, severity)
    config = config_named(name)
    fields = {"dataset": dataset, "corruption": corruption, "severity": severity}
    for field, value in fields.items():
        own = getattr(config, field, None)
        comparable = isinstance(value, str | SupportsIndex) and not isinstance(value, bool)
        if value is not None and not (comparable and value == own):
            raise ValueError(
                f"{field}={shown(value)} contradicts the name {name!r}; give either a name, or "
                "dataset=, corruption= and severity=."
            )
    return config


def _config_of_fields(
    dataset: str | None, corruption: str | None, severity: SupportsIndex | None
) -> Config:
    if dataset is None:
        raise UnknownNameError(
            'Name a test set, as in load_dataset("medmnist_c", "dermamnist_black_corner_3"), or give '
            "dataset=, corruption= and severity=; medmnist_c.config_names() and `medmnist-c list` "
            "show all names."
        )
    if corruption is None and severity is None:
        return _known_clean(dataset)
    if corruption is None or severity is None:
        missing = "corruption" if corruption is None else "severity"
        raise ValueError(
            f"{missing}= is missing beside dataset={shown(dataset)}; give corruption= and severity=, "
            "or neither for the clean test set."
        )
    return find_config(dataset, corruption, severity)


def _checked_severity(severity: SupportsIndex) -> int:
    """The severity as an `int`; numpy's whole numbers are taken, too."""
    if isinstance(severity, bool) or not hasattr(severity, "__index__"):
        raise TypeError(f"The severity is a whole number from 1 to 5, not {shown(severity)}.")
    if operator.index(severity) not in SEVERITIES:
        raise UnknownNameError(
            f"There is no severity {shown(severity)}: MedMNIST-C has 1 (mildest) to 5 (strongest)."
        )
    return operator.index(severity)


def config_names(
    pattern: str = "*", *, corruption: str | None = None, severity: SupportsIndex | None = None
) -> list[str]:
    """Names of the configurations that match, in the table's order.

    Args:
        pattern: shell-style wildcards over the dataset or the whole name: "derma*" or
            "*_noise_5".
        corruption: wildcards over the corruption, e.g. "*noise"; "clean" for the clean test sets.
        severity: 1-5, to list that severity only.

    Returns:
        The names; an empty list if each of the three matches something, but nothing all of them:
        dermamnist has no "bubble".

    Raises:
        TypeError: a pattern is no string, or `severity` no whole number.
        UnknownNameError: `pattern`, `corruption` or `severity` matches nothing in the benchmark.
    """
    name_fits = matcher(pattern)
    corruption_fits = matcher("*" if corruption is None else corruption)
    if severity is not None:
        severity = _checked_severity(severity)

    def fits_pattern(one: Config) -> bool:
        return name_fits(one.name) or name_fits(one.dataset)

    def fits_corruption(one: Config) -> bool:
        return corruption_fits(_corruption_of(one))

    def fits_severity(one: Config) -> bool:
        return severity is None or (isinstance(one, CorruptedConfig) and one.severity == severity)

    every = all_configs().values()
    if not any(map(fits_pattern, every)):
        hint = nearest(pattern.rstrip("*_"), [*all_configs(), *CORRUPTIONS])
        raise UnknownNameError(f"No configuration matches {shown(pattern)}{hint}")
    if corruption is not None and not any(map(fits_corruption, every)):
        names = dict.fromkeys(name for of_one in CORRUPTIONS.values() for name in of_one)
        hint = nearest(corruption.strip("*_"), [*names, CLEAN])
        raise UnknownNameError(f"No corruption matches {shown(corruption)}{hint}")
    return [
        one.name
        for one in every
        if fits_pattern(one) and fits_corruption(one) and fits_severity(one)
    ]


def _corruption_of(config: Config) -> str:
    return config.corruption if isinstance(config, CorruptedConfig) else CLEAN


def select(test_sets: str | Iterable[str | Config] = "*") -> list[Config]:
    """Configurations by name, wildcards or themselves, in the table's order.

    Args:
        test_sets: one pattern such as "derma*", or several; wildcards are those of `config_names`.

    Raises:
        TypeError: one of them is neither a name nor a configuration.
        UnknownNameError: a name or pattern matches nothing.
    """
    given = [test_sets] if isinstance(test_sets, str) else test_sets
    chosen: set[str] = set()
    for one in given:
        chosen.update(config_names(one.name if isinstance(one, Config) else one))
    return [one for name, one in all_configs().items() if name in chosen]
