"""`medmnist-c evaluate`: score models by their names under the corruptions."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from medmnist_c.commands.options import GOES_ON, Command, complete_dataset, source_options
from medmnist_c.commands.scoring import print_summary, scoring_options

if TYPE_CHECKING:
    from medmnist_c.evaluation.robustness_report import RobustnessReport


@click.command(cls=Command, stopped=GOES_ON)
@click.option(
    "--model",
    multiple=True,
    required=True,
    help="hf:ID_OR_FOLDER, timm:NAME@FILE, timm:hf-hub:ID, torchvision:NAME@FILE, torch:FILE, "
    "onnx:FILE, run:FOLDER (of train), python:FILE:FUNCTION (runs its code), open_clip:NAME/PRETRAINED, "
    "clip:ID_OR_FOLDER; probe: before a name trains heads on its features. FILE are weights. May be "
    "given several times. 'ResNet-50=timm:...' calls it that in the reports.",
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
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help="Look at so many images of each test set at most: a fixed part, by class. No BE and rBE then.",
)
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
    "--head",
    multiple=True,
    type=click.Choice(["linear", "knn"]),
    help="Of a probe; may be given several times. [default: linear]",
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
    head: tuple[str, ...],
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
    from medmnist_c.models.name import label_and_name

    named = [label_and_name(one) for one in model]
    models = dict(named)
    if len(models) < len(named):
        raise ValueError("Two models have the same name; give them others: --model 'mine=...'.")
    which: dict[str, Any] = {"corruptions": corruption or None, "severities": severity or None}
    configs = chosen_configs(dataset, **which)  # bad names are told before a model is loaded
    datasets = list(dict.fromkeys(config.dataset for config in configs))
    choices: dict[str, Any] = {"labels": labels, "normalize": normalize, "device": device}
    choices |= {"batch_size": batch_size, "trust_remote_code": trust_remote_code}
    store = {"predictions": output / "predictions"} | which | options
    asked = {label: name for label, name in models.items() if not _is_probe(name)}
    reports = _scored(asked, datasets, prompts, choices, store)
    for label, name in models.items():
        if _is_probe(name):
            own = None if label == name else label
            reports |= _probed(name, own, datasets, head, choices, store, output / "features")
    for name, report in reports.items():
        folder = output / quote(name, safe=" +,=@") if len(reports) > 1 else output
        click.echo(f"{name}:")
        print_summary(report, report.save(folder))


def _is_probe(name: str) -> bool:
    return name.startswith("probe:")


def _scored(
    names: dict[str, str],
    datasets: list[str],
    prompts: Path | None,
    choices: dict[str, Any],
    store: dict[str, Any],
) -> dict[str, "RobustnessReport"]:
    """Reports of models that give scores, by label, all of them in one pass over each dataset."""
    from medmnist_c.evaluation.evaluate import evaluate as evaluate_models
    from medmnist_c.models.load import load_model

    reports: dict[str, RobustnessReport] = {}
    for number, one in enumerate(datasets if names else []):
        models = {}
        for label, name in names.items():
            captions = prompts if name.startswith(("open_clip:", "clip:")) else None
            models[label] = load_model(name, one, prompts=captions, **choices)
            if number == 0:
                click.echo(str(models[label].facts))
            if models[label].fingerprint is None and len(datasets) > 1:
                raise ValueError(
                    f"{name} tells no digest of its weights, by which it would be known again; "
                    " run the command for each dataset."
                )
        evaluated = datasets if number == len(datasets) - 1 else one  # at last all that is kept
        reports = evaluate_models(models, evaluated, **store)
    return reports


def _probed(
    name: str,
    label: str | None,
    datasets: list[str],
    heads: tuple[str, ...],
    choices: dict[str, Any],
    store: dict[str, Any],
    features: Path,
) -> dict[str, "RobustnessReport"]:
    """Reports of heads on a frozen encoder, called by the label, if there is one, and the head."""
    from medmnist_c.models.choices import Choices
    from medmnist_c.models.load import load_encoder
    from medmnist_c.models.probe.probe import probe

    if store.get("repo") is not None:
        raise ValueError("A probe learns from clean training images, which --repo has not.")
    if store.get("limit") is not None:
        raise ValueError("A probe keeps features of whole test sets; leave --limit out.")
    own = {key: value for key, value in store.items() if key not in ("repo", "limit")}
    encoder = load_encoder(name, datasets[0], Choices.of(name, **choices))
    click.echo(str(encoder.facts))
    if label is not None:
        encoder = replace(encoder, facts=replace(encoder.facts, name=label))
    return probe(encoder, datasets, heads or ("linear",), features=features, **own)
