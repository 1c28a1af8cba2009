"""`medmnist-c score`: a report from scores made elsewhere."""

from pathlib import Path

import click

from medmnist_c.commands.evaluate import tell, thresholds
from medmnist_c.commands.options import Command


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
    "--threshold",
    multiple=True,
    type=click.FloatRange(0, 1),
    help="Of the score of yes, in binary and multi-label datasets; there one a label may be given. "
    "[default: 0.5]",
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path, exists=True),
    help="Another report to measure against. [default: AlexNet's errors of the release]",
)
@click.option("--sample", is_flag=True, help="The clean test set is the sample in the package.")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of MedMNIST+ files, to take the labels from or hold them against.",
)
def score(
    predictions: Path,
    output: Path,
    model_name: str,
    logits: bool,
    threshold: tuple[float, ...],
    baseline: Path | None,
    sample: bool,
    data_dir: Path | None,
) -> None:
    """Make a report of scores made elsewhere.

    PREDICTIONS is a Parquet file, or a folder that evaluate wrote.

    Columns: dataset, corruption and severity (null for clean), index, scores (a list, one for each
    class), and label, which may be left out where the clean test set can be found.
    """
    from medmnist_c.evaluation.report.model import RobustnessReport
    from medmnist_c.evaluation.score import score as score_predictions

    report = score_predictions(
        predictions,
        model_name=model_name,
        data_dir=data_dir,
        sample=sample,
        threshold=thresholds(threshold),
        logits=logits,
        baseline=baseline and RobustnessReport.load(baseline),
    )
    tell(report, report.save(output))
