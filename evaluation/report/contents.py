"""What a rendering shows: finished reports and the comparisons of each two."""

from collections.abc import Sequence
from dataclasses import dataclass

from medmnist_c.evaluation.report.comparison import ModelComparison, NotComparable, compare_all
from medmnist_c.evaluation.report.kept_errors import kept_errors
from medmnist_c.evaluation.report.model import Report
from medmnist_c.evaluation.report.overall import OverallTable, overall_tables


@dataclass(frozen=True)
class ReportContents:
    """One or several reports, compared once; renderers take it and compute nothing."""

    reports: tuple[Report, ...]
    comparisons: tuple[ModelComparison | NotComparable, ...]
    overall: tuple[OverallTable, ...]

    @classmethod
    def of(cls, reports: Sequence[Report]) -> "ReportContents":
        models = kept_errors(reports)
        return cls(tuple(reports), compare_all(models), overall_tables(models))

    @property
    def names(self) -> str:
        return ", ".join(report.name for report in self.reports)

    def by_dataset(self) -> dict[str, list[Report]]:
        """The reports that have each dataset, in the order in which datasets come up."""
        found: dict[str, list[Report]] = {}
        for report in self.reports:
            for name in report.datasets:
                found.setdefault(name, []).append(report)
        return found
