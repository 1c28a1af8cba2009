"""Figures of a report in words, for a page and for Markdown alike."""

from collections.abc import Sequence
from itertools import combinations

from medmnist_c.evaluation.errors import ReportError
from medmnist_c.evaluation.report.comparison import Comparison, compare
from medmnist_c.evaluation.report.model import RobustnessReport

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
UNSTABLE = "unstable: AlexNet loses less than 0.02 here, so that rBE says nothing"


def figure(estimate: dict | None, signed: bool = False) -> str:
    """e.g. "0.123"; a dash where there is none."""
    if estimate is None or estimate["value"] is None:
        return "-"
    return f"{estimate['value']:+.3f}" if signed else f"{estimate['value']:.3f}"


def interval(estimate: dict | None, signed: bool = False) -> str:
    """e.g. "0.101-0.145"; nothing where there is none."""
    if estimate is None or estimate["value"] is None or estimate["low"] is None:
        return ""
    if signed:
        return f"{estimate['low']:+.3f} to {estimate['high']:+.3f}"
    return f"{estimate['low']:.3f}-{estimate['high']:.3f}"


def summary_rows(one: dict) -> list[tuple[str, dict | None, dict | None]]:
    """Name, clean figure, mean over the corruptions: for each metric of a dataset."""
    clean, corrupted = one["clean"]["metrics"], one["summary"]["means"]
    return [
        (name, clean.get(metric), corrupted.get(metric))
        for metric, name in METRIC_NAMES.items()
        if metric in clean or metric in corrupted
    ]


def notes(one: dict) -> list[str]:
    """What a dataset's figures come with, each once."""
    found: dict[str, list[str]] = {}
    cells = [("clean", one["clean"])]
    for corruption in one["corruptions"]:
        cells += [(f"{corruption['name']} {c['severity']}", c) for c in corruption["cells"]]
    for where, cell in cells:
        for metric, estimate in cell["metrics"].items():
            if estimate["note"]:
                told = f"{METRIC_NAMES.get(metric, metric)}: {estimate['note']}"
                found.setdefault(told, []).append(where)
    told = []
    for note, places in found.items():
        more = ", ..." if len(places) > 4 else ""
        where = "all test sets" if len(places) == len(cells) else ", ".join(places[:4]) + more
        told.append(f"{note} ({where})")
    if one["summary"]["unstable"]:
        told.append(
            f"rBE of {', '.join(one['summary']['unstable'])} is {UNSTABLE}; the mean is given with "
            "and without."
        )
    if not one["summary"]["complete"]:
        told.append("Not all corruptions and severities were evaluated: means are over these only.")
    return told


def provenance_rows(report: RobustnessReport) -> list[tuple[str, str]]:
    """How the figures came about."""
    told = report.data["provenance"]
    libraries = told.get("libraries", {})
    sources = told.get("sources", {})
    rows = [
        ("model", report.name),
        ("measured against", report.data["baseline"]["name"]),
        ("images", str(told.get("images", "?"))),
        ("medmnist_c", _known(told.get("medmnist_c"), "code", told.get("code_digest"))),
        ("libraries", ", ".join(f"{name} {version}" for name, version in libraries.items())),
        (
            "intervals",
            f"{100 * told.get('confidence', 0.95):g} %, bootstrap over images, "
            f"{told.get('resamples', '?')} resamples",
        ),
    ]
    for name, source in sources.items():
        where = f"{source['count']:,} images, {source['where']}"
        rows.append((name, _known(where, "digest", source["digest"])))
    return rows


def _known(what: str | None, more: str, value: str | None) -> str:
    return ", ".join([*filter(None, [what]), *([f"{more} {value}"] if value else [])])


def datasets_of(reports: Sequence[RobustnessReport]) -> dict[str, list[RobustnessReport]]:
    """By dataset, the reports that have it."""
    found: dict[str, list[RobustnessReport]] = {}
    for report in reports:
        for name in report.datasets:
            found.setdefault(name, []).append(report)
    return found


def comparisons(reports: Sequence[RobustnessReport]) -> list[Comparison | str]:
    """Of each two reports; why not, where they cannot be paired."""
    found: list[Comparison | str] = []
    for a, b in combinations(reports, 2):
        try:
            found.append(compare(a, b))
        except ReportError as error:
            found.append(str(error))
    return found
