"""What loading gives: a model for `evaluate`, or an encoder for probes, and what is known of it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from medmnist_c.evaluation.model import Model


@dataclass(frozen=True)
class ModelFacts:
    """What a report says about a model.

    name: as it was asked for.
    weights: SHA-256 of its weights, 16 hex digits; None where there is no telling.
    preprocessing: in words.
    classes: how its columns were matched with the dataset's classes.
    versions: of the libraries that run it.
    """

    name: str
    weights: str | None
    preprocessing: str
    classes: str
    versions: dict[str, str]
    device: str = "cpu"

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.preprocessing}; {self.classes}; on {self.device}"]
        lines.append("weights " + (self.weights or "unknown"))
        lines.append(", ".join(f"{name} {version}" for name, version in self.versions.items()))
        return "; ".join(lines)


@dataclass(frozen=True)
class LoadedModel(Model):
    """A model that `evaluate` asks, with its facts."""

    facts: ModelFacts | None = None


@dataclass(frozen=True)
class Encoder:
    """A frozen network that gives features.

    embed: from a stacked batch to features, float32, B x D.
    transform: from a PIL image to what `embed` gets stacked.
    """

    embed: Callable[[Any], np.ndarray]
    transform: Callable[[Any], Any]
    batch_size: int
    facts: ModelFacts

    @property
    def identity(self) -> str:
        """Of what it gives for an image: its weights and its preprocessing, 16 hex digits."""
        told = f"{self.facts.weights} {self.facts.preprocessing}"
        return hashlib.sha256(told.encode()).hexdigest()[:16]
