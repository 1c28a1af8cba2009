"""Reports as Markdown: tables that can stand in a README or a supplement."""

import re
from collections.abc import Iterable, Sequence

from medmnist_c.corruptions.table import SEVERITIES
from medmnist_c.evaluation.report import formatting as words
from medmnist_c.evaluation.report.comparison import Comparison
from medmnist_c.evaluation.report.model import RobustnessReport


def markdown(reports: Sequence[RobustnessReport]) -> str:
    """One document over one or several reports; what comes from them is escaped."""
    parts = [f"# Robustness of {_text(', '.join(one.name for one in reports))}"]
    for dataset, having in words.datasets_of(reports).items():
        parts.append(f"## {dataset}")
        for report in having:
            parts += _model(report, dataset, alone=len(reports) == 1)
    if len(reports) > 1:
        parts.append("## Differences")
        for one in words.comparisons(reports):
            parts += [_text(one)] if isinstance(one, str) else _comparison(one)
    parts.append("## How it was made")
    for report in reports:
        parts.append(_table(("", ""), words.provenance_rows(report)))
    return "\n\n".join(parts) + "\n"


def _model(report: RobustnessReport, dataset: str, alone: bool) -> Iterable[str]:
    one = report.datasets[dataset]
    if not alone:
        yield f"### {_text(report.name)}"
    summary = one["summary"]
    yield (
        f"{one['count']:,} images, {one['task']}. BE {words.figure(summary['BE'])} "
        f"({words.interval(summary['BE']) or 'no interval'}), rBE {words.figure(summary['rBE'])}, "
        f"without unstable corruptions {words.figure(summary['rBE_stable'])}."
    )
    yield _table(
        ("metric", "clean", "mean over corruptions", "95 % interval"),
        [
            (name, words.figure(clean), words.figure(corrupted), words.interval(corrupted))
            for name, clean, corrupted in words.summary_rows(one)
        ],
    )
    yield "Balanced error of each corruption and severity:"
    rows = []
    for corruption in one["corruptions"]:
        cells = {
            cell["severity"]: cell["metrics"]["balanced_error"] for cell in corruption["cells"]
        }
        name = corruption["name"] + ("" if corruption["stable"] else " \\*")
        figures = [words.figure(cells.get(severity)) for severity in SEVERITIES]
        mean = corruption["means"].get("balanced_error")
        ratios = [words.figure(corruption[key]) for key in ("BE", "rBE")]
        rows.append((name, corruption["group"], *figures, words.figure(mean), *ratios))
    head = ("corruption", "group", *map(str, SEVERITIES), "mean", "BE", "rBE")
    yield _table(head, rows, escaped=True)
    if told := words.notes(one):
        yield "\n".join(f"- {_text(note)}" for note in told)


def _comparison(one: Comparison) -> Iterable[str]:
    found = one.to_dict()
    yield (
        f"Balanced error of {_text(found['b'])} minus that of {_text(found['a'])}, paired by image "
        "(below zero: the former is better):"
    )
    for dataset in found["datasets"]:
        rows = [(f"**{dataset['dataset']}**, mean", *_difference(dataset["mean"]))]
        rows.append(("clean", *_difference(dataset["clean"])))
        rows += [(c["name"], *_difference(c["mean"])) for c in dataset["corruptions"]]
        yield _table(("", "difference", "95 % interval"), rows, escaped=True)


def _difference(estimate: dict) -> tuple[str, str]:
    return words.figure(estimate, signed=True), words.interval(estimate, signed=True)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], escaped: bool = False) -> str:
    lines = [head, ["---"] * len(head), *rows]
    if not escaped:
        lines = [head, ["---"] * len(head), *([_text(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _text(text: str) -> str:
    """Text from a report: no markup of Markdown or HTML in it works."""
    text = " ".join(str(text).split())
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]()#+!|~$])", r"\\\1", text)
