"""All the forms of reports, written into a folder."""

import io
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

from medmnist_c.builder.files import atomic_write, folder_to_write
from medmnist_c.evaluation.rendering.figures import as_pdf, as_png, as_svg, draw
from medmnist_c.evaluation.rendering.html import html
from medmnist_c.evaluation.rendering.latex import latex
from medmnist_c.evaluation.rendering.markdown import markdown
from medmnist_c.evaluation.rendering.tables import tidy_frame, tidy_table
from medmnist_c.evaluation.report.contents import ReportContents
from medmnist_c.evaluation.report.model import Report

_FORMS = {
    "png": as_png,
    "svg": lambda figure: as_svg(figure).encode(),
    "pdf": as_pdf,
}


def write_report(reports: Sequence[Report], folder: str | Path) -> list[Path]:
    """Pages (report.html, report.md), tables (tables.tex, figures.csv, figures.parquet) and, for each
    dataset, its figures as PNG, SVG and PDF; returns their paths."""
    folder = folder_to_write(folder)
    folder.mkdir(parents=True, exist_ok=True)
    contents = ReportContents.of(reports)
    drawn = draw(contents)
    pictures = {
        dataset: {name: f"{dataset}-{name}.png" for name in figures.named()}
        for dataset, figures in drawn.items()
    }
    parquet = io.BytesIO()
    pq.write_table(tidy_table(reports), parquet, compression="zstd")
    content = {
        "report.html": html(contents, drawn).encode(),
        "report.md": markdown(contents, pictures).encode(),
        "tables.tex": latex(contents).encode(),
        "figures.csv": tidy_frame(reports).to_csv(index=False, lineterminator="\n").encode(),
        "figures.parquet": parquet.getvalue(),
    }
    for dataset, figures in drawn.items():
        for name, figure in figures.named().items():
            for form, made in _FORMS.items():
                content[f"{dataset}-{name}.{form}"] = made(figure)
    for name, data in content.items():
        with atomic_write(folder / name) as file:
            file.write(data)
    return [folder / name for name in content]
