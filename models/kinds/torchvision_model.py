"""`torchvision:`: networks of torchvision with a file of weights, ImageNet's statistics, no crop."""

from typing import Any

from medmnist_c.builder.dataset_info import MedMNISTInfo
from medmnist_c.builder.suggestions import nearest, shown
from medmnist_c.models.choices import Choices
from medmnist_c.models.errors import ModelError, needing
from medmnist_c.models.facts import facts_of
from medmnist_c.models.loaded import Encoder, LoadedModel
from medmnist_c.models.preprocessing import NORMALISATIONS, Preprocessing
from medmnist_c.models.torch_module import (
    TorchFunction,
    device_for,
    digest_of,
    ready,
    take_weights,
)

_SIDES = {"inception_v3": 299}  # all others take what they are given


def classifier(name: str, info: MedMNISTInfo, choices: Choices) -> LoadedModel:
    """Raises ModelError: no such network, no weights, or weights that do not fit."""
    device = device_for(choices.device)
    path = choices.weights_file()
    if path is None:
        raise ModelError(
            f"torchvision:{name} alone has no weights for these {len(info.labels)} classes; give "
            "--weights FILE."
        )
    network = _created(name, num_classes=len(info.labels))
    take_weights(network, path)
    transform = _transform(name, choices)
    return LoadedModel(
        TorchFunction(ready(network, device), device),
        transform=transform,
        batch_size=choices.batch_size,
        logits=True,
        facts=facts_of(
            f"torchvision:{name}",
            digest_of(network),
            transform,
            "columns in the dataset's order",
            device,
            "torchvision",
            "torch",
        ),
    )


def encoder(name: str, choices: Choices) -> Encoder:
    """Features are what the last linear layer gets. Without a file: torchvision's pretrained weights.

    Raises:
        ModelError: no such network, or weights that do not fit.
    """
    device = device_for(choices.device)
    path = choices.weights_file()
    network = _created(name, **({} if path else {"weights": "DEFAULT"}))
    if path:
        take_weights(network, path)
    _without_head(network, name)
    transform = _transform(name, choices)
    return Encoder(
        TorchFunction(ready(network, device), device),
        transform,
        choices.batch_size,
        facts_of(
            f"torchvision:{name}",
            digest_of(network),
            transform,
            "features",
            device,
            "torchvision",
            "torch",
        ),
    )


def _created(name: str, **how: Any) -> Any:
    with needing("timm", "torchvision", "torch"):
        from torchvision.models import get_model, list_models
    if name not in list_models():
        raise ModelError(f"torchvision has no network {shown(name)}{nearest(name, list_models())}")
    if name in ("inception_v3", "googlenet"):
        how |= {"aux_logits": True}
    try:
        return get_model(name, **({"weights": None} | how))
    except (OSError, ValueError) as error:
        raise ModelError(f"torchvision cannot make {name} ({error}).") from error


def _without_head(network: Any, name: str) -> None:
    from torch import nn

    last = [place for place, part in network.named_modules() if isinstance(part, nn.Linear)]
    if not last:
        raise ModelError(f"torchvision:{name} ends in no linear layer, so it cannot be probed.")
    holder, _, place = last[-1].rpartition(".")
    setattr(network.get_submodule(holder), place, nn.Identity())


def _transform(name: str, choices: Choices) -> Preprocessing:
    mean, std = NORMALISATIONS[choices.normalize]
    side = _SIDES.get(name)
    return Preprocessing((side, side) if side else None, mean=mean, std=std)
