"""`medmnist-c info`: all about one test set."""

import click

from medmnist_c.builder import cards
from medmnist_c.builder.configs import configuration
from medmnist_c.builder.dataset_info import dataset_facts
from medmnist_c.commands.options import Command
from medmnist_c.commands.parameters import parameters_of


@click.command(cls=Command)
@click.argument("config")
def info(config: str) -> None:
    """All about one test set, e.g. dermamnist_black_corner_3."""
    one = configuration(config)
    facts = dataset_facts(one.dataset)
    rows = {
        "configuration": one.name,
        "what": cards.describe(one),
        "images": f"{facts.test_count:,}, {'grey' if facts.grey else 'RGB'}, 224 x 224",
        "task": facts.task,
        "labels": ", ".join(f"{number} {name}" for number, name in enumerate(facts.labels)),
        "licence": facts.license,
        "source": facts.url,
    }
    if one.entry:
        rows["algorithm"] = (
            f"{one.entry.algorithm} ({one.entry.group}), parameters {parameters_of(one)}"
        )
    for name, value in rows.items():
        click.echo(f"{name:14}{value}")
