"""Types of what is read from reports and predictions: plain values, bounded."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError

from medmnist_c.corruptions.table import SEVERITIES

LONGEST_TEXT = 2000  # characters: no name or note comes near it
_LARGEST = 1e15  # no figure of a report comes near it


def _is_text(character: str) -> bool:
    """No control character, no half of a surrogate pair."""
    return unicodedata.category(character) not in ("Cc", "Cs")


def _printable(text: str) -> str:
    if not all(map(_is_text, text)):
        raise ValueError("has characters that are no text")
    return text


def as_text(value: object) -> str:
    """A name of a model, file or repository as a report can hold it."""
    text = "".join(one if _is_text(one) else "\ufffd" for one in str(value))
    return text[:LONGEST_TEXT]


Text = Annotated[str, Field(strict=True, max_length=LONGEST_TEXT), AfterValidator(_printable)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-_LARGEST, le=_LARGEST)]
Probability = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1)]
Count = Annotated[int, Field(strict=True, ge=1, le=10**9)]
Severity = Annotated[int, Field(strict=True, ge=SEVERITIES[0], le=SEVERITIES[-1])]
Flag = Annotated[bool, Field(strict=True)]


def first_misfit(error: ValidationError) -> str:
    """What is wrong first, with its location, e.g. "datasets.octmnist: has a severity twice"."""
    first = error.errors(include_input=False, include_url=False)[0]
    message = first["msg"].removeprefix("Value error, ")
    parts = [str(part)[:40] for part in first["loc"]]
    location = (
        ".".join(part if part.isprintable() else ascii(part) for part in parts) or "the whole"
    )
    return f"{location}: {message[:1].lower()}{message[1:]}"
