"""The corruptions in words: what each does, its parameters, and where it comes from in the clinic.

`meanings.json` is that table; none of it decides how an image is made.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources


@dataclass(frozen=True)
class DatasetWords:
    """A dataset in a few words: a title, how its images are taken, and what they show."""

    title: str
    modality: str
    shows: str


@dataclass(frozen=True)
class CorruptionWords:
    """A corruption in words.

    what: what is done to the pixels.
    parameters: what each of the table's parameters is.
    clinic: where it comes from, by modality; under "" for all others.
    """

    title: str
    what: str
    parameters: tuple[str, ...]
    clinic: Mapping[str, str]

    def in_the_clinic(self, modality: str) -> str:
        """Where it comes from in images of this modality."""
        return self.clinic.get(modality, self.clinic[""])


@dataclass(frozen=True)
class Meanings:
    """The words on datasets, groups and corruptions, by name."""

    datasets: Mapping[str, DatasetWords]
    groups: Mapping[str, str]
    corruptions: Mapping[str, CorruptionWords]


@lru_cache(maxsize=1)
def meanings() -> Meanings:
    """The table of words, of the whole benchmark."""
    text = resources.files(__package__).joinpath("meanings.json").read_text("utf-8")
    told = json.loads(text)
    return Meanings(
        {name: DatasetWords(**one) for name, one in told["datasets"].items()},
        told["groups"],
        {
            name: CorruptionWords(
                one["title"], one["what"], tuple(one["parameters"]), one["clinic"]
            )
            for name, one in told["corruptions"].items()
        },
    )
