"""`run:FOLDER`: what `medmnist-c train` or `reproduce` has trained, prepared as in its training.

weights.safetensors   of the network
model.json            which network, for which dataset, and how images are prepared
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from medmnist_c.builder.dataset_info import PUBLISHED_SIZE, MedMNISTInfo
from medmnist_c.builder.files import absolute, atomic_write
from medmnist_c.models.choices import Choices
from medmnist_c.models.errors import ModelError
from medmnist_c.models.facts import facts_of
from medmnist_c.models.loaded import Encoder, LoadedModel
from medmnist_c.models.networks import create_network
from medmnist_c.models.preprocessing import Preprocessing, Statistics
from medmnist_c.models.torch_module import (
    TorchFunction,
    device_for,
    digest_of,
    ready,
    take_weights,
)

FORMAT = "medmnist_c.trained_model"
MODEL_FILE, WEIGHTS_FILE = "model.json", "weights.safetensors"


@dataclass(frozen=True)
class TrainedModel:
    """Which network was trained, for which dataset, and how its images are prepared."""

    network: str
    dataset: str
    side: int
    mean: Statistics
    std: Statistics

    @property
    def preprocessing(self) -> Preprocessing:
        resize = None if self.side == PUBLISHED_SIZE else (self.side, self.side)
        return Preprocessing(resize, mean=self.mean, std=self.std)

    def save(self, folder: Path) -> None:
        with atomic_write(folder / MODEL_FILE) as file:
            file.write(json.dumps({"format": FORMAT} | asdict(self), indent=1).encode() + b"\n")

    @classmethod
    def load(cls, folder: Path) -> "TrainedModel":
        """Raises ModelError: there is none."""
        path = folder / MODEL_FILE
        try:
            plain = json.loads(path.read_text("utf-8"))
            if plain.pop("format") != FORMAT:
                raise ValueError(f"its format is not {FORMAT!r}")
            statistics = {key: tuple(map(float, plain.pop(key))) for key in ("mean", "std")}
            return cls(
                str(plain["network"]), str(plain["dataset"]), int(plain["side"]), **statistics
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(
                f"{folder} is no finished training ({path.name}: {error}); train it with "
                "`medmnist-c train`, or name its own folder."
            ) from error


def classifier(name: str, info: MedMNISTInfo, choices: Choices) -> LoadedModel:
    """Raises ModelError: the folder holds no finished training, or one for another dataset."""
    folder = absolute(name)
    trained = TrainedModel.load(folder)
    if trained.dataset != info.name:
        raise ModelError(f"{folder} was trained for {trained.dataset}, not for {info.name}.")
    device = device_for(choices.device)
    network = _network(trained, folder, info)
    return LoadedModel(
        TorchFunction(ready(network, device), device),
        transform=trained.preprocessing,
        batch_size=choices.batch_size,
        logits=True,
        facts=facts_of(
            f"run:{folder.name}",
            digest_of(network),
            trained.preprocessing,
            "columns in the dataset's order",
            device,
            "timm",
            "torch",
        ),
    )


def encoder(name: str, choices: Choices) -> Encoder:
    """Raises ModelError: a training is asked for scores."""
    raise ModelError(f"run:{name} is trained for its dataset; leave probe: out.")


def _network(trained: TrainedModel, folder: Path, info: MedMNISTInfo) -> Any:
    network = create_network(trained.network, len(info.labels), trained.side, pretrained=False)
    take_weights(network.module, folder / WEIGHTS_FILE)
    return network.module
