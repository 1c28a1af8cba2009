"""Two models side by side: differences of balanced error, paired by image."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from medmnist_c.builder.configs import CleanConfig, Config, CorruptedConfig
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.corruptions.table import CORRUPTIONS
from medmnist_c.evaluation.errors import ReportError
from medmnist_c.evaluation.metrics.estimates import Estimate, combine, mean
from medmnist_c.evaluation.metrics.test_set import answered, balanced_error
from medmnist_c.evaluation.predictions.folder import open_predictions
from medmnist_c.evaluation.report.model import RobustnessReport


@dataclass(frozen=True)
class Comparison:
    """Differences of balanced error, b - a: negative where b is better.

    Both models are resampled with the same images, so that what both find hard cancels out; the
    interval of a difference is narrower than the two models' own.
    """

    a: str
    b: str
    differences: Mapping[Config, Estimate]

    @cached_property
    def _datasets(self) -> list[dict]:
        told = []
        for dataset in dict.fromkeys(one.dataset for one in self.differences):
            corrupted = {
                c: d for c, d in self.differences.items() if isinstance(c, CorruptedConfig)
            }
            rows = [
                (entry, {c.severity: d for c, d in corrupted.items() if c.entry is entry})
                for entry in CORRUPTIONS[dataset].values()
            ]
            rows = [(entry, cells, mean(list(cells.values()))) for entry, cells in rows if cells]
            told.append(
                {
                    "dataset": dataset,
                    "clean": self.differences[CleanConfig(dataset)].to_dict(),
                    "corruptions": [
                        {
                            "name": entry.name,
                            "group": entry.group,
                            "cells": [
                                {"severity": severity, "difference": one.to_dict()}
                                for severity, one in cells.items()
                            ],
                            "mean": average.to_dict(),
                        }
                        for entry, cells, average in rows
                    ],
                    "mean": mean([average for _, _, average in rows]).to_dict(),
                }
            )
        return told

    def to_dict(self) -> dict:
        """Plain data: names of a and b; by dataset the clean difference, each cell's, and means."""
        return {"a": self.a, "b": self.b, "datasets": self._datasets}


def compare(a: RobustnessReport, b: RobustnessReport) -> Comparison:
    """Paired differences, b - a, over the cells that both have.

    Raises:
        ReportError: no predictions are kept, nothing is in common, or the images differ.
    """
    for report in (a, b):
        if report.predictions is None or not report.predictions.exists():
            raise ReportError(
                f"The predictions of {report.name} are not there ({report.predictions}), which a paired "
                "comparison needs; evaluate with predictions=FOLDER and keep it beside the report."
            )
    _check_same_images(a, b)
    stores = [open_predictions(report.predictions) for report in (a, b)]
    shared = set(_reported(a)) & set(_reported(b))
    differences = {}
    for cell in (one for one in stores[0].cells() if one in shared):
        predicted = [
            store.read(cell, logits=report.data["provenance"].get("logits", False))
            for store, report in zip(stores, (a, b), strict=True)
        ]
        labels = [one.labels for one in predicted]
        if any(one is None for one in labels) or not np.array_equal(*labels):
            raise ReportError(
                f"The labels of {cell.name} are not the same for {a.name} and {b.name} (or not kept), "
                "so they cannot be paired."
            )
        errors = [
            balanced_error(
                answered(
                    dataset_info(cell.dataset),
                    one.labels,
                    one.scores,
                    report.data["provenance"]["threshold"],
                )
            )
            for one, report in zip(predicted, (a, b), strict=True)
        ]
        differences[cell] = combine(lambda of_a, of_b: of_b - of_a, *errors)
    return Comparison(a.name, b.name, differences)


def _reported(report: RobustnessReport) -> list[Config]:
    return [
        CleanConfig(dataset)
        if corruption is None
        else CorruptedConfig(dataset, corruption, severity)
        for dataset in report.datasets
        for corruption, severity in report.table(dataset)
    ]


def _check_same_images(a: RobustnessReport, b: RobustnessReport) -> None:
    shared = [name for name in a.datasets if name in b.datasets]
    if not shared:
        raise ReportError(f"{a.name} and {b.name} have no dataset in common.")
    one, other = a.data["provenance"], b.data["provenance"]
    same = one["images"] == other["images"]
    for name in shared:
        digests = [p["sources"][name]["digest"] for p in (one, other)]
        same = same and (None in digests or digests[0] == digests[1])
    if not same:
        raise ReportError(
            f"{a.name} was scored on other images ({one['images']}) than {b.name} "
            f"({other['images']}), or on other clean ones; evaluate both on the same."
        )
