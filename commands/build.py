"""`medmnist-c build`: test sets as a folder of Parquet files."""

from typing import Any

import click

from medmnist_c.builder.dataset_info import PUBLISHED_SIZE
from medmnist_c.builder.npz.build import build_npz
from medmnist_c.builder.parquet.build import build as build_folder
from medmnist_c.builder.splits import PUBLISHED
from medmnist_c.commands.options import (
    GOES_ON,
    Command,
    complete_config,
    complete_dataset,
    size_option,
    source_options,
    splits_option,
)


@click.command(cls=Command, stopped=GOES_ON)
@click.argument("config", nargs=-1, shell_complete=complete_config)
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
@click.option("--from", "source", help="Your own images: a folder, or USER/NAME on the Hub.")
@click.option(
    "--like",
    shell_complete=complete_dataset,
    help="Dataset whose corruptions your images get, with --from.",
)
@click.option(
    "--corruption", multiple=True, help="Some of them, with --from. [default: the dataset's list]"
)
@click.option("--split", help="Of your data set, with --from. [default: the only one, or test]")
@click.option("--column", help="Of your images, with --from. [default: image]")
@splits_option
@size_option
@source_options
def build(
    config: tuple[str, ...],
    output: str,
    num_proc: int | None,
    scheduler: str | None,
    form: str,
    source: str | None,
    like: str | None,
    corruption: tuple[str, ...],
    split: str | None,
    column: str | None,
    splits: tuple[str, ...],
    size: int,
    **images: Any,
) -> None:
    """Make test sets as a folder of Parquet files.

    load_dataset opens it without this package.

    CONFIG are names, with wildcards: '*' for all, 'derma*', 'breastmnist_*_noise_5'. With --from and
    --like, your own images get the corruptions of a dataset instead, drawn from --seed, 0 by default.
    """
    if source is not None:
        _refuse(
            "Your own images (--from) are made by processes of this machine, as Parquet files, all of "
            "them: leave out",
            {"CONFIG": config, "--scheduler": scheduler, "--format npz": form == "npz"}
            | {"--data-dir": images["data_dir"], "--sample": images["sample"]}
            | _others(splits, size),
        )
        if like is None:
            raise ValueError(
                "Say whose corruptions with --like, such as --like dermamnist for photographs of skin."
            )
        _build_custom(source, like, output, corruption, images["seed"], column, split, num_proc)
        return
    own = {"--like": like, "--corruption": corruption, "--split": split, "--column": column}
    _refuse("Without --from, leave out", own)
    if not config:
        raise ValueError("Name test sets, such as 'derma*', or your own images with --from.")
    if form == "npz":
        _refuse(
            "npz files are made by processes of this machine, as the published archives are: leave out",
            {"--scheduler": scheduler} | _others(splits, size),
        )
        result = build_npz(config, output, num_proc=num_proc, **images)
        click.echo(f"{output}: {len(result.made)} files made, {len(result.kept)} already there")
        return
    result = build_folder(
        config,
        output,
        num_proc=num_proc,
        scheduler=scheduler,
        splits=splits,
        size=size,
        **images,
    )
    click.echo(f"{output}: {len(result.made)} test sets made, {len(result.kept)} already there")


def _others(splits: tuple[str, ...], size: int) -> dict[str, Any]:
    """The options that ask for other images than the published benchmark's."""
    return {"--splits": splits != (PUBLISHED,), "--size": size != PUBLISHED_SIZE}


def _refuse(sentence: str, options: dict[str, Any]) -> None:
    if given := [name for name, value in options.items() if value]:
        raise ValueError(f"{sentence} {', '.join(given)}.")


def _build_custom(
    source: str,
    like: str,
    output: str,
    corruptions: tuple[str, ...],
    seed: int | None,
    column: str | None,
    split: str | None,
    num_proc: int | None,
) -> None:
    from medmnist_c.custom.build import build_custom

    result = build_custom(
        source,
        like,
        output,
        corruptions=corruptions,
        seed=seed or 0,
        column=column or "image",
        split=split,
        num_proc=num_proc,
    )
    if result.remark:
        click.echo(result.remark, err=True)
    click.echo(f"{output}: {len(result.made)} sets made, {len(result.kept)} already there")
