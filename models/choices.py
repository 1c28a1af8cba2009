"""What one may choose about a model that is loaded by name."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medmnist_c.builder.files import absolute
from medmnist_c.builder.suggestions import nearest, shown
from medmnist_c.models.errors import ModelError
from medmnist_c.models.name import ModelName
from medmnist_c.models.preprocessing import NORMALISATIONS


@dataclass(frozen=True)
class Choices:
    """Options of `load_model`, checked.

    weights: a file of weights, or an id on the Hub; None for what the name brings.
    labels: how columns are matched with classes, one of `labels.LABELS`.
    device: for torch, e.g. "cuda"; None for a GPU if there is one.
    batch_size: images at a time.
    normalize: a key of `NORMALISATIONS`, for files that do not say what they were trained with.
    trust_remote_code: run code that comes with a checkpoint on the Hub.
    """

    weights: str | None = None
    labels: str = "auto"
    device: str | None = None
    batch_size: int = 64
    normalize: str = "imagenet"
    trust_remote_code: bool = False

    def __post_init__(self) -> None:
        if self.normalize not in NORMALISATIONS:
            raise ModelError(
                f"There is no normalisation {shown(self.normalize)}"
                f"{nearest(self.normalize, NORMALISATIONS)}"
            )

    @classmethod
    def of(cls, name: str, **choices: Any) -> "Choices":
        """Choices, and the weights that a model's name carries."""
        return cls(**{"weights": ModelName.parse(name).weights} | choices)

    def weights_file(self) -> Path | None:
        """The file of weights, if one was given."""
        return absolute(self.weights) if self.weights else None
