"""An entry's figures: of each dataset over all corruptions, over a group, and of each one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from medmnist_c.evaluation.report.model import Estimate

NONE = Estimate(None)


@dataclass(frozen=True)
class Scope:
    """Means over some corruptions of a dataset.

    error: balanced error over all severities; `severities` that of each, from 1, empty where not known.
    BE, rBE: against AlexNet; `stable` is rBE without the corruptions under which AlexNet hardly loses.
    """

    error: Estimate
    BE: Estimate
    rBE: Estimate
    stable: Estimate
    severities: tuple[Estimate, ...] = ()


@dataclass(frozen=True)
class DatasetFigures:
    """Of one dataset: clean, over all corruptions, by group and by corruption."""

    clean: Estimate
    over_all: Scope
    groups: Mapping[str, Scope]
    corruptions: Mapping[str, Scope]


def mean(estimates: Iterable[Estimate]) -> Estimate:
    """The mean of independent figures; without an interval where one has none.

    Half widths add up in quadrature: right where the figures are of different images, as those of
    several datasets are.
    """
    known = list(estimates)
    values = [one.value for one in known if one.value is not None]
    if not known or len(values) < len(known):
        return NONE
    value = sum(values) / len(values)
    below, above = 0.0, 0.0
    for one in known:
        if one.value is None or one.low is None or one.high is None:
            return Estimate(value)
        below += (one.value - one.low) ** 2
        above += (one.high - one.value) ** 2
    return Estimate(value, value - below**0.5 / len(known), value + above**0.5 / len(known))


def mean_value(estimates: Iterable[Estimate]) -> Estimate:
    """The mean of figures of the same images, without the interval, which their resamples would tell."""
    return Estimate(mean(estimates).value)


def mean_scope(scopes: Iterable[Scope]) -> Scope:
    """Of one scope over several datasets."""
    several = list(scopes)
    severities: tuple[Estimate, ...] = ()
    if all(one.severities for one in several):
        severities = tuple(
            mean(column) for column in zip(*(one.severities for one in several), strict=True)
        )
    return Scope(
        mean(one.error for one in several),
        mean(one.BE for one in several),
        mean(one.rBE for one in several),
        mean(one.stable for one in several),
        severities,
    )
