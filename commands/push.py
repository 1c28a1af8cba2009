"""`medmnist-c push`: test sets on the Hugging Face Hub."""

import os
import sys
from pathlib import Path

import click

from medmnist_c.builder.configs import select
from medmnist_c.commands.options import Command, source_options


@click.command(cls=Command)
@click.argument("repo")
@click.argument("config", nargs=-1)
@click.option("--private", is_flag=True, help="Make the repository private.")
@click.option("--create-pr", is_flag=True, help="Into a pull request in place of a branch.")
@click.option("--revision", help="Branch, or pull request as refs/pr/3. [default: main]")
@click.option("--token", help="For the Hub. [default: HF_TOKEN, or that of `hf auth login`]")
@click.option("--num-proc", type=click.IntRange(min=1), help="Processes. [default: all cores]")
@click.option(
    "--scheduler", help="Dask scheduler, tcp://HOST:PORT, whose workers do it instead of processes."
)
@click.option(
    "--work-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="For files on their way; all workers of a scheduler must reach it. [default: the cache]",
)
@click.option("--dry-run", is_flag=True, help="Only tell what would be made and sent.")
@source_options
def push(
    repo: str,
    config: tuple[str, ...],
    private: bool,
    create_pr: bool,
    revision: str | None,
    token: str | None,
    num_proc: int | None,
    scheduler: str | None,
    work_dir: Path | None,
    dry_run: bool,
    data_dir: Path | None,
    sample: bool,
    seed: int | None,
) -> None:
    """Publish test sets in the dataset repository REPO (USER/NAME) on the Hub.

    CONFIG are names, with wildcards; all by default. What is there already is neither made nor sent
    again: run the same command again after any failure.
    """
    # These take a moment to import, and only this command needs them.
    from medmnist_c.publishing.estimate import estimate
    from medmnist_c.publishing.push import push as push_test_sets

    which = {"seed": seed, "data_dir": data_dir, "sample": sample}
    where = {"revision": revision, "create_pr": create_pr, "token": token}
    chosen = select(config or "*")
    if dry_run:
        click.echo(estimate(repo, chosen, **where, **which))
        return
    try:
        pushed = push_test_sets(
            repo,
            chosen,
            private=private,
            num_proc=num_proc,
            scheduler=scheduler,
            work_dir=work_dir,
            **where,
            **which,
        )
    except KeyboardInterrupt:
        click.echo(
            "Stopped. What is committed stays, nothing is there by half; the same command goes on "
            "from there.",
            err=True,
        )
        sys.stderr.flush()
        os._exit(130)  # an upload that does not end must not hold the exit
    click.echo(
        f"{pushed.url}: {len(pushed.made)} test sets made and sent "
        f"({pushed.sent_bytes / 1e6:,.1f} MB), {len(pushed.kept)} already there, "
        f"{len(pushed.commits)} commits"
    )
