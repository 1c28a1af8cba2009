"""Tables as a paper prints them, in LaTeX with booktabs: errors in per cent, the best in bold."""

import re
import textwrap
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import Template
from markupsafe import Markup

from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES
from medmnist_c.evaluation.metrics.names import PRIMARY
from medmnist_c.evaluation.rendering.formatting import MARK
from medmnist_c.evaluation.rendering.templates import environment
from medmnist_c.evaluation.report.contents import ReportContents
from medmnist_c.evaluation.report.model import Estimate
from medmnist_c.evaluation.report.overall import OverallTable

_EMPTY = Markup("")
_LONGEST_NAME = 28  # characters of a model's name in a line
_LONGEST_HEAD = 14
_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    MARK: r"$^\dagger$",
} | {one: "\\" + one for one in "&%$#_{}"}


def latex(contents: ReportContents) -> str:
    """Tables to be taken in by `\\input`; they need the package booktabs."""
    return _template().render(
        overall=[_overall(table, len(contents.reports) > 1) for table in contents.overall],
        corruptions=[_corruptions(contents, name) for name in contents.by_dataset()],
    )


def escaped(value: object) -> str:
    """A value as text that LaTeX prints as it is; `Markup` is taken as it is."""
    if isinstance(value, Markup):
        return str(value)
    text = " ".join(str(value).split())
    return re.sub(r"[\\~^<>|&%$#_{}\u2020]", lambda found: _ESCAPES[found[0]], text)


@dataclass(frozen=True)
class _Cell:
    """A figure, and what stands below it, if anything."""

    value: Markup
    below: Markup = _EMPTY


@dataclass(frozen=True)
class _Table:
    """Rows of a name and cells; a row without cells is the title of the rows after it."""

    caption: str
    label: str
    columns: list[str]
    rows: list[tuple[str, list[_Cell]]]

    @property
    def heads(self) -> list[list[str]]:
        """The heads of the columns, line by line, those with fewer lines at the bottom."""
        broken = [_broken(column, _LONGEST_HEAD) for column in self.columns]
        height = max(map(len, broken))
        padded = [[""] * (height - len(lines)) + lines for lines in broken]
        return [list(line) for line in zip(*padded, strict=True)]

    def lines(self, name: str, cells: list[_Cell]) -> list[list[str]]:
        """A row as it is printed: figures, their intervals below; a long name goes on beside these."""
        names = _broken(name, _LONGEST_NAME)
        lines: list[list[str]] = [[cell.value for cell in cells], [cell.below for cell in cells]]
        if not any(lines[1]):
            del lines[1]
        lines += [[""] * len(cells)] * (len(names) - len(lines))
        names += [""] * (len(lines) - len(names))
        return [[first, *line] for first, line in zip(names, lines, strict=True)]


def _broken(text: str, longest: int) -> list[str]:
    """A text in lines of at most so many characters, one at least."""
    return textwrap.wrap(" ".join(text.split()), longest) or [""]


def _overall(table: OverallTable, several: bool) -> _Table:
    columns = ["Clean", *map(str, SEVERITIES), "Mean", "BE", "rBE"] + ["Rank"] * several
    scales = [100.0] * 7 + [1.0] * 3
    rows = [
        [row.clean, *map(row.severities.get, SEVERITIES), row.corrupted, row.BE, row.rBE]
        + [row.rank] * several
        for row in table.rows
    ]
    cells = [
        [
            _marked(cell) if row.marked and place in (7, 8) else cell
            for place, cell in enumerate(own)
        ]
        for row, own in zip(table.rows, _cells(rows, scales[: len(columns)]), strict=True)
    ]
    where = table.datasets[0]
    if len(table.datasets) > 1:
        where = f"mean over {len(table.datasets)} datasets"
    return _Table(
        f"{where}: balanced error in per cent, clean and at severities 1 to 5 in the mean over "
        "corruptions; BE and rBE; below, 95 % intervals."
        + (
            f" {MARK}: BE and rBE compare thresholds, too."
            if any(r.marked for r in table.rows)
            else ""
        ),
        f"overall-{table.datasets[0] if len(table.datasets) == 1 else 'mean'}",
        columns,
        [(row.model, own) for row, own in zip(table.rows, cells, strict=True)],
    )


def _corruptions(contents: ReportContents, dataset: str) -> _Table:
    reports = contents.by_dataset()[dataset]
    means: list[dict[str | None, Estimate | None]] = [
        {one.name: one.means.get(PRIMARY) for one in report.datasets[dataset].corruptions}
        | {None: report.datasets[dataset].clean.metrics[PRIMARY]}
        for report in reports
    ]
    rows: list[tuple[str, list[_Cell]]] = []
    shown: list[tuple[str, str, str | None]] = [("clean", "", None)]
    shown += [(one.name, one.group, one.name) for one in CORRUPTIONS[dataset].values()]
    before = ""
    for name, group, key in shown:
        estimates = [own.get(key) for own in means]
        if all(one is None for one in estimates):
            continue
        if group != before:
            rows.append((group, []))
            before = group
        cells = zip(*_cells([[one] for one in estimates], [100.0]), strict=True)
        rows.append((name, list(next(cells))))
    return _Table(
        f"{dataset}: mean balanced error over the severities of each corruption, in per cent; below, "
        "95 % intervals.",
        f"corruptions-{dataset}",
        [report.name for report in reports],
        rows,
    )


def _cells(rows: list[list[Estimate | None]], scales: list[float]) -> list[list[_Cell]]:
    """Cells of rows; of each column the smallest is bold, where there are several rows."""
    best = []
    for column, scale in zip(zip(*rows, strict=True), scales, strict=True):
        values = [_text(one.value, scale) for one in column if one and one.value is not None]
        best.append(min(values, key=float) if len(rows) > 1 and values else None)
    return [
        [_cell(one, scale, top) for one, scale, top in zip(row, scales, best, strict=True)]
        for row in rows
    ]


def _text(value: float, scale: float) -> str:
    return f"{scale * value:.1f}" if scale > 1 else f"{value:.2f}"


def _marked(cell: _Cell) -> _Cell:
    return _Cell(cell.value + Markup(_ESCAPES[MARK]), cell.below)


def _cell(one: Estimate | None, scale: float, best: str | None) -> _Cell:
    if one is None or one.value is None:
        return _Cell(Markup("--"))
    text = _text(one.value, scale).replace("-", "$-$")
    if _text(one.value, scale) == best:
        text = rf"\textbf{{{text}}}"
    if one.low is None or one.high is None:
        return _Cell(Markup(text))
    below = "--".join(_text(end, scale).replace("-", "$-$") for end in (one.low, one.high))
    return _Cell(Markup(text), Markup(rf"\tiny {below}"))


@lru_cache(maxsize=1)
def _template() -> Template:
    """Every expression of it passes through `escaped`."""
    made = environment(
        finalize=escaped,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
    )
    return made.get_template("tables.tex")
