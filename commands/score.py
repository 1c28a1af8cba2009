"""`medmnist-c score`: a report from scores made elsewhere."""

from pathlib import Path
from typing import Any

import click

from medmnist_c.commands.options import Command
from medmnist_c.commands.scoring import print_summary, scoring_options


@click.command(cls=Command)
@click.argument("predictions", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="The report, a .json file or a folder.",
)
@click.option("--model-name", default="model", show_default=True, help="For the report.")
@click.option("--logits", is_flag=True, help="The scores are logits: apply softmax or sigmoid.")
@click.option(
    "--images",
    metavar="[reference|seed N|other]",
    help="Which images the scores of a file are for. [default: not stated]",
)
@scoring_options
@click.option("--sample", is_flag=True, help="The clean test set is the sample in the package.")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of MedMNIST+ files, to take the labels from or hold them against.",
)
def score(predictions: Path, output: Path, **options: Any) -> None:
    """Make a report of scores made elsewhere.

    PREDICTIONS is a Parquet file, or a folder that evaluate wrote.

    Columns: dataset, corruption and severity (null for clean), index, scores (a list, one for each
    class), label, which may be left out where the clean test set can be found, and perhaps groups: what
    an image belongs to (a patient, a volume).
    """
    from medmnist_c.evaluation.score import score as score_predictions

    report = score_predictions(predictions, **options)
    print_summary(report, report.save(output))
