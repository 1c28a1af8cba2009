"""All the forms of reports, written into a folder."""

from collections.abc import Sequence
from pathlib import Path

from medmnist_c.builder.files import absolute, atomic_write
from medmnist_c.evaluation.rendering.figures import as_png, draw
from medmnist_c.evaluation.rendering.html import html
from medmnist_c.evaluation.rendering.markdown import markdown
from medmnist_c.evaluation.report.contents import ReportContents
from medmnist_c.evaluation.report.model import Report


def write_report(reports: Sequence[Report], folder: str | Path) -> list[Path]:
    """report.html, report.md and, for each dataset, its images as PNG; returns their paths."""
    folder = absolute(folder)
    folder.mkdir(parents=True, exist_ok=True)
    contents = ReportContents.of(reports)
    drawn = draw(contents)
    content = {
        "report.html": html(contents, drawn).encode(),
        "report.md": markdown(contents).encode(),
    }
    for dataset, figures in drawn.items():
        for name, figure in figures.named().items():
            content[f"{dataset}-{name}.png"] = as_png(figure)
    for name, data in content.items():
        with atomic_write(folder / name) as file:
            file.write(data)
    return [folder / name for name in content]
