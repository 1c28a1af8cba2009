"""`medmnist-c list`: names of test sets, with what stands behind them."""

import click

from medmnist_c.builder.configs import CorruptedConfig, all_configs, config_names
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.commands.options import Command, complete_config
from medmnist_c.commands.parameters import parameters_of


@click.command("list", cls=Command)
@click.argument("pattern", default="*", shell_complete=complete_config)
@click.option("--corruption", help="Wildcards over the corruption, e.g. '*noise'.")
@click.option("--severity", type=click.IntRange(1, 5))
@click.option("--names", is_flag=True, help="Names only, one a line, for scripts.")
def list_command(pattern: str, corruption: str | None, severity: int | None, names: bool) -> None:
    """List test sets; PATTERN is such as 'derma*' or '*_noise_5'."""
    found = config_names(pattern, corruption=corruption, severity=severity)
    if not found:
        raise ValueError("These match something each, but no configuration matches all of them.")
    if names:
        click.echo("\n".join(found))
        return
    width = max(map(len, found))
    click.echo(f"{'configuration':{width}}  {'images':>8}  group          parameters")
    for one in (all_configs()[name] for name in found):
        group = one.entry.group if isinstance(one, CorruptedConfig) else ""
        count = dataset_info(one.dataset).test_count
        click.echo(f"{one.name:{width}}  {count:>8,}  {group:13}  {parameters_of(one)}".rstrip())
