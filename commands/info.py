"""`medmnist-c info`: all about one test set."""

import click

from medmnist_c.builder.card import words
from medmnist_c.builder.configs import CorruptedConfig, config_named
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.commands.options import Command, complete_config
from medmnist_c.commands.parameters import parameters_of


@click.command(cls=Command)
@click.argument("config", shell_complete=complete_config)
def info(config: str) -> None:
    """All about one test set, such as dermamnist_black_corner_3."""
    one = config_named(config)
    about = dataset_info(one.dataset)
    rows = {
        "configuration": one.name,
        "what": words.describe(one),
        "images": f"{about.test_count:,}, {'grey' if about.grey else 'RGB'}, 224 x 224",
        "task": about.task,
        "labels": ", ".join(f"{number} {name}" for number, name in enumerate(about.labels)),
        "licence": about.license,
        "source": about.url,
    }
    if isinstance(one, CorruptedConfig):
        rows["algorithm"] = (
            f"{one.entry.algorithm.name} ({one.entry.group}), parameters {parameters_of(one)}"
        )
    for name, value in rows.items():
        click.echo(f"{name:14}{value}")
