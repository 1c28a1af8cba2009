"""`medmnist-c train`: one network by the protocol."""

from importlib import import_module
from pathlib import Path

import click

from medmnist_c.commands.options import GOES_ON, Command, complete_dataset
from medmnist_c.commands.reproduce import experiment_options
from medmnist_c.models.errors import needing


@click.command(cls=Command, stopped=GOES_ON)
@click.option("--dataset", required=True, shell_complete=complete_dataset, help="e.g. breastmnist")
@click.option("--architecture", required=True, help="timm:NAME, torchvision:NAME or small:NAME.")
@click.option(
    "--augmentation",
    default="none",
    show_default=True,
    help="none, randaugment, trivialaugment, augmix, targeted or targeted_augmix.",
)
@click.option("--without", help="A group of corruptions that a targeted augmentation never draws.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of all runs; this one gets its own in it.",
)
@click.option("--push-to", metavar="USER/NAME", help="Then push weights and card to the Hub.")
@experiment_options
def train(
    dataset: str,
    architecture: str,
    augmentation: str,
    without: str | None,
    seed: int,
    output: Path,
    push_to: str | None,
    preset: str,
    data_dir: Path | None,
    sample: bool,
    device: str | None,
    num_workers: int,
) -> None:
    """Train one network by the protocol.

    Its folder is a model: medmnist-c evaluate --model run:FOLDER. Interrupted, the same command goes on
    where it was.
    """
    with needing("experiments", "torch", "accelerate"):
        import_module("accelerate")
    from medmnist_c.builder.source.image_source import ImageSource
    from medmnist_c.experiments.card import push
    from medmnist_c.experiments.protocol import load_protocol
    from medmnist_c.experiments.reproduce import train_one
    from medmnist_c.experiments.runs import Run
    from medmnist_c.experiments.training.loop import Machine
    from medmnist_c.models.networks import full_name

    run = Run(dataset, full_name(architecture), augmentation, seed, without)
    source = ImageSource(None, data_dir, sample)
    protocol = load_protocol(preset)
    folder = train_one(run, protocol, source, output, Machine(device, num_workers), click.echo)
    click.echo(f"--model run:{folder}")
    if push_to:
        click.echo(push(run, protocol, folder, output, push_to))
