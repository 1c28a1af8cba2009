"""Models in one table: clean, by severity, BE, rBE and rank, for each dataset and in their mean.

Figures of a dataset are those of the reports. Means over datasets and ranks are taken in each resample
of the kept predictions; without these they have no interval. Rank 1 is the smallest mean balanced error
over the corruptions, over datasets of which all models have all test sets of the same images.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from medmnist_c.corruptions.table import SEVERITIES
from medmnist_c.evaluation.errors import ReportError
from medmnist_c.evaluation.metrics.names import PRIMARY
from medmnist_c.evaluation.metrics.ranks import mean_ranks
from medmnist_c.evaluation.metrics.uncertainty.resampled import Resampled, combine, mean, missing
from medmnist_c.evaluation.metrics.uncertainty.seeds import settled
from medmnist_c.evaluation.report.kept_errors import KeptErrors, check_same_images
from medmnist_c.evaluation.report.model import DatasetReport, Estimate, Report

_FIGURES = ("clean", *SEVERITIES, "corrupted", "BE", "rBE", "rBE_stable")


@dataclass(frozen=True)
class OverallRow:
    """One model. `severities` are mean balanced errors over the corruptions, `corrupted` their mean.

    `marked` says that BE and rBE compare thresholds, too (`DatasetReport.remark`).
    """

    model: str
    clean: Estimate
    severities: dict[int, Estimate]
    corrupted: Estimate
    BE: Estimate
    rBE: Estimate
    rBE_stable: Estimate
    rank: Estimate
    marked: bool


@dataclass(frozen=True)
class OverallTable:
    """Models by their mean error, best first, on one dataset or in the mean over several."""

    datasets: tuple[str, ...]
    rows: tuple[OverallRow, ...]


def overall_tables(models: Sequence[KeptErrors]) -> tuple[OverallTable, ...]:
    """One for each dataset that has corrupted test sets, and one over all that all models have."""
    having: dict[str, list[KeptErrors]] = {}
    for one in models:
        for name, found in one.report.datasets.items():
            if found.corruptions:
                having.setdefault(name, []).append(one)
    shared = [name for name, those in having.items() if len(those) == len(models)]
    several = len(models) > 1 or len(shared) > 1
    figures = {
        (one, name): _figures(one, name)
        for name, those in having.items()
        for one in those
        if several
    }
    tables = [_of_dataset(name, those, figures) for name, those in having.items()]
    if len(shared) > 1:
        tables.append(_over(shared, models, figures))
    return tuple(tables)


_Found = dict[tuple[KeptErrors, str], dict[str | int, Resampled]]  # by model and dataset


def _of_dataset(name: str, models: Sequence[KeptErrors], figures: _Found) -> OverallTable:
    ranks = _ranks(models, [name], figures)
    rows = []
    for one, rank in zip(models, ranks, strict=True):
        told = one.report.datasets[name]
        by_severity = {each.severity: each.means[PRIMARY] for each in told.severities}
        rows.append(
            OverallRow(
                one.report.name,
                told.clean.metrics[PRIMARY],
                by_severity,
                told.summary.means[PRIMARY],
                told.summary.BE,
                told.summary.rBE,
                told.summary.rBE_stable,
                Estimate.of(rank),
                told.remark is not None,
            )
        )
    return _sorted((name,), rows)


def _over(shared: list[str], models: Sequence[KeptErrors], figures: _Found) -> OverallTable:
    rows = []
    for one, rank in zip(models, _ranks(models, shared, figures), strict=True):
        of_datasets = [figures[one, name] for name in shared]
        means = {
            key: Estimate.of(mean([figure[key] for figure in of_datasets])) for key in _FIGURES
        }
        by_severity = {severity: means[severity] for severity in SEVERITIES}
        rows.append(
            OverallRow(
                one.report.name,
                means["clean"],
                by_severity,
                means["corrupted"],
                means["BE"],
                means["rBE"],
                means["rBE_stable"],
                Estimate.of(rank),
                any(one.report.datasets[name].remark for name in shared),
            )
        )
    return _sorted(tuple(shared), rows)


def _sorted(datasets: tuple[str, ...], rows: list[OverallRow]) -> OverallTable:
    def error(row: OverallRow) -> float:
        return float("inf") if row.corrupted.value is None else row.corrupted.value

    return OverallTable(datasets, tuple(sorted(rows, key=error)))


def _ranks(
    models: Sequence[KeptErrors], datasets: Sequence[str], figures: _Found
) -> list[Resampled]:
    if len(models) < 2:
        return [missing("one model")] * len(models)
    if not _same_images([one.report for one in models]):
        return [missing("other images")] * len(models)
    whole = [
        name
        for name in datasets
        if all(
            one.report.datasets[name].partial is None and one.report.datasets[name].summary.complete
            for one in models
        )
    ]
    if not whole:
        return [missing("partial")] * len(models)
    return mean_ranks(
        [
            [settled(figures[one, name]["corrupted"], one.position) for name in whole]
            for one in models
        ]
    )


def _same_images(reports: Sequence[Report]) -> bool:
    try:
        for a, b in combinations(reports, 2):
            check_same_images(a, b)
    except ReportError:
        return False
    return True


def _figures(model: KeptErrors, dataset: str) -> dict[str | int, Resampled]:
    """Those of a row, with their resamples."""
    told = model.report.datasets[dataset]
    errors = model.errors(dataset)
    clean = errors[None, None]
    by_corruption = {
        one.name: mean([errors[one.name, each.severity] for each in one.test_sets])
        for one in told.corruptions
    }
    found: dict[str | int, Resampled] = {"clean": clean}
    for severity in SEVERITIES:
        found[severity] = mean([error for (_, at), error in errors.items() if at == severity])
    found["corrupted"] = mean(list(by_corruption.values()))
    return found | _ratios(told, clean, by_corruption)


def _ratios(
    told: DatasetReport, clean: Resampled, errors: dict[str, Resampled]
) -> dict[str | int, Resampled]:
    """BE and rBE, from the errors and the baseline that the report has."""
    be, rbe = {}, {}
    for one in told.corruptions:
        base, drop = one.baseline_balanced_error, one.baseline_drop
        be[one.name], rbe[one.name] = missing(one.BE.note), missing(one.rBE.note)
        if one.BE.value is not None and base:
            be[one.name] = combine(lambda own, base=base: own / base, errors[one.name])
        if one.rBE.value is not None and drop:
            rbe[one.name] = combine(
                lambda own, at, drop=drop: (own - at) / drop, errors[one.name], clean
            )
    stable = [rbe[one.name] for one in told.corruptions if one.stable]
    found: dict[str | int, Resampled] = {}
    for key, values in (
        ("BE", list(be.values())),
        ("rBE", list(rbe.values())),
        ("rBE_stable", stable),
    ):
        estimate: Estimate = getattr(told.summary, key)
        found[key] = missing(estimate.note) if estimate.value is None else mean(values)
    return found
