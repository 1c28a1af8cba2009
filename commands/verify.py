"""`medmnist-c verify`: compare made images with published or built ones."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from medmnist_c.commands.options import (
    Command,
    complete_config,
    size_option,
    source_options,
    splits_option,
)


@click.command(cls=Command)
@click.argument("config", nargs=-1, shell_complete=complete_config)
@click.option(
    "--release",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder of the release's files, {dataset}/{corruption}.npz.",
)
@click.option("--repo", help="Dataset repository on the Hub, USER/NAME.")
@click.option(
    "--folder", help="Folder of test sets that `build` has written, or its address (s3://...)."
)
@click.option("--revision", help="Of the repository. [default: main]")
@click.option("--token", help="For the Hub. [default: HF_TOKEN, or that of `hf auth login`]")
@click.option(
    "--num-proc",
    type=click.IntRange(min=1),
    help="Processes, but for --release. [default: all cores]",
)
@splits_option
@size_option
@source_options
def verify(
    config: tuple[str, ...],
    release: Path | None,
    repo: str | None,
    folder: str | None,
    revision: str | None,
    token: str | None,
    num_proc: int | None,
    data_dir: Path | None,
    sample: bool,
    seed: int | None,
    splits: tuple[str, ...],
    size: int,
) -> None:
    """Compare made images with published or built ones.

    With the files of the published release, with a repository, or with a folder that `build` wrote.

    The latter's files are compared by their SHA-256, and by their images if that differs. CONFIG are
    names, with wildcards; all by default. The exit status is 0 if all are equal.
    """
    from medmnist_c.verification import verify as compare  # takes a moment to import

    found = compare(
        config or "*",
        release=release,
        repo=repo,
        folder=folder,
        revision=revision,
        token=token,
        num_proc=num_proc,
        data_dir=data_dir,
        sample=sample,
        seed=seed,
        splits=splits,
        size=size,
    )
    _report(found, repo or folder or "the release")


def _report(found: Iterator, what: str) -> None:
    """Print comparisons as they come; exit status 1 if one is not equal."""
    equal = []
    for comparison in found:
        click.echo(comparison)
        equal.append(comparison.equal)
    click.echo(f"{sum(equal)} of {len(equal)} test sets equal {what}")
    if not all(equal):
        sys.exit(1)
