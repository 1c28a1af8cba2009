"""From cells to the benchmark's figures: BE, rBE, and means by corruption, group and severity.

    BE_c  = mean_s err(s, c) / mean_s err_baseline(s, c)
    rBE_c = (mean_s err(s, c) - err_clean) / (mean_s err_baseline(s, c) - err_baseline,clean)

(MedMNIST-C, arXiv 2406.17536). A dataset's BE and rBE are the plain means over its corruptions; where
the baseline's drop is below 0.02, rBE is called unstable, and a second mean leaves it out.
"""

from collections.abc import Mapping

from medmnist_c.builder.configs import CleanConfig, Config, CorruptedConfig
from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES, Corruption
from medmnist_c.evaluation.metrics.baseline import STABLE_DROP, Baseline
from medmnist_c.evaluation.metrics.estimates import Estimate, combine, mean, missing

Measured = Mapping[str, Estimate]  # figures of a cell, by metric


def dataset_scores(cells: Mapping[Config, tuple[int, Measured]], baseline: Baseline) -> dict:
    """All figures of one dataset, as a report has them (see report.py).

    Args:
        cells: number of images and figures of each cell; the clean one is among them.
        baseline: whom to measure against.
    """
    clean = next(one for one in cells if isinstance(one, CleanConfig))
    measured = {
        one: figures for one, (_, figures) in cells.items() if isinstance(one, CorruptedConfig)
    }
    corruptions = [
        _Corruption(entry, {one.severity: f for one, f in measured.items() if one.entry is entry})
        for entry in CORRUPTIONS[clean.dataset].values()
    ]
    corruptions = [one for one in corruptions if one.cells]
    error = cells[clean][1]["balanced_error"]
    for one in corruptions:
        one.set_against(baseline, clean.dataset, error)
    count = cells[clean][0]
    return {
        "clean": _cell(None, count, cells[clean][1]),
        "corruptions": [one.to_dict(count) for one in corruptions],
        "groups": [
            {
                "name": group,
                "means": _dicts(_means([one.means for one in corruptions if one.group == group])),
            }
            for group in dict.fromkeys(one.group for one in corruptions)
        ],
        "severities": [
            {
                "severity": severity,
                "means": _dicts(
                    _means([one.cells[severity] for one in corruptions if severity in one.cells])
                ),
            }
            for severity in SEVERITIES
            if any(severity in one.cells for one in corruptions)
        ],
        "summary": _summary(clean.dataset, corruptions),
    }


class _Corruption:
    """One corruption's cells, their means, and its BE and rBE."""

    def __init__(self, entry: Corruption, cells: dict[int, Measured]) -> None:
        self.name, self.group = entry.name, entry.group
        self.cells = dict(sorted(cells.items()))
        self.means = _means(list(self.cells.values()))

    def set_against(self, baseline: Baseline, dataset: str, clean: Estimate) -> None:
        severities = tuple(self.cells)
        self.baseline_error = baseline.mean_error(dataset, self.name, severities)
        self.baseline_drop = baseline.drop(dataset, self.name, severities)
        self.stable = self.baseline_drop is not None and self.baseline_drop >= STABLE_DROP
        if self.baseline_error is None or self.baseline_drop is None:
            told = ", ".join(map(str, severities))
            self.be = self.rbe = missing(
                f"{baseline.name} is not known for severities {told} alone"
            )
            return
        error, base, drop = self.means["balanced_error"], self.baseline_error, self.baseline_drop
        self.be = missing(f"{baseline.name} makes no error here")
        if base:
            self.be = combine(lambda own: own / base, error)
        self.rbe = missing(f"{baseline.name} does not change here")
        if drop:
            note = None if self.stable else f"unstable: the drop of {baseline.name} is {drop:.4f}"
            self.rbe = combine(lambda own, at: (own - at) / drop, error, clean, note=note)

    def to_dict(self, count: int) -> dict:
        return {
            "name": self.name,
            "group": self.group,
            "cells": [_cell(s, count, figures) for s, figures in self.cells.items()],
            "BE": self.be.to_dict(),
            "rBE": self.rbe.to_dict(),
            "baseline_balanced_error": self.baseline_error,
            "baseline_drop": self.baseline_drop,
            "stable": self.stable,
            "means": _dicts(self.means),
        }


def _summary(dataset: str, corruptions: list[_Corruption]) -> dict:
    every = CORRUPTIONS[dataset]
    complete = len(corruptions) == len(every) and all(
        len(one.cells) == len(SEVERITIES) for one in corruptions
    )
    note = None if complete else f"over {len(corruptions)} of {len(every)} corruptions"
    unstable = [one.name for one in corruptions if not one.stable]
    stable = [one.rbe for one in corruptions if one.stable]
    left_out = f"without {', '.join(unstable)}" if unstable else note
    plain = f"includes unstable {', '.join(unstable)}" if unstable else note
    return {
        "BE": mean([one.be for one in corruptions], note).to_dict(),
        "rBE": mean([one.rbe for one in corruptions], plain).to_dict(),
        "rBE_stable": mean(stable, left_out).to_dict(),
        "unstable": unstable,
        "means": _dicts(_means([one.means for one in corruptions])),
        "complete": complete,
    }


def _means(several: list[Measured]) -> dict[str, Estimate]:
    """Mean of each metric."""
    return {name: mean([one[name] for one in several]) for name in (several[0] if several else ())}


def _dicts(figures: Measured) -> dict[str, dict]:
    return {name: one.to_dict() for name, one in figures.items()}


def _cell(severity: int | None, count: int, figures: Measured) -> dict:
    return {"severity": severity, "count": count, "metrics": _dicts(figures)}
