"""What kept predictions were made of, as their file's metadata says it."""

import json
from dataclasses import asdict, field
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from medmnist_c.builder.suggestions import shown
from medmnist_c.evaluation.fields import Count, Flag, Text, first_misfit

REFERENCE_IMAGES = "release"  # the published draws


@dataclass(frozen=True)
class CleanOrigin:
    """Of the clean images behind a test set: their digest, and where they are from."""

    digest: Text | None
    where: Text


@dataclass(frozen=True)
class PartOrigin:
    """Of a part of a test set: at most `limit` of its `count` images.

    class_counts: images of each class in the whole; empty with several labels an image.
    """

    limit: Count
    count: Count
    class_counts: tuple[Annotated[int, Field(strict=True, ge=0, le=10**9)], ...] = ()


@dataclass(frozen=True)
class ImagesOrigin:
    """Of a test set's images.

    images: in words, e.g. "release" or "seed 7".
    digest: their identity; None if it is not known.
    source: the clean images behind them.
    images_version: of the package that made them; None for published ones.
    part: of a test set, that they are; None if they are all of it.
    """

    images: Text
    digest: Text | None
    source: CleanOrigin
    images_version: Text | None
    part: PartOrigin | None = None


@dataclass(frozen=True)
class InputForm:
    """How a model is given images (see `evaluate`), and whether it gives logits."""

    pil: Flag = False
    rgb: Flag = False
    logits: Flag = False


@dataclass(frozen=True)
class Origin:
    """Of a file of predictions: which test set, by which model, of which images, given how.

    fingerprint: of the model, not of its name; None if it is not known.
    made: what more is known of its making, by name (versions, device, day); it may differ.
    """

    config: Text
    model: Text
    images: ImagesOrigin
    form: InputForm = InputForm()
    fingerprint: Text | None = None
    made: dict[Text, Text] = field(default_factory=dict)

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Origin":
        """What `to_json` wrote.

        Raises:
            ValueError: it is something else; the message says what.
        """
        try:
            return _ORIGIN.validate_python(json.loads(text))
        except ValidationError as error:
            raise ValueError(first_misfit(error)) from error
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error

    def differences(self, other: "Origin") -> dict[str, tuple[str, str]]:
        """What is not the same, by name: here, and in the other."""
        here, there = _flat(asdict(self)), _flat(asdict(other))
        return {
            name: (shown(here[name]), shown(there[name]))
            for name in here
            if name != "made" and here[name] != there[name]
        }


def _flat(plain: dict) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in plain.items():
        if name in ("images", "form") and isinstance(value, dict):
            found |= _flat(value)
        elif name == "part":
            found["limit"] = value and value["limit"]
        else:
            found[name] = value
    return found


_ORIGIN = TypeAdapter(Origin)
