"""Shell-style wildcards over names: "derma*", "*_noise_5"."""

from collections.abc import Callable
from fnmatch import fnmatchcase

from medmnist_c.builder.errors import UnknownNameError
from medmnist_c.builder.suggestions import shown

_LONGEST = 200  # characters; what Python makes of a pattern it keeps, however long it is


def matcher(pattern: str) -> Callable[[str], bool]:
    """Tells of a name whether it fits the wildcards.

    Raises:
        TypeError: the pattern is no string.
        UnknownNameError: it is longer than any name.
    """
    if not isinstance(pattern, str):
        raise TypeError(f"A pattern is a string such as 'derma*', not {shown(pattern)}.")
    if len(pattern) > _LONGEST:
        raise UnknownNameError(
            f"A pattern has at most {_LONGEST} characters, not {len(pattern):,}; shorten it."
        )
    return lambda name: fnmatchcase(name, pattern)
