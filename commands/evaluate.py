"""`medmnist-c evaluate`: score a checkpoint of transformers under the corruptions."""

from pathlib import Path
from typing import Any

import click

from medmnist_c.commands.options import GOES_ON, Command, complete_dataset, source_options
from medmnist_c.commands.scoring import print_summary, scoring_options


@click.command(cls=Command, stopped=GOES_ON)
@click.option("--model", required=True, help="Folder of a transformers checkpoint, or its id.")
@click.option(
    "--dataset", required=True, shell_complete=complete_dataset, help="For example breastmnist."
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for report.json and the predictions.",
)
@click.option(
    "--corruption",
    multiple=True,
    help="Only this one, or those that fit '*_noise'; may be given several times.",
)
@click.option(
    "--severity", multiple=True, type=click.IntRange(1, 5), help="Only this one; likewise."
)
@click.option("--repo", help="Stream published test sets, USER/medmnist_c, or a folder of build.")
@click.option("--batch-size", type=click.IntRange(min=1), default=64, show_default=True)
@click.option(
    "--labels",
    type=click.Choice(["auto", "name", "order"]),
    default="auto",
    show_default=True,
    help="How the checkpoint's labels are matched with the dataset's classes.",
)
@click.option("--device", help="For torch. [default: a GPU if there is one]")
@scoring_options
@source_options
def evaluate(
    model: str,
    dataset: str,
    output: Path,
    corruption: tuple[str, ...],
    severity: tuple[int, ...],
    labels: str,
    device: str | None,
    **options: Any,
) -> None:
    """Score a transformers checkpoint on a dataset's test sets.

    Writes report.json and the predictions. Interrupted, the same command goes on where it was.
    """
    from medmnist_c.evaluation.configs import chosen_configs
    from medmnist_c.evaluation.evaluate import evaluate as evaluate_model
    from medmnist_c.evaluation.transformers_model import TransformersModel

    which: dict[str, Any] = {"corruptions": corruption or None, "severities": severity or None}
    chosen_configs(dataset, **which)  # bad names are told before a model is loaded
    predict = TransformersModel(model, dataset, labels=labels, device=device)
    report = evaluate_model(
        predict,
        dataset,
        pil=True,
        rgb=True,
        logits=True,
        predictions=output / "predictions",
        model_name=predict.name,
        **which,
        **options,
    )
    print_summary(report, report.save(output))
