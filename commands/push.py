"""`medmnist-c push`: test sets on the Hugging Face Hub."""

from pathlib import Path

import click

from medmnist_c.builder.configs import select
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.testset.spec import specs_of
from medmnist_c.commands.options import (
    Command,
    complete_config,
    size_option,
    source_options,
    splits_option,
)


@click.command(
    cls=Command,
    stopped="Stopped. What is committed stays, nothing is there by half; the same command goes on "
    "from there.",
)
@click.argument("repo")
@click.argument("config", nargs=-1, shell_complete=complete_config)
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
@click.option("--dry-run", is_flag=True, help="Only say what would be made and sent.")
@splits_option
@size_option
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
    splits: tuple[str, ...],
    size: int,
) -> None:
    """Publish test sets in a dataset repository on the Hub.

    REPO is its name, USER/NAME.
    CONFIG are names, with wildcards; all by default. What is there already is neither made nor sent
    again: run the same command again after any failure.
    """
    # These take a moment to import, and only this command needs them.
    from medmnist_c.publishing.dry_run import dry_run as what_would_be_done
    from medmnist_c.publishing.push import push as push_test_sets
    from medmnist_c.publishing.repository import Target

    chosen = select(config or "*")
    if dry_run:
        specs = specs_of(chosen, ImageSource(seed, data_dir, sample, size), splits)
        click.echo(what_would_be_done(specs, Target(repo, revision, create_pr, token)))
        return
    pushed = push_test_sets(
        repo,
        chosen,
        private=private,
        create_pr=create_pr,
        revision=revision,
        token=token,
        seed=seed,
        data_dir=data_dir,
        sample=sample,
        splits=splits,
        size=size,
        num_proc=num_proc,
        scheduler=scheduler,
        work_dir=work_dir,
    )
    click.echo(
        f"{pushed.url}: {len(pushed.made)} test sets made and sent "
        f"({pushed.sent_bytes / 1e6:,.1f} MB), {len(pushed.kept)} already there, "
        f"{len(pushed.commits)} commits"
    )
