"""`medmnist-c reproduce`: a table of the paper in one command."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from medmnist_c.commands.options import GOES_ON, Command, complete_dataset
from medmnist_c.models.errors import needing

if TYPE_CHECKING:
    from medmnist_c.experiments.protocol import Protocol


def experiment_options(command: Callable) -> Callable:
    """Options of `train` and `reproduce`: where images are from, which protocol, on what."""
    for option in reversed(
        (
            click.option(
                "--preset",
                default="paper",
                show_default=True,
                help="The protocol: paper, smoke, two_cores, or a .toml file of that form.",
            ),
            click.option(
                "--data-dir",
                type=click.Path(path_type=Path, file_okay=False),
                help="Folder of MedMNIST+ files. [default: ~/.medmnist, then Zenodo]",
            ),
            click.option(
                "--sample",
                is_flag=True,
                help="Train with the few images inside the package, too: the figures mean nothing.",
            ),
            click.option(
                "--device", type=click.Choice(["cpu"]), help="[default: a GPU if there is one]"
            ),
            click.option(
                "--num-workers",
                type=click.IntRange(min=0),
                default=0,
                show_default=True,
                help="Processes that read and augment training images.",
            ),
        )
    ):
        command = option(command)
    return command


@click.command(cls=Command, stopped=GOES_ON)
@click.argument("table", type=click.Choice(["table2", "table3"]))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of all runs; processes may share it.",
)
@click.option(
    "--dataset",
    multiple=True,
    shell_complete=complete_dataset,
    help="Only this one; may be given several times.",
)
@click.option(
    "--architecture",
    multiple=True,
    help="timm:NAME, torchvision:NAME or small:NAME in place of the paper's; table2 takes several.",
)
@click.option("--augmentation", multiple=True, help="Of table3: only this one; likewise.")
@click.option("--seed", multiple=True, type=click.IntRange(min=0), help="Only this one; likewise.")
@click.option("--dry-run", is_flag=True, help="Print runs, images, estimated hours and disk.")
@experiment_options
def reproduce(
    table: str,
    output: Path,
    dataset: tuple[str, ...],
    architecture: tuple[str, ...],
    augmentation: tuple[str, ...],
    seed: tuple[int, ...],
    dry_run: bool,
    preset: str,
    data_dir: Path | None,
    sample: bool,
    device: str | None,
    num_workers: int,
) -> None:
    """Reproduce a table of the paper.

    Trains, scores, and writes CSV, LaTeX, Markdown and a page.

    table2 compares networks, table3 augmentations. Interrupted, the same command goes on where it was;
    given several times at once, with one output folder, the processes share the runs.
    """
    with needing("experiments", "torch", "accelerate"):
        import_module("accelerate")
    from medmnist_c.builder.source.image_source import ImageSource
    from medmnist_c.experiments.protocol import load_protocol
    from medmnist_c.experiments.reproduce import Experiment
    from medmnist_c.experiments.reproduce import reproduce as reproduce_table
    from medmnist_c.experiments.runs import chosen
    from medmnist_c.experiments.training.loop import Machine
    from medmnist_c.models.networks import full_name

    lists: dict[str, Any] = {"datasets": dataset, "seeds": seed}
    if table == "table2":
        if augmentation:
            raise ValueError(
                "Table 2 is of networks without augmentation; leave --augmentation out."
            )
        lists["table2_architectures"] = [full_name(one) for one in architecture]
    else:
        lists["table3_augmentations"] = augmentation
    protocol = chosen(load_protocol(preset), **lists)
    if table == "table3" and architecture:
        if len(architecture) > 1:
            raise ValueError("Table 3 is of one network; give --architecture once.")
        protocol = chosen(protocol, table3_architecture=full_name(architecture[0]))
    if table == "table3" and preset == "smoke":
        protocol = _without_missing(protocol)
    if dry_run:
        from medmnist_c.experiments.cost import cost_of

        click.echo(f"protocol {protocol.name}")
        for line in cost_of(table, protocol, device).lines():
            click.echo(line)
        return
    experiment = Experiment(
        "table2" if table == "table2" else "table3",
        protocol,
        ImageSource(None, data_dir, sample),
        output,
    )
    for path in reproduce_table(experiment, Machine(device, num_workers), click.echo):
        click.echo(path)


def _without_missing(protocol: "Protocol") -> "Protocol":
    """The smoke preset without torchvision's augmentations where torchvision cannot be had."""
    from medmnist_c.experiments.runs import Run, chosen
    from medmnist_c.experiments.training.augmentations import augmentation_of

    runs, there = protocol.runs, []
    for name in runs.table3_augmentations:
        try:
            augmentation_of(Run(runs.datasets[0], runs.table3_architecture, name, 0))
            there.append(name)
        except ModuleNotFoundError as error:
            click.echo(f"Left out {name}: {error}", err=True)
    if not there:
        raise ValueError("None of the augmentations can be had here; the lines above say why.")
    return chosen(protocol, table3_augmentations=there)
