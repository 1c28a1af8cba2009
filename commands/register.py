"""`medmnist-c register`: the name known to `datasets` without an import."""

import click

from medmnist_c.builder.hf import startup
from medmnist_c.commands.options import Command


@click.command(cls=Command)
@click.option("--remove", is_flag=True, help="Undo it.")
def register(remove: bool) -> None:
    """Make the name known to datasets without an import.

    load_dataset("medmnist_c", ...) then works without `import medmnist_c`.

    In every Python of this environment: a file of one line in its site-packages imports medmnist_c
    after datasets. Remove it before you uninstall; left behind, it does nothing.
    """
    try:
        path = startup.remove() if remove else startup.add()
    except OSError as error:
        raise OSError(
            f"Cannot write {startup.startup_file()} ({error.strerror or error}); use an environment "
            "of your own, or import medmnist_c in your programs."
        ) from error
    if path is None:
        click.echo(f"There is no {startup.startup_file()}.")
    else:
        click.echo(f"{path}: {'removed' if remove else 'written'}")
