"""The command line: `medmnist-c list | info | preview | build | verify | push | evaluate | ...`."""

import click

from medmnist_c.builder.cards import VERSION
from medmnist_c.commands.build import build
from medmnist_c.commands.cache import cache
from medmnist_c.commands.evaluate import evaluate
from medmnist_c.commands.fetch import fetch
from medmnist_c.commands.info import info
from medmnist_c.commands.list import list_command
from medmnist_c.commands.preview import preview
from medmnist_c.commands.push import push
from medmnist_c.commands.register import register
from medmnist_c.commands.report import report
from medmnist_c.commands.reproduce import reproduce
from medmnist_c.commands.score import score
from medmnist_c.commands.seeds import seeds
from medmnist_c.commands.site import explore, push_site, site
from medmnist_c.commands.train import train
from medmnist_c.commands.verify import verify


@click.group()
@click.version_option(VERSION)
def main() -> None:
    """MedMNIST-C: corrupted medical test sets, made on the fly."""


for command in (
    list_command,
    info,
    preview,
    build,
    verify,
    push,
    evaluate,
    score,
    seeds,
    report,
    site,
    explore,
    push_site,
    train,
    reproduce,
    fetch,
    cache,
    register,
):
    main.add_command(command)


if __name__ == "__main__":
    main()
