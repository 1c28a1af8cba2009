"""Figures of a report as text, for a page and for Markdown alike."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES
from medmnist_c.evaluation.metrics.names import PRIMARY, recall_of
from medmnist_c.evaluation.report.contents import ReportContents
from medmnist_c.evaluation.report.model import (
    CorruptionReport,
    DatasetReport,
    Estimate,
    OperatingPoint,
    Report,
)
from medmnist_c.evaluation.report.overall import OverallTable

METRIC_NAMES = {
    "balanced_error": "balanced error",
    "accuracy": "accuracy",
    "auc": "AUC (macro)",
    "worst_class_recall": "recall of the worst class",
    "ece": "ECE (15 bins)",
    "nll": "NLL",
    "brier": "Brier score",
    "kappa": "quadratic kappa",
}
FURTHER_NAMES = {
    "macro_f1": "macro F1",
    "adaptive_ece": "ECE, bins of equal numbers",
    "tempered_ece": "ECE at the fitted temperature",
    "tempered_nll": "NLL at the fitted temperature",
    "tempered_brier": "Brier score at the fitted temperature",
    "aurc": "AURC",
    "augrc": "AUGRC",
    "risk_at_80": "risk at 80 % coverage",
    "failure_auroc": "AUROC of failures",
    "ood_auroc": "AUROC of corrupted against clean",
}
MARK = "\u2020"  # at BE and rBE where the baseline's thresholds are of another kind
UNSTABLE = "unstable: AlexNet loses less than 0.02 here, so that rBE says nothing"


def figure(estimate: Estimate | None, signed: bool = False) -> str:
    """e.g. "0.123"; a dash where there is none."""
    if estimate is None or estimate.value is None:
        return "-"
    return f"{estimate.value:+.3f}" if signed else f"{estimate.value:.3f}"


def interval(estimate: Estimate | None, signed: bool = False) -> str:
    """e.g. "0.101-0.145"; nothing where there is none."""
    if estimate is None or estimate.value is None or estimate.low is None:
        return ""
    sd = "" if estimate.sd is None else f", SD {estimate.sd:.3f}"
    if signed:
        return f"{estimate.low:+.3f} to {estimate.high:+.3f}{sd}"
    return f"{estimate.low:.3f}-{estimate.high:.3f}{sd}"


def severity_lost(estimate: Estimate) -> str:
    """The severity at which a model loses too much, e.g. "3"; "none" where it never does."""
    return "-" if estimate.value is None else _severity(estimate.value)


def severity_lost_interval(estimate: Estimate) -> str:
    """e.g. "2 to none"; nothing where there is none."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return ""
    return f"{_severity(estimate.low)} to {_severity(estimate.high)}"


def _severity(value: float) -> str:
    return "none" if value > SEVERITIES[-1] else f"{value:g}"


def rank(estimate: Estimate) -> tuple[str, str]:
    """A rank and its interval, e.g. "1.5" and "1-2"."""
    if estimate.value is None:
        return "-", estimate.note or ""
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.3g}", ""
    return f"{estimate.value:.3g}", f"{estimate.low:.3g}-{estimate.high:.3g}"


@dataclass(frozen=True)
class OverallCells:
    """A row of the overall table.

    orders: its place when sorted by each column, as properties of CSS.
    """

    model: str
    estimates: tuple[Estimate | None, ...]
    rank: Estimate | None
    mark: str
    orders: str


def overall_columns(table: OverallTable, several: bool) -> list[str]:
    """Heads of the figures; ranks where there are several models."""
    columns = ["clean", *map(str, SEVERITIES), "mean", "BE", "rBE"]
    if _has_unstable(table):
        columns.append("rBE, stable")
    return [*columns, *(["mean rank" if len(table.datasets) > 1 else "rank"] if several else [])]


def overall_cells(table: OverallTable, several: bool) -> list[OverallCells]:
    """The models with their figures, in the table's order."""
    rows = []
    for row in table.rows:
        estimates = [
            row.clean,
            *map(row.severities.get, SEVERITIES),
            row.corrupted,
            row.BE,
            row.rBE,
        ]
        estimates += [row.rBE_stable] * _has_unstable(table)
        rows.append(estimates)
    columns = [list(column) for column in zip(*rows, strict=True)]
    columns += [[row.rank for row in table.rows]] * several
    orders = _orders(columns)
    return [
        OverallCells(
            row.model,
            tuple(estimates),
            row.rank if several else None,
            MARK if row.marked else "",
            own,
        )
        for row, estimates, own in zip(table.rows, rows, orders, strict=True)
    ]


def corruption_rows(one: DatasetReport) -> list[tuple[CorruptionReport, str]]:
    """The corruptions, each with its place when sorted by a column, as properties of CSS."""
    columns: list[list[Estimate | None]] = [
        [each.by_severity().get(severity) for each in one.corruptions] for severity in SEVERITIES
    ]
    columns.append([each.means.get(PRIMARY) for each in one.corruptions])
    columns += [[each.BE for each in one.corruptions], [each.rBE for each in one.corruptions]]
    return list(zip(one.corruptions, _orders(columns), strict=True))


def _orders(columns: Sequence[list[Estimate | None]]) -> list[str]:
    """For each row its place by each column."""
    orders = [_order(column) for column in columns]
    return [
        ";".join(f"--o{n}:{order[place]}" for n, order in enumerate(orders, 1))
        for place in range(len(columns[0]))
    ]


def _has_unstable(table: OverallTable) -> bool:
    return any(row.rBE != row.rBE_stable for row in table.rows)


def _order(column: list[Estimate | None]) -> list[int]:
    """The place of each when sorted, smallest first, missing ones last."""
    values = [math.inf if one is None or one.value is None else one.value for one in column]
    ordered = sorted(range(len(values)), key=lambda place: values[place])
    return [ordered.index(place) for place in range(len(values))]


def overall_notes(contents: ReportContents) -> list[str]:
    """What the overall tables come with."""
    lines = []
    if len(contents.reports) > 1:
        lines.append(
            "Models are sorted by their mean over the corruptions, of which the rank is, too; its "
            "interval is over images that all models share."
        )
    lines += dict.fromkeys(
        f"{MARK} {one.remark}."
        for report in contents.reports
        for one in report.datasets.values()
        if one.remark
    )
    partial = [
        f"{report.name} on {name}"
        for report in contents.reports
        for name, one in report.datasets.items()
        if one.partial or not one.summary.complete
    ]
    if partial:
        more = f" and {len(partial) - 4} more" if len(partial) > 4 else ""
        lines.append(f"Partial, so without BE, rBE and ranks: {', '.join(partial[:4])}{more}.")
    return lines


def summary_rows(one: DatasetReport) -> list[tuple[str, Estimate | None, Estimate | None]]:
    """Name, clean figure, mean over the corruptions: for each metric of a dataset."""
    clean, corrupted = one.clean.metrics, one.summary.means
    return [
        (name, clean.get(metric), corrupted.get(metric))
        for metric, name in METRIC_NAMES.items()
        if metric in clean or metric in corrupted
    ]


def severity_rows(one: DatasetReport) -> list[tuple[str, list[Estimate | None]]]:
    """By metric: the clean figure, then the mean over corruptions at each severity."""
    return _by_severity(one, METRIC_NAMES)


def further_rows(one: DatasetReport) -> list[tuple[str, list[Estimate | None]]]:
    """The same of the further metrics, and of the recall of each class."""
    recalls = {recall_of(number): f"recall of {name}" for number, name in enumerate(one.classes)}
    return _by_severity(one, FURTHER_NAMES | recalls)


def _by_severity(
    one: DatasetReport, names: Mapping[str, str]
) -> list[tuple[str, list[Estimate | None]]]:
    columns = [one.clean.metrics, *(each.means for each in one.severities)]
    return [
        (name, [column.get(metric) for column in columns])
        for metric, name in names.items()
        if any(metric in column for column in columns)
    ]


def notes(one: DatasetReport) -> list[str]:
    """What a dataset's figures come with, each once."""
    found: dict[str, list[str]] = {}
    test_sets = [("clean", one.clean)]
    for corruption in one.corruptions:
        test_sets += [(f"{corruption.name} {each.severity}", each) for each in corruption.test_sets]
    for where, test_set in test_sets:
        for metric, estimate in test_set.metrics.items():
            if estimate.note and metric in METRIC_NAMES:
                note = f"{METRIC_NAMES[metric]}: {estimate.note}"
                found.setdefault(note, []).append(where)
    lines = []
    for note, having in found.items():
        more = ", ..." if len(having) > 4 else ""
        where = "all test sets" if len(having) == len(test_sets) else ", ".join(having[:4]) + more
        lines.append(f"{note} ({where})")
    if one.summary.unstable:
        lines.append(
            f"rBE of {', '.join(one.summary.unstable)} is {UNSTABLE}; the mean is given with "
            "and without."
        )
    if one.remark:
        lines.append(f"{MARK} {one.remark}.")
    if one.temperature is not None:
        lines.append(
            f"Fitted temperature: {one.temperature:.3g}, of the smallest NLL on clean validation images."
        )
    if one.partial:
        lines.append(f"Partial, {one.partial}: no BE, rBE and ranks, which are of whole test sets.")
    if lacks_test_sets(one):
        lines.append(
            "Not all corruptions and severities were evaluated: means are over these only."
        )
    return lines


def lacks_test_sets(one: DatasetReport) -> bool:
    """Whether not all corruptions and severities were evaluated."""
    found = {each.name: len(each.test_sets) for each in one.corruptions}
    return found != dict.fromkeys(CORRUPTIONS[one.dataset], len(SEVERITIES))


def provenance_rows(report: Report) -> list[tuple[str, str]]:
    """How the figures came about."""
    made = report.provenance
    rows = [
        ("model", report.name),
        *([("fingerprint", report.model.fingerprint)] if report.model.fingerprint else []),
        *((f"model, {name}", value) for name, value in report.model.made.items()),
        ("measured against", report.baseline.name),
        ("scores", "logits, as given" if made.logits else "probabilities"),
        ("images", made.images),
        ("medmnist_c", _known(made.medmnist_c, "images version", made.images_version)),
        ("libraries", ", ".join(f"{name} {version}" for name, version in made.libraries.items())),
        (
            "intervals",
            f"{100 * made.confidence:g} %, images resampled by class, {made.resamples} resamples; "
            + _trainings(report),
        ),
    ]
    for name, source in made.sources.items():
        where = f"{source.count:,} images, {source.where}"
        rows.append((name, _known(where, "digest", source.digest)))
        one = report.datasets[name]
        rows.append((f"{name}, independence", _independence(one)))
        for number, point in enumerate(one.operating_points):
            seed = f", {report.model.seeds[number]}" if report.model.seeds else ""
            rows.append((f"{name}, thresholds{seed}", thresholds(one, point)))
    return rows


def thresholds(one: DatasetReport, point: OperatingPoint) -> str:
    """Which thresholds, and from what, e.g. "0.431: of best balanced accuracy on 78 images"."""
    values = [f"{value:.4g}" for value in point.thresholds]
    if len(values) > 1:
        named = zip(one.classes, values, strict=True)
        values = [f"{label} {value}" for label, value in named]
    if point.kind == "given" or one.validation is None:
        return f"{', '.join(values)} (given)"
    made = one.validation
    count = f"{made.count:,}"
    if made.count != made.official:
        count += f" of {made.official:,}"
    where = _known(made.where, "digest", made.digest)
    best = "each of best balanced accuracy" if len(values) > 1 else "of best balanced accuracy"
    return f"{', '.join(values)}: {best} on {count} clean validation images ({where})"


def _independence(one: DatasetReport) -> str:
    if one.clusters is not None:
        return f"{one.clusters:,} groups of images, resampled as wholes"
    return (
        "each image taken to stand for itself; MedMNIST does not tell which are of one patient or "
        "volume, and where some are, intervals are too short"
    )


def _trainings(report: Report) -> str:
    seeds = report.model.seeds
    if not seeds:
        return "one training: what another one would give is not in them"
    return f"over {len(seeds)} trainings ({', '.join(seeds)}); SD is their standard deviation"


def _known(what: str, more: str, value: str | None) -> str:
    return what if value is None else f"{what}, {more} {value}"
