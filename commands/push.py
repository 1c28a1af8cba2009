"""`medmnist-c push`: test sets on the Hugging Face Hub."""

from datetime import datetime, timedelta
from pathlib import Path

import click

from medmnist_c.builder.configs import select
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.testset.spec import specs_of
from medmnist_c.commands.options import (
    Command,
    complete_config,
    image_options,
    num_proc_option,
    repository_options,
)


def _until(
    context: click.Context, option: click.Parameter, value: datetime | None
) -> datetime | None:
    """A time of day is the next one of that time."""
    if value is None or value.year > 1900:  # what a date without a year is read as
        return value
    now = datetime.now()
    then = now.replace(hour=value.hour, minute=value.minute, second=0, microsecond=0)
    return then if then > now else then + timedelta(days=1)


@click.command(
    cls=Command,
    stopped="Stopped. What is committed stays, nothing is there by half; the same command goes on "
    "from there.",
)
@click.argument("repo")
@click.argument("config", nargs=-1, shell_complete=complete_config)
@click.option("--dry-run", is_flag=True, help="Only say what would be made and sent.")
@click.option(
    "--mbit",
    type=click.FloatRange(min=0, min_open=True),
    default=100.0,
    show_default=True,
    help="For the hours that --dry-run tells: Mbit/s that can be sent.",
)
@click.option("--replace", is_flag=True, help="Replace test sets that are there with other images.")
@click.option("--private", is_flag=True, help="Make the repository private.")
@click.option("--create-pr", is_flag=True, help="Into a pull request in place of a branch.")
@click.option("--tag", help="Name what is there when all is done, e.g. v1.")
@repository_options
@click.option(
    "--patience",
    metavar="HOURS",
    type=click.FloatRange(min=0),
    default=0.0,
    help="Try again for so long what may pass. [default: seven times, about a minute]",
)
@click.option(
    "--max-gb",
    type=click.FloatRange(min=0, min_open=True),
    help="End before more than so much is sent; the same command goes on.",
)
@click.option(
    "--until",
    type=click.DateTime(["%H:%M", "%Y-%m-%dT%H:%M"]),
    callback=_until,
    help="Begin no test set after this time, e.g. 06:30.",
)
@num_proc_option
@click.option(
    "--scheduler", help="Dask scheduler, tcp://HOST:PORT, whose workers do it instead of processes."
)
@click.option(
    "--work-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="For files on their way; all workers of a scheduler must reach it. [default: the cache]",
)
@image_options
def push(
    repo: str,
    config: tuple[str, ...],
    dry_run: bool,
    mbit: float,
    replace: bool,
    private: bool,
    create_pr: bool,
    tag: str | None,
    revision: str | None,
    token: str | None,
    patience: float,
    max_gb: float | None,
    until: datetime | None,
    num_proc: int | None,
    scheduler: str | None,
    work_dir: Path | None,
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
    from medmnist_c.builder.retry import RetryPolicy
    from medmnist_c.publishing.hub.repository import Target
    from medmnist_c.publishing.planning.dry_run import dry_run as what_would_be_done
    from medmnist_c.publishing.push import push as push_test_sets

    chosen = select(config or "*")
    if dry_run:
        specs = specs_of(chosen, ImageSource(seed, data_dir, sample, size), splits)
        target = Target(repo, revision, create_pr, token)
        click.echo(what_would_be_done(specs, target, private=private, mbit=mbit))
        return
    pushed = push_test_sets(
        repo,
        chosen,
        replace=replace,
        private=private,
        create_pr=create_pr,
        tag=tag,
        revision=revision,
        token=token,
        retry_policy=RetryPolicy(patience_s=3600 * patience),
        max_gb=max_gb,
        until=until,
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
    if pushed.over:
        click.echo(f"{len(pushed.left)} are left: {pushed.over}. The same command goes on.")
