"""`timm:`: networks of timm, with weights from a file or from the Hub.

With a file of weights the whole image is given, as the paper does: resized only where the network can
take no other size, never cropped. A checkpoint on the Hub (`timm:hf-hub:USER/NAME`) brings its own
transform, which is used as it is.
"""

from typing import Any

import numpy as np
from PIL import Image

from medmnist_c.builder.dataset_info import PUBLISHED_SIZE, MedMNISTInfo
from medmnist_c.builder.errors import first_line
from medmnist_c.builder.suggestions import shown
from medmnist_c.models.choices import Choices
from medmnist_c.models.errors import ModelError, needing
from medmnist_c.models.facts import facts_of
from medmnist_c.models.labels import columns_in_order, matched_labels
from medmnist_c.models.loaded import Encoder, LoadedModel
from medmnist_c.models.preprocessing import Preprocessing
from medmnist_c.models.torch_module import (
    TorchFunction,
    device_for,
    digest_of,
    ready,
    weights_from,
)


class OwnTransform:
    """The transform that timm makes of a checkpoint's data configuration."""

    def __init__(self, config: dict[str, Any]) -> None:
        from timm.data import create_transform

        self._config = config
        self._transform = create_transform(**config)

    def __call__(self, image: Image.Image) -> np.ndarray:
        return self._transform(image.convert("RGB")).numpy()

    def __str__(self) -> str:
        size = " x ".join(map(str, self._config["input_size"][1:]))
        return (
            f"RGB, timm's own: {size}, crop {self._config['crop_pct']:g} "
            f"({self._config['crop_mode']}, {self._config['interpolation']}), mean "
            f"{self._config['mean']}, std {self._config['std']}"
        )


def classifier(name: str, info: MedMNISTInfo, choices: Choices) -> LoadedModel:
    """Raises ModelError: no such network, or weights that do not fit it or the dataset."""
    device = device_for(choices.device)
    from_hub = name.startswith("hf-hub:")
    network = _created(name, choices, len(info.labels))
    columns = None
    if from_hub:
        labels = list((network.pretrained_cfg or {}).get("label_names") or [])
        if not labels:
            columns_in_order(network.num_classes, info, name)
        else:
            columns = matched_labels(labels, info, name, choices.labels)
    transform = _transform(network, own=from_hub)
    return LoadedModel(
        TorchFunction(ready(network, device), device, columns=columns, one_is_yes=True),
        transform=transform,
        batch_size=choices.batch_size,
        logits=True,
        facts=facts_of(
            f"timm:{name}",
            digest_of(network),
            transform,
            "labels by name" if columns else "columns in the dataset's order",
            device,
            "timm",
            "torch",
        ),
    )


def encoder(name: str, choices: Choices) -> Encoder:
    """Features are what the last layer gets, pooled.

    Raises:
        ModelError: no such network, or weights that do not fit it.
    """
    device = device_for(choices.device)
    network = _created(name, choices, 0)
    transform = _transform(network, own=not choices.weights)
    return Encoder(
        TorchFunction(ready(network, device), device),
        transform,
        choices.batch_size,
        facts_of(
            f"timm:{name}", digest_of(network), transform, "features", device, "timm", "torch"
        ),
    )


def _created(name: str, choices: Choices, count: int) -> Any:
    """The network with `count` outputs, 0 for features; from the Hub with as many as it has."""
    with needing("timm", "timm", "torch", "torchvision"):
        import timm
    path = choices.weights_file()
    from_hub = name.startswith("hf-hub:")
    if path is None and not from_hub and count:
        raise ModelError(
            f"timm:{name} alone has no weights for these {count} classes; give --weights FILE, or a "
            "checkpoint on the Hub, timm:hf-hub:USER/NAME."
        )
    how: dict[str, Any] = {"pretrained": path is None}
    if count == 0 or not from_hub:
        how["num_classes"] = count
    try:
        if path is None:
            return timm.create_model(name, **how)
        weights = weights_from(path)
        grey = _first_channels(weights) == 1
        network = timm.create_model(name, **how, **({"in_chans": 1} if grey else {}))
    except ModelError:
        raise
    except Exception as error:  # the Hub's, timm's and torch's own
        raise ModelError(f"timm cannot make {shown(name)} ({first_line(error)}).") from error
    return _with(network, weights, count, path)


def _with(network: Any, weights: dict[str, Any], count: int, path: Any) -> Any:
    head = (network.pretrained_cfg or {}).get("classifier") or ()
    heads = (head,) if isinstance(head, str) else tuple(head)
    own = network.state_dict()
    if count == 0:  # the head of what it was trained for is not wanted
        weights = {
            n: v for n, v in weights.items() if not n.startswith(tuple(h + "." for h in heads))
        }
    missing, unknown = own.keys() - weights.keys(), weights.keys() - own.keys()
    other = [n for n in own.keys() & weights.keys() if own[n].shape != weights[n].shape]
    if missing or unknown or other:
        what = (
            f"has none for {min(missing)}" if missing
            else f"has {min(unknown)}, which the network has not" if unknown
            else f"has {min(other)} of shape {tuple(weights[min(other)].shape)}, and the network "
            f"{tuple(own[min(other)].shape)}"
        )  # fmt: skip
        raise ModelError(f"{path} holds the weights of another network: it {what}.")
    network.load_state_dict(weights)
    return network


def _first_channels(weights: dict[str, Any]) -> int:
    """Channels of the images that a network was trained with, by its first convolution."""
    return next((int(value.shape[1]) for value in weights.values() if value.ndim == 4), 3)


def _transform(network: Any, *, own: bool) -> Any:
    from timm.data import resolve_model_data_config

    config = resolve_model_data_config(network)
    if own:
        return OwnTransform(config)
    channels, height, width = config["input_size"]
    fixed = (network.pretrained_cfg or {}).get("fixed_input_size", False)
    other = fixed and (height, width) != (PUBLISHED_SIZE, PUBLISHED_SIZE)
    return Preprocessing(
        (height, width) if other else None,
        mean=tuple(config["mean"])[:channels],
        std=tuple(config["std"])[:channels],
        resample=config["interpolation"] if config["interpolation"] != "random" else "bilinear",
    )
