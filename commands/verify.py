"""`medmnist-c verify`: compare made pictures with published ones."""

import sys
from pathlib import Path

import click

from medmnist_c.builder.configurations import select
from medmnist_c.builder.verify import verify_release
from medmnist_c.commands.options import CACHE_DIR, Command, source_options


@click.command(cls=Command)
@click.argument("config", nargs=-1)
@click.option(
    "--release",
    required=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder of the release's files, {dataset}/{corruption}.npz.",
)
@source_options
def verify(
    config: tuple[str, ...],
    release: Path,
    data_dir: Path | None,
    sample: bool,
    seed: int | None,
) -> None:
    """Compare made pictures with the files of the published release.

    CONFIG are names, with wildcards; all by default. The exit status is 0 if all are equal.
    """
    if seed is not None:
        raise ValueError("The release has one draw of its own: leave --seed out.")
    found = []
    for comparison in verify_release(
        release, select(config), data_dir=data_dir, sample=sample, cache_dir=CACHE_DIR
    ):
        click.echo(comparison)
        found.append(comparison.equal)
    click.echo(f"{sum(found)} of {len(found)} test sets equal the release")
    if not all(found):
        sys.exit(1)
