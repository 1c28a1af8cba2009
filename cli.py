"""The command line: `medmnist-c list | info | preview | build | verify | push | evaluate | ...`."""

from importlib import import_module

import click

from medmnist_c.builder.versions import VERSION

# In the order in which people meet them: where a command's function lies, in `commands/`.
_COMMANDS = {
    "list": "list.list_command",
    "info": "info.info",
    "preview": "preview.preview",
    "build": "build.build",
    "verify": "verify.verify",
    "push": "push.push",
    "evaluate": "evaluate.evaluate",
    "score": "score.score",
    "seeds": "seeds.seeds",
    "report": "report.report",
    "site": "site.site",
    "explore": "site.explore",
    "push-site": "site.push_site",
    "train": "train.train",
    "reproduce": "reproduce.reproduce",
    "fetch": "fetch.fetch",
    "cache": "cache.cache",
    "register": "register.register",
}


class _Commands(click.Group):
    """Imports a command when it is asked for: some take a second, which completion by Tab waits for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, function = _COMMANDS[cmd_name].rpartition(".")
        command: click.Command = getattr(import_module(f"medmnist_c.commands.{module}"), function)
        return command


@click.group(cls=_Commands)
@click.version_option(VERSION)
def main() -> None:
    """MedMNIST-C: corrupted medical test sets, made on the fly."""


if __name__ == "__main__":
    main()
