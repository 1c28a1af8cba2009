"""`python:MODULE_OR_FILE:FUNCTION`: code of one's own.

The function is called with the dataset's name and gives a `Model`, or a function from a batch of
images (uint8, B x 224 x 224 x C) to probabilities. For `probe:` what it gives are features.
"""

import importlib
import importlib.util
import sys
from collections.abc import Callable
from typing import Any

from medmnist_c.builder.files import absolute
from medmnist_c.builder.suggestions import shown
from medmnist_c.evaluation.model import Model
from medmnist_c.models.choices import Choices
from medmnist_c.models.errors import ModelError
from medmnist_c.models.facts import facts_of
from medmnist_c.models.loaded import Encoder, LoadedModel


def classifier(name: str, dataset: str, choices: Choices) -> LoadedModel:
    """Raises ModelError: there is no such function, or it gives no model."""
    made = _made(name, dataset)
    return LoadedModel(
        made.predict,
        made.transform,
        made.batch_size or choices.batch_size,
        made.pil,
        made.rgb,
        made.logits,
        facts=getattr(made, "facts", None)
        or facts_of(f"python:{name}", None, "its own", "its own", "its own"),
    )


def encoder(name: str, dataset: str, choices: Choices) -> Encoder:
    """Raises ModelError: there is no such function, or it gives no `Model` with a transform."""
    made = _made(name, dataset)
    if made.transform is None:
        raise ModelError(
            f"python:{name} gives no Model with transform=; an encoder needs one, from a PIL image to "
            "what it gets stacked."
        )
    facts = getattr(made, "facts", None)
    if facts is None or not facts.weights:
        raise ModelError(
            f"python:{name} should give a LoadedModel whose facts= hold a digest of its weights: kept "
            "features are known by it."
        )
    embed: Callable[[Any], Any] = made.predict
    return Encoder(embed, made.transform, made.batch_size or choices.batch_size, facts)


def _made(name: str, dataset: str) -> Model:
    function = _function(name)
    made = function(dataset)
    if isinstance(made, Model):
        return made
    if callable(made):
        return Model(made)
    raise ModelError(
        f"python:{name} gives {type(made).__name__} for {dataset}; it should give a "
        "medmnist_c.Model, or a function from a batch of images to probabilities."
    )


def _function(name: str) -> Callable[[str], Any]:
    place, _, wanted = name.rpartition(":")
    if not place or not wanted:
        raise ModelError(
            f"python:{name} should be python:MODULE:FUNCTION, or python:FILE.py:FUNCTION."
        )
    if place.endswith(".py"):
        path = absolute(place)
        spec = importlib.util.spec_from_file_location(path.stem, path)
        if spec is None or spec.loader is None or not path.is_file():
            raise ModelError(f"There is no file {path}.")
        module = importlib.util.module_from_spec(spec)
        sys.modules.setdefault(path.stem, module)  # so that what it defines can be pickled
        sys.path.insert(0, str(path.parent))
        spec.loader.exec_module(module)
    else:
        try:
            module = importlib.import_module(place)
        except ModuleNotFoundError as error:
            raise ModelError(f"There is no module {shown(place)} ({error}).") from error
    function = getattr(module, wanted, None)
    if not callable(function):
        raise ModelError(f"{place} has no function {shown(wanted)}.")
    return function
