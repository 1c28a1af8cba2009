"""`medmnist-c fetch`: what a machine without a network needs."""

from pathlib import Path

import click

from medmnist_c.builder.source.portable import fetch as fetch_files
from medmnist_c.builder.splits import SPLITS
from medmnist_c.commands.options import GOES_ON, Command, complete_dataset, size_option


@click.command(cls=Command, stopped=GOES_ON)
@click.argument("dataset", nargs=-1, required=True, shell_complete=complete_dataset)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to be carried there, and given as --data-dir or data_dir=.",
)
@click.option(
    "--split",
    multiple=True,
    type=click.Choice([*SPLITS, "val"]),
    default=("test",),
    show_default=True,
    help="Whose images; may be given several times.",
)
@size_option
def fetch(dataset: tuple[str, ...], output: Path, split: tuple[str, ...], size: int) -> None:
    """Fetch what a machine without a network needs.

    The clean images of each DATASET, and the ink blots, into a folder to be carried there.
    """
    splits = ["validation" if one == "val" else one for one in split]
    for path in fetch_files(dataset, output, splits, size):
        click.echo(f"{path}  {path.stat().st_size / 1e6:,.1f} MB")
