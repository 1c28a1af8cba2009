"""`medmnist-c verify`: compare made images with published or built ones."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from medmnist_c.commands.options import (
    Command,
    complete_config,
    image_options,
    num_proc_option,
    repository_options,
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
@click.option(
    "--quick", is_flag=True, help="Make nothing: compare the repository's files with its manifest."
)
@repository_options
@num_proc_option
@image_options
def verify(
    config: tuple[str, ...],
    release: Path | None,
    repo: str | None,
    folder: str | None,
    quick: bool,
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
    names, with wildcards; all by default. With --quick nothing is made: the files that the Hub states
    are compared with what the repository's manifest says of these images. The exit status is 0 if
    all are equal.
    """
    from medmnist_c.verification import verify as compare  # takes a moment to import

    found = compare(
        config or "*",
        release=release,
        repo=repo,
        folder=folder,
        quick=quick,
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
