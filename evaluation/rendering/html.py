"""Reports as one page that needs nothing else: no script, and no request to any host."""

from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources

from matplotlib.figure import Figure

from medmnist_c.corruptions.table import SEVERITIES
from medmnist_c.evaluation.report import figures
from medmnist_c.evaluation.report import formatting as words
from medmnist_c.evaluation.report.comparison import Comparison
from medmnist_c.evaluation.report.model import RobustnessReport

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
{body}
</body>
</html>
"""


def html(reports: Sequence[RobustnessReport]) -> str:
    """The page over one or several reports; what comes from them is escaped."""
    names = ", ".join(one.name for one in reports)
    datasets = words.datasets_of(reports)
    body = [f"<h1>Robustness of {escape(names)}</h1>", _lead(reports, list(datasets))]
    for dataset, having in datasets.items():
        body += _dataset(dataset, having)
    if len(reports) > 1:
        body.append('<h2 id="differences">Differences</h2>')
        for one in words.comparisons(reports):
            body += [f"<p>{escape(one)}</p>"] if isinstance(one, str) else _comparison(one)
    body.append('<h2 id="made">How it was made</h2>')
    for report in reports:
        rows = (
            (f"<th>{escape(a)}</th>", f"<td>{escape(b)}</td>")
            for a, b in words.provenance_rows(report)
        )
        body.append(_table("", rows, kind="words"))
    style = resources.files(__package__).joinpath("style.css").read_text("utf-8")
    title = escape(f"Robustness of {names}")
    return _PAGE.format(title=title, style=style, body="\n".join(body))


def _lead(reports: Sequence[RobustnessReport], datasets: list[str]) -> str:
    links = [f'<a href="#{name}">{name}</a>' for name in datasets]
    links += ['<a href="#differences">differences</a>'] if len(reports) > 1 else []
    links.append('<a href="#made">how it was made</a>')
    count = sum(len(c["cells"]) for one in reports[0].datasets.values() for c in one["corruptions"])
    return (
        f'<p class="soft">MedMNIST-C: {count} corrupted test sets of {len(datasets)} '
        f"dataset{'s' if len(datasets) > 1 else ''}. Errors are balanced errors (1 minus the mean "
        "recall of the classes) unless something else is said; smaller is better.</p>"
        f"<nav>{' '.join(links)}</nav>"
    )


def _dataset(dataset: str, reports: Sequence[RobustnessReport]) -> Iterable[str]:
    one = reports[0].datasets[dataset]
    yield f'<h2 id="{dataset}">{dataset}</h2>'
    told = f"{one['count']:,} images, {len(one['classes'])} classes, {escape(one['task'])}."
    yield f'<p class="soft">{told}</p>'
    for report in reports:
        if len(reports) > 1:
            yield f"<h3>{escape(report.name)}</h3>"
        yield _keys(report.datasets[dataset], report.data["baseline"]["name"])
    reports = [report for report in reports if report.datasets[dataset]["corruptions"]]
    if not reports:
        yield '<p class="soft">Only the clean test set was evaluated.</p>'
        return
    yield _figure(
        figures.severity_curves(reports, dataset),
        "Balanced error by severity; bands are 95 % intervals.",
    )
    yield _figure(
        figures.group_bars(reports, dataset),
        "Mean balanced error by group of corruptions, with 95 % intervals.",
        "small",
    )
    for report in reports:
        whose = f"{report.name}: " if len(reports) > 1 else ""
        heat = figures.heat_map(report, dataset)
        yield _figure(heat, f"{whose}balanced error of each corruption and severity.", "small")
        yield _cells(report.datasets[dataset], whose)
        yield _metrics(report.datasets[dataset], whose)
        if told := words.notes(report.datasets[dataset]):
            items = "".join(f"<li>{escape(note)}</li>" for note in told)
            yield f'<ul class="notes">{items}</ul>'


def _keys(one: dict, baseline: str) -> str:
    summary = one["summary"]
    told = [
        ("clean", one["clean"]["metrics"].get("balanced_error")),
        ("mean over corruptions", summary["means"].get("balanced_error")),
        (f"BE against {baseline}", summary["BE"]),
        ("rBE", summary["rBE"]),
    ]
    if summary["unstable"]:
        told.append(("rBE without unstable ones", summary["rBE_stable"]))
    keys = (
        f'<div class="key"><span>{escape(name)}</span><b>{words.figure(estimate)}</b>'
        f"<span>{words.interval(estimate) or '&nbsp;'}</span></div>"
        for name, estimate in told
    )
    return f'<div class="keys">{"".join(keys)}</div>'


def _cells(one: dict, whose: str) -> str:
    rows, group = [], None
    for corruption in one["corruptions"]:
        if corruption["group"] != group:
            group = corruption["group"]
            rows.append((f'<th colspan="{len(SEVERITIES) + 4}">{escape(group)}</th>',))
        cells = {
            cell["severity"]: cell["metrics"]["balanced_error"] for cell in corruption["cells"]
        }
        row = [f"<th>{escape(corruption['name'])}</th>"]
        row += [_cell(cells.get(severity)) for severity in SEVERITIES]
        row.append(_cell(corruption["means"].get("balanced_error")))
        row.append(_cell(corruption["BE"]))
        row.append(_cell(corruption["rBE"], "" if corruption["stable"] else "&nbsp;*"))
        rows.append(row)
    head = ("corruption", *map(str, SEVERITIES), "mean", "BE", "rBE")
    star = " * unstable." if one["summary"]["unstable"] else ""
    return _table(f"{whose}balanced error, 95 % interval below.{star}", rows, head)


def _metrics(one: dict, whose: str) -> str:
    rows = [
        (f"<th>{escape(name)}</th>", _cell(clean), _cell(corrupted))
        for name, clean, corrupted in words.summary_rows(one)
    ]
    return _table(f"{whose}all metrics.", rows, ("", "clean", "mean over corruptions"))


def _comparison(one: Comparison) -> Iterable[str]:
    found = one.to_dict()
    yield f"<h3>{escape(found['b'])} minus {escape(found['a'])}</h3>"
    yield (
        '<p class="soft">Difference of balanced error, paired by image, with its 95 % interval; below '
        f"zero {escape(found['b'])} is better.</p>"
    )
    for dataset in found["datasets"]:
        rows = [("<th>clean</th>", _cell(dataset["clean"], signed=True))]
        rows[0] += ("<td></td>",) * len(SEVERITIES)
        for corruption in dataset["corruptions"]:
            cells = {cell["severity"]: cell["difference"] for cell in corruption["cells"]}
            row = [f"<th>{escape(corruption['name'])}</th>", _cell(corruption["mean"], signed=True)]
            rows.append((*row, *(_cell(cells.get(s), signed=True) for s in SEVERITIES)))
        rows.append(("<th>all corruptions</th>", _cell(dataset["mean"], signed=True)))
        rows[-1] += ("<td></td>",) * len(SEVERITIES)
        yield _table(dataset["dataset"], rows, ("corruption", "mean", *map(str, SEVERITIES)))


def _cell(estimate: dict | None, mark: str = "", signed: bool = False) -> str:
    below = words.interval(estimate, signed)
    below = f"<small>{below}</small>" if below else ""
    return f"<td>{words.figure(estimate, signed)}{mark}{below}</td>"


def _table(
    caption: str, rows: Iterable[Sequence[str]], head: Sequence[str] = (), kind: str = ""
) -> str:
    parts = [f'<div class="wide"><table class="{kind}">']
    if caption:
        parts.append(f"<caption>{escape(caption)}</caption>")
    if head:
        parts.append(
            "<thead><tr>" + "".join(f"<th>{escape(h)}</th>" for h in head) + "</tr></thead>"
        )
    for row in rows:
        of_group = ' class="group"' if len(row) == 1 else ""
        parts.append(f"<tr{of_group}>{''.join(row)}</tr>")
    return "\n".join([*parts, "</table></div>"])


def _figure(figure: Figure, caption: str, kind: str = "") -> str:
    svg = figures.as_svg(figure)
    return f'<figure class="{kind}">{svg}<figcaption>{escape(caption)}</figcaption></figure>'
