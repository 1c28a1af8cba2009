"""An entry of the leaderboard: a model, where its figures are from, and the figures."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from medmnist_c.corruptions.table import CORRUPTIONS, corruptions_of
from medmnist_c.evaluation.metrics.names import PRIMARY
from medmnist_c.evaluation.rendering.formatting import provenance_rows
from medmnist_c.evaluation.report.model import DatasetReport, Estimate, GroupReport, Report
from medmnist_c.pages.leaderboard.figures import DatasetFigures, Scope, mean_scope, mean_value
from medmnist_c.pages.leaderboard.kinds import REPORTED, kind_of

Origin = Literal["report", "release", "hub"]


@dataclass(frozen=True)
class Entry:
    """One row.

    name, kind: of the model; `origin` says where its figures are from.
    trainings: over how many they are.
    datasets: its figures.
    remarks: why BE and rBE compare thresholds, too, by dataset.
    provenance: how they came about, in words, as names and values.
    report: behind them, where there is one.
    """

    name: str
    kind: str
    origin: Origin
    datasets: Mapping[str, DatasetFigures]
    trainings: int = 1
    remarks: Mapping[str, str] = field(default_factory=dict)
    provenance: tuple[tuple[str, str], ...] = ()
    report: Report | None = None

    @property
    def overall(self) -> Mapping[str, Scope]:
        """Means over the twelve datasets, by group and under "" over all; empty where one is missing.

        That of a group is over the datasets that have it.
        """
        if set(self.datasets) != set(CORRUPTIONS):
            return {}
        several = list(self.datasets.values())
        groups = dict.fromkeys(group for one in several for group in one.groups)
        of_groups = {
            group: mean_scope(one.groups[group] for one in several if group in one.groups)
            for group in groups
        }
        return {"": mean_scope(one.over_all for one in several)} | of_groups

    @classmethod
    def of(cls, report: Report) -> "Entry":
        """That of a report that was checked."""
        return cls(
            name=report.name,
            kind=kind_of(report.model, REPORTED),
            origin="report",
            datasets={name: _figures(one) for name, one in report.datasets.items()},
            trainings=max(1, len(report.model.seeds)),
            remarks={n: one.remark for n, one in report.datasets.items() if one.remark},
            provenance=tuple(provenance_rows(report)),
            report=report,
        )


def _figures(one: DatasetReport) -> DatasetFigures:
    summary = one.summary
    over_all = Scope(
        summary.means[PRIMARY],
        summary.BE,
        summary.rBE,
        summary.rBE_stable,
        tuple(each.means[PRIMARY] for each in one.severities),
    )
    corruptions = {
        each.name: Scope(
            each.means[PRIMARY],
            each.BE,
            each.rBE,
            each.rBE if each.stable else Estimate(None),
            tuple(test_set.metrics[PRIMARY] for test_set in each.test_sets),
        )
        for each in one.corruptions
    }
    groups = {group.name: _of_group(group, one.dataset, corruptions) for group in one.groups}
    return DatasetFigures(one.clean.metrics[PRIMARY], over_all, groups, corruptions)


def _of_group(group: GroupReport, dataset: str, corruptions: Mapping[str, Scope]) -> Scope:
    """A report has a group's rBE over the stable corruptions, and no severities of groups."""
    own = [corruptions[name] for name in corruptions_of(dataset, group.name)]
    columns = zip(*(one.severities for one in own), strict=True)
    return Scope(
        group.means[PRIMARY],
        group.BE,
        mean_value(one.rBE for one in own),
        group.rBE,
        tuple(mean_value(column) for column in columns),
    )
