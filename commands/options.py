"""What commands share: options that say which images, and errors as one sentence."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import datasets

from medmnist_c.builder.configs import config_names
from medmnist_c.corruptions.table import CORRUPTIONS

CACHE_DIR = datasets.config.HF_DATASETS_CACHE
_EXTRAS = dict.fromkeys(
    ("sklearn", "matplotlib", "jinja2", "pydantic", "threadpoolctl"), "evaluate"
)


@contextlib.contextmanager
def _errors_as_one_sentence() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise  # `medmnist-c list | head`: click ends quietly
    except (ValueError, TypeError, IndexError, OSError) as error:
        raise click.ClickException(str(error)) from error
    except ModuleNotFoundError as error:
        sentence = str(error)
        if extra := _EXTRAS.get((error.name or "").partition(".")[0]):
            sentence = f"This needs {error.name}; pip install 'medmnist_c[{extra}]'."
        raise click.ClickException(sentence) from error


def complete_config(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Names for the shell's tab completion."""
    return [name for name in config_names() if name.startswith(incomplete)]


def complete_dataset(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Names of datasets, likewise."""
    return [name for name in CORRUPTIONS if name.startswith(incomplete)]


class Command(click.Command):
    """A command whose bad input ends in one sentence and exit status 1."""

    def invoke(self, ctx: click.Context) -> object:
        with _errors_as_one_sentence():
            return super().invoke(ctx)


def source_options(command: Callable) -> Callable:
    """Options that say which images: `--data-dir`, `--sample`, `--seed`."""
    for option in (
        click.option(
            "--seed",
            type=click.IntRange(min=0),
            help="Draw afresh from this seed. [default: the release's draws]",
        ),
        click.option("--sample", is_flag=True, help="Use the few images inside the package."),
        click.option(
            "--data-dir",
            type=click.Path(path_type=Path, file_okay=False),
            help="Folder of MedMNIST+ files. [default: ~/.medmnist, then Zenodo]",
        ),
    ):
        command = option(command)
    return command
