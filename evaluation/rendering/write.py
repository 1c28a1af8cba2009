"""All the forms of reports, written into a folder."""

from collections.abc import Sequence
from pathlib import Path

from medmnist_c.builder.files import atomic_write
from medmnist_c.evaluation.report import figures, markdown
from medmnist_c.evaluation.report import formatting as words
from medmnist_c.evaluation.report import html as page
from medmnist_c.evaluation.report.model import RobustnessReport


def write_report(reports: Sequence[RobustnessReport], folder: str | Path) -> list[Path]:
    """report.html, report.md and, for each dataset, its images as PNG; returns their paths."""
    folder = Path(folder).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "report.html": page.html(reports).encode(),
        "report.md": markdown.markdown(reports).encode(),
    }
    for dataset, having in words.datasets_of(reports).items():
        drawn = {
            "severities": figures.severity_curves(having, dataset),
            "groups": figures.group_bars(having, dataset),
        }
        for number, report in enumerate(having, 1):
            name = "heat" if len(having) == 1 else f"heat-{number}"
            drawn[name] = figures.heat_map(report, dataset)
        content |= {f"{dataset}-{name}.png": figures.as_png(one) for name, one in drawn.items()}
    for name, data in content.items():
        with atomic_write(folder / name) as file:
            file.write(data)
    return [folder / name for name in content]
