"""The compiled modules, which the installation makes if there is a C compiler."""

from functools import cache
from importlib import import_module
from types import ModuleType


@cache
def extension(name: str, newest: str) -> ModuleType | None:
    """One of them; None if there is none for this machine, or an older one: `pip install -e .` again.

    Args:
        name: in this folder, such as "exact._sums".
        newest: a function that older ones lack.
    """
    try:
        module = import_module(f"{__package__}.{name}")
    except ImportError:  # there was no compiler, or it was one for another machine
        return None
    return module if hasattr(module, newest) else None
