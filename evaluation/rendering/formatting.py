"""Figures of a report as text, for a page and for Markdown alike."""

from medmnist_c.evaluation.report.model import DatasetReport, Estimate, Report

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


def figure(estimate: Estimate | None, signed: bool = False) -> str:
    """e.g. "0.123"; a dash where there is none."""
    if estimate is None or estimate.value is None:
        return "-"
    return f"{estimate.value:+.3f}" if signed else f"{estimate.value:.3f}"


def interval(estimate: Estimate | None, signed: bool = False) -> str:
    """e.g. "0.101-0.145"; nothing where there is none."""
    if estimate is None or estimate.value is None or estimate.low is None:
        return ""
    if signed:
        return f"{estimate.low:+.3f} to {estimate.high:+.3f}"
    return f"{estimate.low:.3f}-{estimate.high:.3f}"


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
    by_severity = {each.severity: each.means for each in one.severities}
    return [
        (name, [one.clean.metrics.get(metric), *(by_severity[s].get(metric) for s in by_severity)])
        for metric, name in METRIC_NAMES.items()
        if metric in one.clean.metrics
    ]


def notes(one: DatasetReport) -> list[str]:
    """What a dataset's figures come with, each once."""
    found: dict[str, list[str]] = {}
    test_sets = [("clean", one.clean)]
    for corruption in one.corruptions:
        test_sets += [(f"{corruption.name} {each.severity}", each) for each in corruption.test_sets]
    for where, test_set in test_sets:
        for metric, estimate in test_set.metrics.items():
            if estimate.note:
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
    if not one.summary.complete:
        lines.append(
            "Not all corruptions and severities were evaluated: means are over these only."
        )
    return lines


def provenance_rows(report: Report) -> list[tuple[str, str]]:
    """How the figures came about."""
    made = report.provenance
    rows = [
        ("model", report.name),
        ("measured against", report.baseline.name),
        ("images", made.images),
        ("medmnist_c", _known(made.medmnist_c, "images version", made.images_version)),
        ("libraries", ", ".join(f"{name} {version}" for name, version in made.libraries.items())),
        (
            "intervals",
            f"{100 * made.confidence:g} %, images resampled by class, {made.resamples} resamples",
        ),
    ]
    for name, source in made.sources.items():
        where = f"{source.count:,} images, {source.where}"
        rows.append((name, _known(where, "digest", source.digest)))
    return rows


def _known(what: str, more: str, value: str | None) -> str:
    return what if value is None else f"{what}, {more} {value}"
