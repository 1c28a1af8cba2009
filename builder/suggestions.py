"""Suggestions for misspelt names."""

import difflib
from collections.abc import Iterable


def shown(value: object) -> str:
    """A value as it may stand in a sentence: its `repr`, cut off where it is long."""
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:80]}... ({len(text)} characters)"


def nearest(name: object, known: Iterable[str], count: int = 3) -> str:
    """The end of an error sentence: the known names that look most like `name`."""
    known = list(known)
    close = difflib.get_close_matches(str(name).lower(), known, n=count, cutoff=0.5)
    if close:
        return "; did you mean " + " or ".join(repr(one) for one in close) + "?"
    if len(known) <= 20:
        return "; there are " + ", ".join(known) + "."
    return "; `medmnist-c list` shows all names."
