"""`medmnist-c cache`: what lies in the cache, and how to be rid of it."""

from collections import Counter
from pathlib import Path

import click

from medmnist_c.builder.cache import LOCK, CacheEntry, cache_entries, remove_entry
from medmnist_c.builder.settings import cache_folder
from medmnist_c.commands.options import Command

CACHE_OPTION = click.option(
    "--cache-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=cache_folder,
    help="[default: the cache folder of datasets, HF_DATASETS_CACHE]",
)


@click.group()
def cache() -> None:
    """Show or remove what this package keeps in the cache."""


@cache.command("list", cls=Command)
@click.argument("pattern", default="*")
@CACHE_OPTION
def list_cache(pattern: str, cache_dir: Path) -> None:
    """List clean images, prepared test sets and leftovers.

    PATTERN is a dataset or a configuration, with wildcards.
    """
    entries = cache_entries(cache_dir, pattern)
    for one in entries:
        if one.kind != LOCK:
            click.echo(_line(one))
    locks = Counter(one.kind for one in entries)[LOCK]
    if locks:
        click.echo(f"{LOCK:13}{locks:>14,}  empty files")
    click.echo(f"{'in all':13}{_megabytes(entries)}  {cache_dir}")


@cache.command(cls=Command)
@click.argument("pattern", default="*")
@click.option("--dry-run", is_flag=True, help="Only tell what would be removed.")
@CACHE_OPTION
def clean(pattern: str, dry_run: bool, cache_dir: Path) -> None:
    """Remove clean images, prepared test sets and leftovers.

    PATTERN is a dataset or a configuration, with wildcards; all by default. What a process is making
    just now is left. All of it is fetched or made again when it is next asked for.
    """
    removed = []
    for one in cache_entries(cache_dir, pattern):
        if dry_run or remove_entry(one):
            removed.append(one)
        else:
            click.echo(f"{one.path} is in use, and left.", err=True)
        if one in removed and one.kind != LOCK:
            click.echo(_line(one))
    click.echo(f"{'would remove' if dry_run else 'removed':13}{_megabytes(removed)}  {cache_dir}")


def _line(one: CacheEntry) -> str:
    return f"{one.kind:13}{_megabytes([one])}  {one.name}"


def _megabytes(entries: list[CacheEntry]) -> str:
    return f"{sum(one.size for one in entries) / 1e6:>11,.1f} MB"
