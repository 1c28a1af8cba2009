"""`medmnist-c build`: test sets as a folder of Parquet files."""

from typing import Any

import click

from medmnist_c.builder.npz.build import build_npz
from medmnist_c.builder.parquet.build import build as build_folder
from medmnist_c.commands.options import GOES_ON, Command, complete_config, source_options


@click.command(cls=Command, stopped=GOES_ON)
@click.argument("config", nargs=-1, required=True, shell_complete=complete_config)
@click.option(
    "-o",
    "--output",
    required=True,
    help="Folder to write into, or an address such as s3://bucket/folder.",
)
@click.option("--num-proc", type=click.IntRange(min=1), help="Processes. [default: all cores]")
@click.option(
    "--scheduler", help="Dask scheduler, tcp://HOST:PORT, whose workers do it instead of processes."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["parquet", "npz"]),
    default="parquet",
    help="npz: a file for each corruption, as the published archives have it. [default: parquet]",
)
@source_options
def build(
    config: tuple[str, ...],
    output: str,
    num_proc: int | None,
    scheduler: str | None,
    form: str,
    **source: Any,
) -> None:
    """Make test sets as a folder of Parquet files.

    load_dataset opens it without this package.

    CONFIG are names, with wildcards: '*' for all, 'derma*', 'breastmnist_*_noise_5'.
    """
    if form == "npz":
        if scheduler:
            raise ValueError(
                "npz files are made by processes of this machine; leave --scheduler out."
            )
        result = build_npz(config, output, num_proc=num_proc, **source)
        click.echo(f"{output}: {len(result.made)} files made, {len(result.kept)} already there")
        return
    result = build_folder(config, output, num_proc=num_proc, scheduler=scheduler, **source)
    click.echo(f"{output}: {len(result.made)} test sets made, {len(result.kept)} already there")
