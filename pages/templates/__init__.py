"""Templates, programs and styles of the site."""

from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

STATIC = (
    "style.css",
    "leaderboard.css",
    "explorer.css",
    "dom.js",
    "figures.js",
    "address.js",
    "table.js",
    "leaderboard.js",
    "compare.js",
    "magnifier.js",
    "fares.js",
    "explorer.js",
)
"""Files that go into the site as they are."""


def static_files() -> dict[str, bytes]:
    """The content of each, by name."""
    folder = resources.files(__name__)
    return {name: folder.joinpath(name).read_bytes() for name in STATIC}


def render(name: str, **values: Any) -> bytes:
    """A page; everything that is put into it is escaped."""
    environment = Environment(
        loader=PackageLoader(__name__, ""),
        undefined=StrictUndefined,
        autoescape=True,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name).render(**values).encode()
