"""The command line: `medmnist-c list | info | preview | build | verify`."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import datasets

from medmnist_c.builder import cards
from medmnist_c.builder.build import build as build_folder
from medmnist_c.builder.catalogue import dataset_facts
from medmnist_c.builder.configurations import (
    Configuration,
    config_names,
    configuration,
    configurations,
    find_configuration,
    select,
)
from medmnist_c.builder.preview import preview as preview_sheet
from medmnist_c.builder.verify import verify_release
from medmnist_c.corruptions.table import CORRUPTIONS

CACHE_DIR = datasets.config.HF_DATASETS_CACHE


@contextlib.contextmanager
def _errors_as_one_sentence() -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, IndexError, OSError) as error:
        raise click.ClickException(str(error)) from error


class _Command(click.Command):
    def invoke(self, ctx: click.Context) -> object:
        with _errors_as_one_sentence():
            return super().invoke(ctx)


def source_options(command: Callable) -> Callable:
    """Options that say which pictures: `--data-dir`, `--sample`, `--seed`."""
    for option in (
        click.option(
            "--seed",
            type=click.IntRange(min=0),
            help="Draw afresh from this seed. [default: the release's draws]",
        ),
        click.option("--sample", is_flag=True, help="Use the few pictures inside the package."),
        click.option(
            "--data-dir",
            type=click.Path(path_type=Path, file_okay=False),
            help="Folder of MedMNIST+ files. [default: ~/.medmnist, then Zenodo]",
        ),
    ):
        command = option(command)
    return command


@click.group()
@click.version_option(cards.VERSION)
def main() -> None:
    """MedMNIST-C: corrupted medical test sets, made on the fly."""


@main.command("list", cls=_Command)
@click.argument("pattern", default="*")
@click.option("--corruption", help="Wildcards over the corruption, e.g. '*noise'.")
@click.option("--severity", type=click.IntRange(1, 5))
@click.option("--names", is_flag=True, help="Names only, one a line, for scripts.")
def list_command(pattern: str, corruption: str | None, severity: int | None, names: bool) -> None:
    """List test sets; PATTERN is e.g. 'derma*' or '*_noise_5'."""
    found = config_names(pattern, corruption=corruption, severity=severity)
    if not found:
        raise ValueError(f"No configuration matches {pattern!r}; `medmnist-c list` shows all.")
    if names:
        click.echo("\n".join(found))
        return
    width = max(map(len, found))
    click.echo(f"{'configuration':{width}}  {'pictures':>8}  group          parameters")
    for one in (configurations()[name] for name in found):
        group = one.entry.group if one.entry else ""
        count = dataset_facts(one.dataset).test_count
        click.echo(f"{one.name:{width}}  {count:>8,}  {group:13}  {_parameters(one)}".rstrip())


@main.command(cls=_Command)
@click.argument("config")
def info(config: str) -> None:
    """All about one test set, e.g. dermamnist_black_corner_3."""
    one = configuration(config)
    facts = dataset_facts(one.dataset)
    rows = {
        "configuration": one.name,
        "what": cards.describe(one),
        "pictures": f"{facts.test_count:,}, {'grey' if facts.grey else 'RGB'}, 224 x 224",
        "task": facts.task,
        "labels": ", ".join(f"{number} {name}" for number, name in enumerate(facts.labels)),
        "licence": facts.license,
        "source": facts.url,
    }
    if one.entry:
        rows["algorithm"] = (
            f"{one.entry.algorithm} ({one.entry.group}), parameters {_parameters(one)}"
        )
    for name, value in rows.items():
        click.echo(f"{name:14}{value}")


@main.command(cls=_Command)
@click.argument("dataset")
@click.option(
    "--corruption", multiple=True, help="Row of the grid; may be repeated. [default: all]"
)
@click.option("--index", default=0, show_default=True, help="Number of the picture.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="PNG or JPEG. [default: {dataset}.png]",
)
@source_options
def preview(
    dataset: str,
    corruption: tuple[str, ...],
    index: int,
    output: Path | None,
    data_dir: Path | None,
    sample: bool,
    seed: int | None,
) -> None:
    """Draw one picture of DATASET under its corruptions, at all severities."""
    dataset_facts(dataset)
    rows = [find_configuration(dataset, name, 1).corruption for name in corruption]
    sheet = preview_sheet(
        dataset,
        rows or list(CORRUPTIONS[dataset]),
        index,
        seed=seed,
        data_dir=data_dir,
        sample=sample,
        cache_dir=CACHE_DIR,
    )
    output = output or Path(f"{dataset}.png")
    sheet.save(output)
    click.echo(f"{output}: {sheet.width} x {sheet.height}")


@main.command(cls=_Command)
@click.argument("config", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write into.",
)
@click.option("--num-proc", type=click.IntRange(min=1), help="Processes. [default: all cores]")
@source_options
def build(
    config: tuple[str, ...],
    output: Path,
    num_proc: int | None,
    data_dir: Path | None,
    sample: bool,
    seed: int | None,
) -> None:
    """Make test sets as Parquet files that load_dataset opens without this package.

    CONFIG are names, with wildcards: '*' for all, 'derma*', 'breastmnist_*_noise_5'.
    """
    chosen = select(config)
    try:
        result = build_folder(
            chosen, output, seed=seed, data_dir=data_dir, sample=sample, num_proc=num_proc
        )
    except KeyboardInterrupt:
        click.echo(
            "Stopped. Finished test sets are kept; the same command goes on from there.", err=True
        )
        sys.exit(130)
    click.echo(f"{output}: {len(result.made)} test sets made, {len(result.kept)} already there")


@main.command(cls=_Command)
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


def _parameters(one: Configuration) -> str:
    if one.entry is None:
        return ""
    values = one.entry.parameters(one.severity)
    if one.entry.algorithm == "zoom_blur":
        (factors,) = values
        return f"{len(factors)} factors, {factors[0]:g} to {factors[-1]:.3g}"
    return ", ".join(f"{value:g}" for value in values)
