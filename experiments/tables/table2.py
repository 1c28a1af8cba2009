"""Table 2: how robust networks are."""

from collections.abc import Mapping

from medmnist_c.corruptions.table import SEVERITIES, groups_of
from medmnist_c.evaluation.robustness_report import RobustnessReport
from medmnist_c.experiments.protocol import Protocol
from medmnist_c.experiments.runs import Run, table2_runs
from medmnist_c.experiments.tables.figures import Figure, Measured, mean_of, over_seeds
from medmnist_c.experiments.tables.table import Row, Table

Scores = dict[tuple[str, str], float | None]  # of one training, by (scope, metric)
_GROUPS = ("digital", "noise", "blur", "color", "task-specific")
MEAN = "mean"


def table2(protocol: Protocol, reports: Mapping[Run, RobustnessReport]) -> Table:
    """From the reports of runs that are finished; the others leave gaps."""
    wanted: dict[tuple[str, str], list[Run]] = {}
    for run in table2_runs(protocol):
        wanted.setdefault((run.dataset, run.architecture), []).append(run)
    baselines = {
        dataset: _baseline([reports[run] for run in runs if run in reports], dataset)
        for (dataset, architecture), runs in wanted.items()
        if architecture == protocol.runs.table2_baseline
    }
    scores = {
        (run.dataset, run.architecture, run.seed): _scores(
            reports[run], run.dataset, baselines.get(run.dataset)
        )
        for runs in wanted.values()
        for run in runs
        if run in reports
    }
    rows = [
        _row(
            dataset,
            architecture,
            [
                scores[dataset, architecture, run.seed]
                for run in runs
                if (dataset, architecture, run.seed) in scores
            ],
            len(runs),
        )
        for (dataset, architecture), runs in wanted.items()
    ]
    rows += _means(protocol, scores)
    own = protocol.runs.table2_baseline
    return Table(
        "table2",
        f"Table 2: robustness of networks, protocol {protocol.name}",
        "network",
        tuple(rows),
        _shown(),
        (
            "Errors are balanced errors in per cent, clean and in the mean over corruptions.",
            "BE and rBE (release) are against the release's AlexNet; they need whole test sets.",
            f"BE and rBE (own) are against the mean of the {own} trained here, on the same images.",
            "Groups and severities: BE against the own baseline. Mean ± standard deviation over seeds.",
        ),
        frozenset({"error"}),
    )


def _shown() -> dict[tuple[str, str], str]:
    shown = {("clean", "error"): "clean", ("all", "error"): "corrupted"}
    shown |= {("all", f"{one} (release)"): f"{one} (release)" for one in ("BE", "rBE")}
    shown |= {("all", f"{one} (own)"): f"{one} (own)" for one in ("BE", "rBE")}
    shown |= {(f"group {name}", "BE (own)"): name for name in _GROUPS}
    return shown | {(f"severity {number}", "BE (own)"): f"S{number}" for number in SEVERITIES}


def _baseline(reports: list[RobustnessReport], dataset: str) -> Measured | None:
    measured = [Measured.of(report, dataset) for report in reports]
    known = [one for one in measured if one is not None]
    return mean_of(known) if known else None


def _scores(report: RobustnessReport, dataset: str, baseline: Measured | None) -> Scores:
    one, measured = report.datasets[dataset], Measured.of(report, dataset)
    summary = one.summary
    found: Scores = {
        ("all", "BE (release)"): summary.BE.value,
        ("all", "rBE (release)"): summary.rBE.value,
        ("all", "rBE_stable (release)"): summary.rBE_stable.value,
    }
    for group in one.groups:
        found[f"group {group.name}", "BE (release)"] = group.BE.value
        found[f"group {group.name}", "rBE (release)"] = group.rBE.value
    if measured is None:
        return found
    found[("clean", "error")] = measured.clean
    scopes: dict[str, tuple[list[str] | None, int | None]] = {"all": (None, None)}
    scopes |= {f"group {name}": (measured.group(name), None) for name in groups_of(dataset)}
    scopes |= {f"severity {number}": (None, number) for number in SEVERITIES}
    for scope, limits in scopes.items():
        found[scope, "error"] = measured.mean(*limits)
        if baseline is not None:
            for metric, value in measured.ratios(baseline, *limits).items():
                found[scope, f"{metric} (own)"] = value
    return found


def _row(dataset: str, architecture: str, scores: list[Scores], wanted: int) -> Row:
    keys = dict.fromkeys(key for one in scores for key in one)
    figures: dict[tuple[str, str], Figure | None]
    figures = {key: over_seeds(one.get(key) for one in scores) for key in keys}
    return Row(dataset, architecture, len(scores), wanted, figures)


def _means(protocol: Protocol, scores: Mapping[tuple[str, str, int], Scores]) -> list[Row]:
    """Over the datasets, seed by seed, of networks that have all of them."""
    runs = protocol.runs
    rows = []
    for architecture in runs.table2_architectures if len(runs.datasets) > 1 else ():
        found = []
        for seed in runs.seeds:
            own = [scores.get((dataset, architecture, seed)) for dataset in runs.datasets]
            whole = [one for one in own if one is not None]
            if len(whole) == len(own):
                found.append(_mean_scores(whole))
        rows.append(_row(MEAN, architecture, found, len(runs.seeds)))
    return rows


def _mean_scores(several: list[Scores]) -> Scores:
    """Of a group, over the datasets that have it."""
    found: Scores = {}
    for key in dict.fromkeys(key for one in several for key in one):
        values = [one[key] for one in several if key in one]
        known = [value for value in values if value is not None]
        found[key] = sum(known) / len(known) if len(known) == len(values) else None
    return found
