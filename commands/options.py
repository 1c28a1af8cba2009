"""What commands share: options that say which images, errors as one sentence, an end when told to."""

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from medmnist_c.builder.configs import config_names
from medmnist_c.builder.dataset_info import PUBLISHED_SIZE, SIZES
from medmnist_c.builder.files import folder_to_write
from medmnist_c.builder.splits import PUBLISHED, SPLITS
from medmnist_c.corruptions.table import CORRUPTIONS

GOES_ON = "Stopped. What is finished is kept; the same command goes on from there."


@contextlib.contextmanager
def _errors_as_one_sentence() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise  # `medmnist-c list | head`: click ends quietly
    except (ValueError, TypeError, IndexError, OSError, ModuleNotFoundError) as error:
        raise click.ClickException(str(error)) from error


def complete_config(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Names for the shell's tab completion."""
    return [name for name in config_names() if name.startswith(incomplete)]


def complete_dataset(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Names of datasets, likewise."""
    return [name for name in CORRUPTIONS if name.startswith(incomplete)]


class Terminated(KeyboardInterrupt):
    """SIGTERM has come: a command ends by it as by Ctrl-C, and tidies up."""


def _terminate(number: int, frame: object) -> None:
    raise Terminated


def _end_when_told() -> None:
    """A forked process must not raise it: where Python swallows that, a pool waits for it for ever."""
    if signal.getsignal(signal.SIGTERM) is _terminate:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_end_when_told)


class Command(click.Command):
    """A command whose bad input ends in one sentence and exit status 1, Ctrl-C and SIGTERM at once.

    `stopped` is what it says when it was told to end.
    """

    def __init__(self, *args: Any, stopped: str = "Stopped.", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stopped = stopped

    def invoke(self, ctx: click.Context) -> object:
        before = signal.signal(signal.SIGTERM, _terminate)
        try:
            with _errors_as_one_sentence():
                if isinstance(output := ctx.params.get("output"), Path):
                    folder_to_write(output)  # a name that cannot be is told before hours of work
                return super().invoke(ctx)
        except KeyboardInterrupt as error:
            click.echo(self._stopped, err=True)
            sys.stdout.flush()
            sys.stderr.flush()
            # All is tidied; a thread that does not end, as in an upload, must not hold the exit.
            os._exit(128 + (signal.SIGTERM if isinstance(error, Terminated) else signal.SIGINT))
        finally:
            signal.signal(signal.SIGTERM, before)


size_option = click.option(
    "--size",
    type=click.Choice([str(size) for size in SIZES]),
    default=str(PUBLISHED_SIZE),
    show_default=True,
    callback=lambda context, option, value: int(value),
    help="Pixels a side, of MedMNIST+'s file of that size; the published benchmark has 224.",
)

splits_option = click.option(
    "--splits",
    "splits",
    multiple=True,
    type=click.Choice(SPLITS),
    default=(PUBLISHED,),
    show_default=True,
    help="Whose images; may be given several times. What is random in others than test takes --seed.",
)


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


def image_options(command: Callable) -> Callable:
    """All options that say which images: those of `source_options`, `--splits` and `--size`."""
    return splits_option(size_option(source_options(command)))


num_proc_option = click.option(
    "--num-proc", type=click.IntRange(min=1), help="Processes. [default: all cores]"
)

token_option = click.option(
    "--token", help="For the Hub. [default: HF_TOKEN, or that of `hf auth login`]"
)


def repository_options(command: Callable) -> Callable:
    """Options that say which state of a repository, and on whose behalf: `--revision`, `--token`."""
    revision = click.option(
        "--revision", help="Branch, tag, or pull request as refs/pr/3. [default: main]"
    )
    return revision(token_option(command))
