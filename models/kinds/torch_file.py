"""`torch:`: a network that brings its own code, as TorchScript or by `torch.export`.

Such a file does not say how its images were normalised: `Choices.normalize` does.
"""

from pathlib import Path
from typing import Any

from medmnist_c.builder.dataset_info import PUBLISHED_SIZE, MedMNISTInfo
from medmnist_c.builder.errors import first_line
from medmnist_c.models.choices import Choices
from medmnist_c.models.errors import ModelError, needing
from medmnist_c.models.facts import facts_of
from medmnist_c.models.files import file_digest, file_of_model
from medmnist_c.models.labels import columns_in_order
from medmnist_c.models.loaded import Encoder, LoadedModel
from medmnist_c.models.preprocessing import NORMALISATIONS, Preprocessing
from medmnist_c.models.torch_module import TorchFunction, device_for


def classifier(name: str, info: MedMNISTInfo, choices: Choices) -> LoadedModel:
    """Raises ModelError: there is no such file, it is no network, or not of this dataset."""
    function, transform, path, device = _function(name, choices)
    columns_in_order(_columns(function, path), info, f"torch:{name}")
    return LoadedModel(
        function,
        transform=transform,
        batch_size=choices.batch_size,
        logits=True,
        facts=facts_of(
            f"torch:{path.name}",
            file_digest(path),
            transform,
            "columns in the dataset's order",
            device,
            "torch",
        ),
    )


def encoder(name: str, choices: Choices) -> Encoder:
    """The network gives features. Raises ModelError: there is no such file, or it is no network."""
    function, transform, path, device = _function(name, choices)
    _columns(function, path)
    facts = facts_of(
        f"torch:{path.name}", file_digest(path), transform, "features", device, "torch"
    )
    return Encoder(function, transform, choices.batch_size, facts)


def _function(name: str, choices: Choices) -> tuple[TorchFunction, Preprocessing, Path, str]:
    path = file_of_model(name)
    device = device_for(choices.device)
    network = _loaded(path, device)
    mean, std = NORMALISATIONS[choices.normalize]
    return (
        TorchFunction(network, device, one_is_yes=True),
        Preprocessing(mean=mean, std=std),
        path,
        device,
    )


def _loaded(path: Path, device: str) -> Any:
    with needing("transformers", "torch"):
        import torch
    try:
        if path.suffix == ".pt2":
            return torch.export.load(path).module().to(device)
        return torch.jit.load(path, map_location=device).eval()
    except Exception as error:  # torch raises nearly anything
        raise ModelError(
            f"{path} is neither TorchScript nor, with the ending .pt2, of torch.export "
            f"({first_line(error)}); a file of weights alone needs its network, as in "
            "timm:NAME with --weights."
        ) from error


def _columns(function: TorchFunction, path: Path) -> int:
    import numpy as np

    black = np.zeros((2, 3, PUBLISHED_SIZE, PUBLISHED_SIZE), np.float32)
    try:
        return int(function(black).shape[1])
    except Exception as error:
        raise ModelError(
            f"{path} does not take float32 batches B x 3 x {PUBLISHED_SIZE} x {PUBLISHED_SIZE} of any B "
            f"({first_line(error)}); export it with a dynamic batch size."
        ) from error
