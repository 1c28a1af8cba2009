"""`medmnist-c evaluate`: score a checkpoint of transformers under the corruptions."""

from pathlib import Path

import click

from medmnist_c.commands.options import GOES_ON, Command, complete_dataset, source_options


@click.command(cls=Command, stopped=GOES_ON)
@click.option("--model", required=True, help="Folder of a transformers checkpoint, or its id.")
@click.option("--dataset", required=True, shell_complete=complete_dataset, help="E.g. breastmnist.")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for report.json and the predictions.",
)
@click.option("--corruption", multiple=True, help="Only this one; may be given several times.")
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
@click.option(
    "--threshold",
    multiple=True,
    type=click.FloatRange(0, 1),
    help="Of the probability of yes, in binary and multi-label datasets; there one a label may be "
    "given. [default: 0.5]",
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path, exists=True),
    help="Another report to measure against. [default: AlexNet's errors of the release]",
)
@source_options
def evaluate(
    model: str,
    dataset: str,
    output: Path,
    corruption: tuple[str, ...],
    severity: tuple[int, ...],
    labels: str,
    device: str | None,
    threshold: tuple[float, ...],
    baseline: Path | None,
    **options,
) -> None:
    """Score a transformers checkpoint on a dataset's test sets.

    Writes report.json and the predictions. Interrupted, the same command goes on where it was.
    """
    from medmnist_c.evaluation.evaluate import chosen_cells
    from medmnist_c.evaluation.evaluate import evaluate as evaluate_model
    from medmnist_c.evaluation.report.model import RobustnessReport
    from medmnist_c.evaluation.transformers_model import TransformersModel

    which = {"corruptions": corruption or None, "severities": severity or None}
    chosen_cells(dataset, **which)  # bad names are told before a model is loaded
    predict = TransformersModel(model, dataset, labels=labels, device=device)
    report = evaluate_model(
        predict,
        dataset,
        pil=True,
        rgb=True,
        logits=True,
        threshold=thresholds(threshold),
        predictions=output / "predictions",
        model_name=predict.name,
        baseline=baseline and RobustnessReport.load(baseline),
        **which,
        **options,
    )
    tell(report, report.save(output))


def thresholds(given: tuple[float, ...]) -> float | tuple[float, ...]:
    """The option's value: none, one for all, or one for each label."""
    if len(given) > 1:
        return given
    return given[0] if given else 0.5


def tell(report, place: Path) -> None:
    """A line for each dataset."""
    for name, one in report.datasets.items():
        figures = {"clean": one["clean"]["metrics"]["balanced_error"]}
        figures["corrupted"] = one["summary"]["means"].get("balanced_error", {"value": None})
        figures |= {key: one["summary"][key] for key in ("BE", "rBE", "rBE_stable")}
        click.echo(f"{name}: " + ", ".join(f"{k} {_short(v)}" for k, v in figures.items()))
    click.echo(f"balanced errors; all figures are in {place}")


def _short(estimate: dict) -> str:
    return "-" if estimate["value"] is None else f"{estimate['value']:.4f}"
