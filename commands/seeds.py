"""`medmnist-c seeds`: one report of a model that was trained several times."""

from pathlib import Path

import click

from medmnist_c.commands.options import Command
from medmnist_c.commands.scoring import print_summary


@click.command(cls=Command)
@click.argument("reports", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="The report, a .json file or a folder.",
)
@click.option("--model-name", help="Of the model. [default: the first report's]")
def seeds(reports: tuple[Path, ...], output: Path, model_name: str | None) -> None:
    """Make one report of several trainings of a model.

    REPORTS are of one training each, with the predictions beside them. Figures are means over the
    trainings; intervals are over images and trainings.
    """
    from medmnist_c.evaluation.seeds import over_seeds

    report = over_seeds(reports, model_name)
    print_summary(report, report.save(output))
