"""`medmnist-c verify`: compare made images with published ones."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from medmnist_c.builder.configs import select
from medmnist_c.builder.testset.reference_comparison import verify_release
from medmnist_c.commands.options import CACHE_DIR, Command, source_options


@click.command(cls=Command)
@click.argument("config", nargs=-1)
@click.option(
    "--release",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder of the release's files, {dataset}/{corruption}.npz.",
)
@click.option("--repo", help="Dataset repository on the Hub, USER/NAME.")
@click.option("--revision", help="Of the repository. [default: main]")
@click.option("--token", help="For the Hub. [default: HF_TOKEN, or that of `hf auth login`]")
@click.option(
    "--num-proc", type=click.IntRange(min=1), help="Processes, with --repo. [default: all cores]"
)
@source_options
def verify(
    config: tuple[str, ...],
    release: Path | None,
    repo: str | None,
    revision: str | None,
    token: str | None,
    num_proc: int | None,
    data_dir: Path | None,
    sample: bool,
    seed: int | None,
) -> None:
    """Compare made images with the files of the published release, or with a repository.

    A repository's files are compared by their SHA-256, without downloading them. CONFIG are names,
    with wildcards; all by default. The exit status is 0 if all are equal.
    """
    if (release is None) == (repo is None):
        raise ValueError("Give either --release FOLDER or --repo USER/NAME.")
    which = {"data_dir": data_dir, "sample": sample}
    if release is not None:
        if seed is not None:
            raise ValueError("The release has one draw of its own: leave --seed out.")
        found = verify_release(release, select(config), cache_dir=CACHE_DIR, **which)
        _report(found, "the release")
    else:
        from medmnist_c.publishing.verify import verify_repository  # takes a moment to import

        where = {"revision": revision, "token": token, "num_proc": num_proc}
        _report(verify_repository(repo, select(config), seed=seed, **where, **which), repo)


def _report(found: Iterator, what: str) -> None:
    """Print comparisons as they come; exit status 1 if one is not equal."""
    equal = []
    for comparison in found:
        click.echo(comparison)
        equal.append(comparison.equal)
    click.echo(f"{sum(equal)} of {len(equal)} test sets equal {what}")
    if not all(equal):
        sys.exit(1)
