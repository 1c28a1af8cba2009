"""Which test sets are scored: names and wildcards, as everywhere else."""

from collections.abc import Iterable, Sequence
from typing import SupportsIndex

from medmnist_c.builder.configs import CleanConfig, Config, CorruptedConfig, find_config
from medmnist_c.builder.errors import UnknownNameError
from medmnist_c.builder.patterns import matcher
from medmnist_c.builder.suggestions import nearest, shown
from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES


def chosen_configs(
    datasets: str | Sequence[str],
    corruptions: str | Sequence[str] | None,
    severities: SupportsIndex | Iterable[int] | None,
) -> list[Config]:
    """The clean test set of each dataset, then the chosen ones, in the table's order.

    Args:
        datasets: names or wildcards such as "organ*".
        corruptions: names, which each of the datasets must have, or wildcards such as "*_noise", which
            one of them must have; None for all.
        severities: 1-5; None for all.

    Raises:
        TypeError, UnknownNameError: something is not in the benchmark.
    """
    patterns = [corruptions] if isinstance(corruptions, str) else corruptions
    levels = [severities] if isinstance(severities, SupportsIndex) else severities
    levels = list(SEVERITIES) if levels is None else list(levels)
    names = _datasets([datasets] if isinstance(datasets, str) else list(datasets))
    if not names or not levels:
        raise ValueError("Give at least one dataset and one severity.")
    configs: list[Config] = []
    for dataset in names:
        configs.append(CleanConfig(dataset))
        configs += _corrupted(dataset, ("*",) if patterns is None else patterns, levels)
    corrupted = [one.corruption for one in configs if isinstance(one, CorruptedConfig)]
    for pattern in patterns or ():
        if not any(map(matcher(pattern), corrupted)):
            known = dict.fromkeys(name for dataset in names for name in CORRUPTIONS[dataset])
            raise UnknownNameError(
                f"{', '.join(names)} has no corruption {shown(pattern)}"
                f"{nearest(pattern.strip('*_'), known)}"
            )
    return configs


def _datasets(patterns: list[str]) -> list[str]:
    """In the order given; those of one pattern in the benchmark's."""
    chosen: dict[str, None] = {}
    for pattern in patterns:
        if not isinstance(pattern, str):
            raise TypeError(
                f"The dataset's name is a string such as 'octmnist', not {shown(pattern)}."
            )
        matching = list(filter(matcher(pattern), CORRUPTIONS))
        if not matching:
            raise UnknownNameError(
                f"There is no dataset {shown(pattern)} in MedMNIST-C"
                f"{nearest(pattern.strip('*'), CORRUPTIONS)}"
            )
        chosen |= dict.fromkeys(matching)
    return list(chosen)


def _corrupted(
    dataset: str, patterns: Sequence[str], severities: Sequence[SupportsIndex]
) -> list[CorruptedConfig]:
    chosen: set[tuple[str, int]] = set()
    for pattern in patterns:
        names = [pattern]
        if isinstance(pattern, str) and any(one in pattern for one in "*?["):
            names = list(filter(matcher(pattern), CORRUPTIONS[dataset]))
        for name in names:
            found = (find_config(dataset, name, severity) for severity in severities)
            chosen |= {(name, one.severity) for one in found}
    order = list(CORRUPTIONS[dataset])
    ranked = sorted(chosen, key=lambda one: (order.index(one[0]), one[1]))
    return [CorruptedConfig(dataset, name, severity) for name, severity in ranked]
