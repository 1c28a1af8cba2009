"""A table as CSV (all figures), LaTeX, Markdown and a page (those shown)."""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import pandas as pd
from jinja2 import Environment

from medmnist_c.builder.files import atomic_write
from medmnist_c.experiments.protocol import Protocol
from medmnist_c.experiments.tables.figures import Figure
from medmnist_c.experiments.tables.table import Row, Table


def write(table: Table, protocol: Protocol, folder: Path) -> list[Path]:
    """Write all four into a folder; returns their paths, the page's last."""
    folder.mkdir(parents=True, exist_ok=True)
    header, rows = shown(table)
    texts = {
        "csv": long_form(table).to_csv(index=False, lineterminator="\n"),
        "tex": pd.DataFrame(rows, columns=header).to_latex(
            index=False, escape=True, column_format="ll" + "r" * (len(header) - 2)
        ),
        "md": _markdown(table, header, rows),
        "html": _page(table, protocol, header, rows),
    }
    paths = []
    for ending, text in texts.items():
        paths.append(folder / f"{table.name}.{ending}")
        with atomic_write(paths[-1]) as file:
            file.write(text.encode())
    return paths


def long_form(table: Table) -> pd.DataFrame:
    """One row a figure: dataset, way, scope, metric, mean, sd, low, high, seeds, wanted."""
    found = []
    for row in table.rows:
        for (scope, metric), one in row.figures.items():
            values = (
                (None,) * 5 if one is None else (one.mean, one.sd, one.low, one.high, one.seeds)
            )
            found.append((row.dataset, row.way, scope, metric, *values, row.wanted))
    columns = ["dataset", table.way, "scope", "metric", "mean", "sd", "low", "high", "seeds"]
    return pd.DataFrame(found, columns=[*columns, "seeds_wanted"])


def shown(table: Table) -> tuple[list[str], list[list[str]]]:
    """Titles and cells of what is printed; columns in which no row has a figure are left out."""
    kept = {
        key: title
        for key, title in table.shown.items()
        if any(row.figures.get(key) is not None for row in table.rows)
    }
    header = ["dataset", table.way, "seeds", *kept.values()]
    rows = [
        [
            row.dataset,
            row.way,
            f"{row.seeds} of {row.wanted}",
            *(_cell(row, key, key[1] in table.percent) for key in kept),
        ]
        for row in table.rows
    ]
    return header, rows


def _cell(row: Row, key: tuple[str, str], percent: bool) -> str:
    one: Figure | None = row.figures.get(key)
    if one is None:
        return "-"
    factor, digits = (100, 1) if percent else (1, 2)
    spread = "" if one.sd is None else f" ± {factor * one.sd:.{digits}f}"
    few = "" if one.seeds == row.seeds else f" ({one.seeds} seeds)"
    return f"{factor * one.mean:.{digits}f}{spread}{few}"


def _markdown(table: Table, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"# {table.title}", "", f"| {' | '.join(header)} |"]
    lines += ["|---|---|" + "---:|" * (len(header) - 2)]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([*lines, "", *(f"* {note}" for note in table.notes), ""])


def _page(
    table: Table, protocol: Protocol, header: Sequence[str], rows: Sequence[Sequence[str]]
) -> str:
    template = resources.files(__package__).joinpath("page.html").read_text("utf-8")
    runs = protocol.runs  # of which a command may have chosen some
    values = {name: line.value for name, line in protocol.sources.items()}
    values |= {f"runs.{name}": value for name, value in vars(runs).items()}
    return (
        Environment(autoescape=True)
        .from_string(template)
        .render(table=table, protocol=protocol, header=header, rows=rows, values=values)
    )
