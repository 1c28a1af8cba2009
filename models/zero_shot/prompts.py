"""Captions for the classes of a dataset."""

import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from medmnist_c.builder.dataset_info import MedMNISTInfo
from medmnist_c.builder.files import absolute
from medmnist_c.models.errors import ModelError

_FILE = "prompts.json"


@dataclass(frozen=True)
class Prompts:
    """The captions of a dataset, in the order of its classes.

    version: of the file that they are from; its name too, where it is not ours.
    captions: of each class; of a multi-label dataset for each label those of "no", then those of "yes".
    """

    version: str
    captions: tuple[tuple[str, ...], ...]


def prompts_for(info: MedMNISTInfo, file: str | Path | None = None) -> Prompts:
    """The captions for a dataset, ours or those of a file of the same form.

    Raises:
        ModelError: the file cannot be read, or has nothing that fits the dataset.
    """
    if file is None:
        text = resources.files(__package__).joinpath(_FILE).read_text("utf-8")
        name = ""
    else:
        path = absolute(file)
        name = f"{path.name}, "
        try:
            text = path.read_text("utf-8")
        except (OSError, ValueError) as error:
            raise ModelError(f"Cannot read the prompts in {path} ({error}).") from error
    try:
        content = json.loads(text)
        own = content["datasets"][info.name]
        templates = content["templates"][own["modality"]]
        if info.multi_label:
            parts = [
                _captions(templates, [side]) for yes, no in own["yes_no"] for side in (no, yes)
            ]
        else:
            parts = [_captions(templates, names) for names in own["classes"]]
        version = str(content["version"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(
            f"{name or _FILE}: no prompts of the right form for {info.name} ({error!r}); "
            "models/zero_shot/prompts.json shows it."
        ) from error
    if len(parts) != len(info.labels) * (2 if info.multi_label else 1) or not all(parts):
        raise ModelError(
            f"{name or _FILE}: prompts for {len(parts)} captions, and {info.name} has "
            f"{len(info.labels)} classes."
        )
    return Prompts(f"{name}version {version}", tuple(parts))


def _captions(templates: Any, names: Any) -> tuple[str, ...]:
    return tuple(str(template).format(name) for template in templates for name in names)
