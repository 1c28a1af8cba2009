"""`medmnist-c evaluate`: score models by their names under the corruptions."""

from pathlib import Path
from typing import Any

import click

from medmnist_c.commands.options import GOES_ON, Command, complete_dataset, source_options
from medmnist_c.commands.scoring import print_summary, scoring_options


@click.command(cls=Command, stopped=GOES_ON)
@click.option(
    "--model",
    multiple=True,
    required=True,
    help="hf:ID_OR_FOLDER, timm:NAME@FILE, timm:hf-hub:ID, torchvision:NAME@FILE, torch:FILE, "
    "onnx:FILE, python:FILE:FUNCTION (runs its code), open_clip:NAME/PRETRAINED, clip:ID_OR_FOLDER; may "
    "be given several times. FILE are weights.",
)
@click.option(
    "--dataset",
    required=True,
    multiple=True,
    shell_complete=complete_dataset,
    help="For example breastmnist, or 'organ*'; may be given several times.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for report.json and the predictions; of several models one folder for each in it.",
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
    "--num-workers",
    type=click.IntRange(min=0),
    help="Processes that make images. [default: one a core, none for few images]",
)
@click.option(
    "--labels",
    type=click.Choice(["auto", "name", "order"]),
    default="auto",
    show_default=True,
    help="How a model's labels are matched with the dataset's classes.",
)
@click.option(
    "--prompts",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Captions for models that are asked by them. [default: our own]",
)
@click.option(
    "--normalize",
    type=click.Choice(["imagenet", "half", "none"]),
    default="imagenet",
    show_default=True,
    help="What torch:, onnx: and torchvision: were trained with.",
)
@click.option("--trust-remote-code", is_flag=True, help="Run code that comes with a checkpoint.")
@click.option("--device", help="For torch. [default: a GPU if there is one]")
@scoring_options
@source_options
def evaluate(
    model: tuple[str, ...],
    dataset: tuple[str, ...],
    output: Path,
    corruption: tuple[str, ...],
    severity: tuple[int, ...],
    labels: str,
    prompts: Path | None,
    normalize: str,
    trust_remote_code: bool,
    device: str | None,
    batch_size: int,
    **options: Any,
) -> None:
    """Score models on the test sets of datasets.

    Each test set's images are made once for all models. Writes report.json and the predictions.
    Interrupted, the same command goes on where it was.
    """
    from medmnist_c.evaluation.configs import chosen_configs
    from medmnist_c.evaluation.evaluate import evaluate as evaluate_models
    from medmnist_c.models.load import load_model

    which: dict[str, Any] = {"corruptions": corruption or None, "severities": severity or None}
    configs = chosen_configs(dataset, **which)  # bad names are told before a model is loaded
    datasets = list(dict.fromkeys(config.dataset for config in configs))
    how: dict[str, Any] = {
        "labels": labels,
        "normalize": normalize,
        "device": device,
        "batch_size": batch_size,
    }
    how |= {"trust_remote_code": trust_remote_code}
    store = {"predictions": output / "predictions"} | which | options
    for number, one in enumerate(datasets):
        models = {}
        for name in model:
            zero_shot = name.startswith(("open_clip:", "clip:"))
            models[name] = load_model(name, one, prompts=prompts if zero_shot else None, **how)
            if number == 0:
                click.echo(str(models[name].facts))
        evaluated = datasets if number == len(datasets) - 1 else one  # at last all that is kept
        reports = evaluate_models(models, evaluated, **store)
    for name, report in reports.items():
        folder = output / _plain(name) if len(model) > 1 else output
        click.echo(f"{name}:")
        print_summary(report, report.save(folder))


def _plain(name: str) -> str:
    """A folder's name."""
    from urllib.parse import quote

    return quote(name, safe=" +,=@")
