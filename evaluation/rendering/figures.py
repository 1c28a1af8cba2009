"""Images of reports: severity curves, heat maps, bars by group. Same report, same bytes."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES
from medmnist_c.evaluation.metrics.names import PRIMARY
from medmnist_c.evaluation.report.contents import ReportContents
from medmnist_c.evaluation.report.model import Estimate, Report

# Colours of Okabe and Ito, told apart by the colour-blind; lines and marks tell them apart in grey.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_LINES = ("-", "--", ":", "-.")
_MARKS = "osD^vP*"
_STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["Helvetica", "Arial", "Liberation Sans", "DejaVu Sans"],
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.fonttype": "none",  # text that can be searched and read aloud
    "pdf.fonttype": 42,
    "svg.hashsalt": "medmnist_c",
    "text.parse_math": False,  # a name with dollar signs is a name
    "text.usetex": False,
}
_COLUMNS = 4
Table = Mapping[tuple[str | None, int | None], Estimate]
_LONGEST_NAME = 60  # characters of a model's name in a legend


@dataclass(frozen=True)
class DatasetFigures:
    """The figures of one dataset; `heat_maps` has one for each report that has corruptions, and so has
    `reliability`, if answers were counted by confidence (a report over several trainings has no counts).
    """

    severities: Figure
    groups: Figure
    heat_maps: tuple[Figure, ...]
    reliability: tuple[Figure, ...]

    def named(self) -> dict[str, Figure]:
        """By the end of their files' names."""
        found = {"severities": self.severities, "groups": self.groups}
        for name, several in (("heat", self.heat_maps), ("reliability", self.reliability)):
            for number, one in enumerate(several, 1):
                found[name if len(self.heat_maps) == 1 else f"{name}-{number}"] = one
        return found


def draw(contents: ReportContents) -> dict[str, DatasetFigures]:
    """By dataset; a dataset of which only the clean test set was evaluated has no figures."""
    drawn = {}
    for dataset, having in contents.by_dataset().items():
        reports = [report for report in having if report.datasets[dataset].corruptions]
        if reports:
            drawn[dataset] = DatasetFigures(
                severity_curves(reports, dataset),
                group_bars(reports, dataset),
                tuple(heat_map(report, dataset) for report in reports),
                _reliability(reports, dataset),
            )
    return drawn


def severity_curves(reports: Sequence[Report], dataset: str) -> Figure:
    """Balanced error over severity, a panel a corruption, 0 being clean; bands are 95 % intervals.

    Args:
        reports: one or several that have the dataset; each is a line.
        dataset: its name.
    """
    names = _corruptions(reports, dataset)
    columns = min(_COLUMNS, len(names))
    rows = -(-len(names) // columns)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(2.3 * columns + 0.4, 1.75 * rows + 0.7), layout="constrained")
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for panel in panels.flat[len(names) :]:
            panel.set_axis_off()
        for place, (name, panel) in enumerate(zip(names, panels.flat, strict=False)):
            for number, report in enumerate(reports):
                _curve(panel, report.table(dataset, PRIMARY), name, number, report.name)
            panel.set_title(name, fontsize=9)
            panel.set_xticks((0, *SEVERITIES), ("clean", *map(str, SEVERITIES)))
            panel.tick_params(labelsize=7.5)
            panel.grid(axis="y", linewidth=0.4, color="#cccccc")
            if place + columns >= len(names):
                panel.tick_params(labelbottom=True)
        panels[0, 0].set_ylim(bottom=0)
        figure.supxlabel("severity", fontsize=9)
        figure.supylabel("balanced error", fontsize=9)
        figure.legend(
            *panels[0, 0].get_legend_handles_labels(),
            loc="outside upper left",
            ncols=_legend_columns(reports, figure),
            frameon=False,
        )
    return figure


def _curve(panel: Axes, table: Table, corruption: str, number: int, label: str) -> None:
    found = {0: table[None, None]}
    found |= {s: table[corruption, s] for s in SEVERITIES if (corruption, s) in table}
    points = {s: one.value for s, one in found.items() if one.value is not None}
    colour = COLOURS[number % len(COLOURS)]
    panel.plot(
        list(points),
        list(points.values()),
        color=colour,
        linestyle=_LINES[number % len(_LINES)],
        marker=_MARKS[number % len(_MARKS)],
        markersize=3,
        linewidth=1.2,
        label=_legend_name(label),
    )
    bands = [
        (s, one.low, one.high)
        for s, one in found.items()
        if one.value is not None and one.low is not None and one.high is not None
    ]
    panel.fill_between(
        [severity for severity, _, _ in bands],
        [low for _, low, _ in bands],
        [high for _, _, high in bands],
        color=colour,
        alpha=0.18,
        linewidth=0,
    )


def heat_map(report: Report, dataset: str) -> Figure:
    """Balanced error as figures on a shade of grey-blue, corruption by severity."""
    table = report.table(dataset, PRIMARY)
    names = _corruptions([report], dataset)
    columns = [None, *SEVERITIES]
    found = [
        [table.get((None, None) if s is None else (name, s)) for s in columns] for name in names
    ]
    values = [[None if one is None else one.value for one in row] for row in found]
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(5.6, 0.29 * len(names) + 1.0), layout="constrained")
        axes = figure.subplots()
        shade = mpl.colormaps["Blues"]
        shades = [[float("nan") if v is None else v for v in row] for row in values]
        axes.pcolormesh(shades, cmap=shade, vmin=0, vmax=1, edgecolors="white", linewidth=1)
        axes.invert_yaxis()
        for y, row in enumerate(values):
            for x, value in enumerate(row):
                text = "-" if value is None else f"{value:.3f}"
                dark = value is not None and value > 0.55
                axes.text(
                    x + 0.5, y + 0.5, text, ha="center", va="center", color="w" if dark else "k"
                )
        axes.set_xticks([x + 0.5 for x in range(len(columns))], ["clean", *map(str, SEVERITIES)])
        axes.set_yticks([y + 0.5 for y in range(len(names))], names)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_xlabel("severity")
        axes.set_title(
            f"{_legend_name(report.name)}, {dataset}: balanced error", fontsize=9, loc="left"
        )
    return figure


def _reliability(reports: Sequence[Report], dataset: str) -> tuple[Figure, ...]:
    """Of each report, or of none: where one has no counts the figures could not be told apart."""
    if not all(report.datasets[dataset].reliability for report in reports):
        return ()
    return tuple(reliability_diagram(report, dataset) for report in reports)


def reliability_diagram(report: Report, dataset: str) -> Figure:
    """Accuracy by confidence, a line for the clean images and each severity; dots as large as counts."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(4.6, 4.2), layout="constrained")
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color="#888888", linewidth=0.8)
        shades = mpl.colormaps["viridis"].reversed()
        for one in report.datasets[dataset].reliability:
            bins = [each for each in one.bins if each.confidence is not None]
            total = sum(each.count for each in bins)
            colour = "#000000" if one.severity is None else shades((one.severity + 0.5) / 6.5)
            confidences = [each.confidence for each in bins if each.confidence is not None]
            accuracies = [each.accuracy for each in bins if each.accuracy is not None]
            label = "clean" if one.severity is None else f"severity {one.severity}"
            axes.plot(confidences, accuracies, color=colour, linewidth=1.1, label=label)
            sizes = [6 + 60 * each.count / total for each in bins]
            axes.scatter(confidences, accuracies, s=sizes, color=[colour], alpha=0.8, linewidth=0)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.set_aspect("equal")
        axes.set_xlabel("confidence")
        axes.set_ylabel("accuracy")
        axes.set_title(f"{_legend_name(report.name)}, {dataset}", fontsize=9, loc="left")
        axes.legend(frameon=False, fontsize=7.5, loc="upper left")
    return figure


def group_bars(reports: Sequence[Report], dataset: str) -> Figure:
    """Mean balanced error of each group of corruptions, with 95 % intervals; clean for comparison."""
    groups = ["clean"]
    for report in reports:
        groups += [g.name for g in report.datasets[dataset].groups if g.name not in groups]
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(6.2, 2.4 + 0.15 * len(reports)), layout="constrained")
        axes = figure.subplots()
        width = 0.8 / len(reports)
        for number, report in enumerate(reports):
            one = report.datasets[dataset]
            found = {g.name: g.means.get(PRIMARY) for g in one.groups}
            found["clean"] = one.clean.metrics[PRIMARY]
            label: str | None = _legend_name(report.name)
            for place, group in enumerate(groups):
                estimate = found.get(group)
                if estimate is None or estimate.value is None:
                    continue
                value, spread = estimate.value, None
                if estimate.low is not None and estimate.high is not None:
                    low, high = max(0.0, value - estimate.low), max(0.0, estimate.high - value)
                    spread = [[low], [high]]
                axes.bar(
                    place - 0.4 + width * (number + 0.5),
                    value,
                    width * 0.9,
                    yerr=spread,
                    capsize=2,
                    color=COLOURS[number % len(COLOURS)],
                    alpha=0.85,
                    error_kw={"linewidth": 0.9},
                    hatch=("", "///", "...", "xxx")[number % 4],
                    edgecolor="white",
                    label=label,
                )
                label = None  # its first bar has told it
        axes.set_xticks(range(len(groups)), groups)
        axes.set_ylabel("balanced error")
        axes.set_ylim(bottom=0)
        axes.grid(axis="y", linewidth=0.4, color="#cccccc")
        axes.set_axisbelow(True)
        if axes.containers:
            figure.legend(
                loc="outside upper left", ncols=_legend_columns(reports, figure), frameon=False
            )
    return figure


def as_svg(figure: Figure) -> str:
    """The `<svg>` element alone, without a date, fit to stand in a page."""
    text = io.StringIO()
    with mpl.rc_context(_STYLE):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue().partition("<svg")[1] + text.getvalue().partition("<svg")[2]


def as_pdf(figure: Figure) -> bytes:
    """One page, its text as text, without a date."""
    data = io.BytesIO()
    with mpl.rc_context(_STYLE):
        figure.savefig(data, format="pdf", metadata={"CreationDate": None, "Producer": None})
    return data.getvalue()


def as_png(figure: Figure) -> bytes:
    """An image of 150 pixels an inch."""
    data = io.BytesIO()
    with mpl.rc_context(_STYLE):
        figure.savefig(data, format="png", dpi=150, metadata={"Software": None})
    return data.getvalue()


def _corruptions(reports: Sequence[Report], dataset: str) -> list[str]:
    """Those that any of the reports has, in the benchmark's order."""
    having = {one.name for report in reports for one in report.datasets[dataset].corruptions}
    return [name for name in CORRUPTIONS[dataset] if name in having]


def _legend_columns(reports: Sequence[Report], figure: Figure) -> int:
    """As many, up to three, as the longest name leaves room for."""
    longest = max(len(_legend_name(report.name)) for report in reports)
    inches = 0.6 + 0.075 * longest  # of a name in 9 points, with its line
    return max(1, min(3, len(reports), int(figure.get_figwidth() / inches)))


def _legend_name(name: str) -> str:
    """A model's name as matplotlib shows it: it hides empty ones, and those that begin with "_"."""
    name = name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 3] + "..."
    return "\u200b" + name if not name or name.startswith("_") else name
