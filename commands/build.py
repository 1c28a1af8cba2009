"""`medmnist-c build`: test sets as a folder of Parquet files."""

import sys
from pathlib import Path

import click

from medmnist_c.builder.build import build as build_folder
from medmnist_c.builder.configurations import select
from medmnist_c.commands.options import Command, source_options


@click.command(cls=Command)
@click.argument("config", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write into.",
)
@click.option("--num-proc", type=click.IntRange(min=1), help="Processes. [default: all cores]")
@source_options
def build(
    config: tuple[str, ...],
    output: Path,
    num_proc: int | None,
    data_dir: Path | None,
    sample: bool,
    seed: int | None,
) -> None:
    """Make test sets as Parquet files that load_dataset opens without this package.

    CONFIG are names, with wildcards: '*' for all, 'derma*', 'breastmnist_*_noise_5'.
    """
    chosen = select(config)
    try:
        result = build_folder(
            chosen, output, seed=seed, data_dir=data_dir, sample=sample, num_proc=num_proc
        )
    except KeyboardInterrupt:
        click.echo(
            "Stopped. Finished test sets are kept; the same command goes on from there.", err=True
        )
        sys.exit(130)
    click.echo(f"{output}: {len(result.made)} test sets made, {len(result.kept)} already there")
