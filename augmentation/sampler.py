"""Augmentation parameters drawn: which corruption, and numbers uniform between two severities'."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Any

import numpy as np

from medmnist_c.augmentation.params import IDENTITY, AugmentationParams
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.errors import UnknownNameError
from medmnist_c.builder.suggestions import nearest
from medmnist_c.corruptions.parameters import ParameterKind
from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES, Corruption, groups_of

_SEED_BITS = 53  # so many survive in any reader of JSON


@dataclass(frozen=True)
class Sampler:
    """Draws augmentation parameters.

    `names` are the corruptions of `dataset` to draw from, "identity" among them or not, and
    `cumulative_weights` the running sums of their weights. Parameters lie between those of the lowest
    and the highest of `severities`; None: between severity 1 and the last that the table lists, as the
    reference augments.
    """

    dataset: str
    names: tuple[str, ...]
    cumulative_weights: tuple[float, ...]
    severities: tuple[int, int] | None

    def draw(self, rng: Random) -> AugmentationParams:
        """Parameters for one image; `rng` is moved by what is drawn."""
        drawn = rng.random() * self.cumulative_weights[-1]
        name = self.names[bisect_right(self.cumulative_weights, drawn)]
        if name == IDENTITY:
            return AugmentationParams()
        entry = CORRUPTIONS[self.dataset][name]
        parameters = draw_parameters(entry, self.severities, rng)
        seed = rng.getrandbits(_SEED_BITS) if entry.algorithm.draws else None
        return AugmentationParams(name, entry.algorithm.name, parameters, seed)


def make_sampler(
    dataset: str,
    corruptions: Iterable[str] | None,
    groups: Iterable[str] | None,
    exclude_groups: Iterable[str] | None,
    weights: Mapping[str, float] | None,
    identity: bool,
    severities: tuple[int, int] | range | None,
) -> Sampler:
    """The sampler of what `TargetedAugmentation` is asked for; its arguments are described there.

    Raises:
        UnknownNameError: a name that the dataset does not have.
        TypeError, ValueError: severities, weights, or nothing left to draw from.
    """
    dataset_info(dataset)  # refuses an unknown name
    entries = CORRUPTIONS[dataset]
    wanted = _known(corruptions, entries, f"{dataset} has no corruption")
    wanted_groups = _known(groups, groups_of(dataset), f"{dataset} has no group of corruptions")
    # What a dataset does not have is left out of it already: any group of the benchmark will do.
    without = _known(exclude_groups, _all_groups(), "There is no group of corruptions")
    names = [
        name
        for name, entry in entries.items()
        if (wanted is None or name in wanted)
        and (wanted_groups is None or entry.group in wanted_groups)
        and entry.group not in (without or ())
    ]
    if not names:
        raise ValueError(f"No corruption of {dataset} is left to draw from; choose fewer limits.")
    names += [IDENTITY] if identity else []
    positive = _positive_weights(names, weights or {}, dataset)
    cumulative = tuple(accumulate(positive.values()))
    return Sampler(dataset, tuple(positive), cumulative, _range(severities))


def _all_groups() -> list[str]:
    return list(dict.fromkeys(one.group for rows in CORRUPTIONS.values() for one in rows.values()))


def _known(names: Iterable[str] | None, known: Iterable[str], sentence: str) -> set[str] | None:
    if names is None:
        return None
    names = [names] if isinstance(names, str) else list(names)
    for name in names:
        if name not in known:
            raise UnknownNameError(f"{sentence} {name!r}{nearest(name, known)}")
    return set(names)


def _positive_weights(
    names: list[str], weights: Mapping[str, float], dataset: str
) -> dict[str, float]:
    """Weights above 0 by name; 1 where none is given."""
    _known(weights, names, f"A weight is given for what is not drawn from in {dataset}:")
    for name, weight in weights.items():
        if not 0 <= weight < float("inf"):
            raise ValueError(f"The weight of {name} is a number from 0 on, not {weight!r}.")
    all_weights = {name: float(weights.get(name, 1)) for name in names}
    positive = {name: weight for name, weight in all_weights.items() if weight > 0}
    if not positive:
        raise ValueError(f"All weights are 0: nothing of {dataset} is left to draw from.")
    return positive


def _range(severities: tuple[int, int] | range | None) -> tuple[int, int] | None:
    if severities is None:
        return None
    words = f"severities are the lowest and the highest, such as (1, 3), not {severities!r}."
    try:
        lowest, *_, highest = severities
    except (TypeError, ValueError) as error:
        raise TypeError(words) from error
    if lowest not in SEVERITIES or highest not in SEVERITIES or lowest > highest:
        raise ValueError(words)
    return int(lowest), int(highest)


def draw_parameters(
    corruption: Corruption, severities: tuple[int, int] | None, rng: Random
) -> tuple:
    """Parameters between those of two severities, each uniform by itself.

    Whole numbers are rounded down, so that the larger end is (almost) never reached, and odd ones to
    the next smaller odd one. Of two sizes of stain masks the smaller is taken. Zoom factors go from
    1.0 up to one drawn, in steps of a drawn size.

    Args:
        corruption: an entry of the benchmark's table.
        severities: lowest and highest, 1-5; None for 1 and the last parameters listed
            (`augmentation_upper_bound` where there is one), and zooms from 1.0.
        rng: moved by one `random()` a number drawn.
    """
    lowest, highest = severities or (1, len(corruption.severities))
    low, high = corruption.parameters(lowest), corruption.parameters(highest)
    if severities is None:
        high = corruption.augmentation_upper_bound or high
    kinds = corruption.algorithm.parameters
    return tuple(
        _between(kind, one, other, severities is None, rng)
        for kind, one, other in zip(kinds, low, high, strict=True)
    )


def _between(kind: ParameterKind, low: Any, high: Any, zoom_from_one: bool, rng: Random) -> Any:
    if kind == "zoom factors":
        return low if low == high else _factors_between(low, high, zoom_from_one, rng)
    drawn = _uniform(low, high, rng)
    if kind == "real":
        return drawn
    if kind == "mask size":
        return min(low, high)  # the size drawn, rounded down to one that there are masks of
    whole = int(drawn)
    return whole - 1 if kind == "odd" and whole % 2 == 0 else whole


def _factors_between(
    low: tuple[float, ...], high: tuple[float, ...], from_one: bool, rng: Random
) -> tuple[float, ...]:
    largest = _uniform(1.0 if from_one else low[-1], high[-1], rng)
    step = _uniform(low[1] - low[0], high[1] - high[0], rng)
    return tuple(np.arange(1.0, largest, step).tolist()) or (1.0,)


def _uniform(one_end: float, other_end: float, rng: Random) -> float:
    return one_end + (other_end - one_end) * rng.random()
