"""`open_clip:NAME/PRETRAINED`: models of open_clip, zero-shot.

PRETRAINED is a tag of open_clip or a file of weights; `open_clip:hf-hub:USER/NAME` is a checkpoint on
the Hub, as BiomedCLIP is, `open_clip:local-dir:FOLDER` the same in a folder.
"""

from typing import Any

import numpy as np
from PIL import Image

from medmnist_c.builder.dataset_info import MedMNISTInfo
from medmnist_c.builder.errors import first_line
from medmnist_c.builder.suggestions import shown
from medmnist_c.models.choices import Choices
from medmnist_c.models.errors import ModelError, needing
from medmnist_c.models.facts import facts_of
from medmnist_c.models.loaded import Encoder, LoadedModel
from medmnist_c.models.torch_module import TorchFunction, device_for, digest_of, ready
from medmnist_c.models.zero_shot.prompts import Prompts
from medmnist_c.models.zero_shot.text_weights import ZeroShot, class_weights


class OwnTransform:
    """The transform that a model of open_clip brings."""

    def __init__(self, transform: Any, config: dict[str, Any]) -> None:
        self._transform, self._config = transform, config

    def __call__(self, image: Image.Image) -> np.ndarray:
        return self._transform(image.convert("RGB")).numpy()

    def __str__(self) -> str:
        told = ("size", "resize_mode", "interpolation", "mean", "std")
        return "RGB, open_clip's own: " + ", ".join(
            f"{name} {self._config[name]}" for name in told if name in self._config
        )


def classifier(name: str, info: MedMNISTInfo, prompts: Prompts, choices: Choices) -> LoadedModel:
    """Raises ModelError: there is no such model, or its weights cannot be had."""
    device = device_for(choices.device)
    network, transform, tokenizer = _loaded(name, choices, device)

    def text_features(texts: list[str]) -> np.ndarray:
        import torch

        with torch.inference_mode():
            return network.encode_text(tokenizer(texts).to(device)).float().cpu().numpy()

    weights = class_weights(prompts, text_features)
    embed = TorchFunction(network.encode_image, device)
    return LoadedModel(
        ZeroShot(embed, weights, float(network.logit_scale.exp()), info.multi_label),
        transform=transform,
        batch_size=choices.batch_size,
        logits=True,
        facts=facts_of(
            f"open_clip:{name}",
            digest_of(network),
            transform,
            f"zero-shot, prompts {prompts.version}",
            device,
            "open_clip_torch",
            "torch",
        ),
    )


def encoder(name: str, choices: Choices) -> Encoder:
    """Image features. Raises ModelError: there is no such model, or its weights cannot be had."""
    device = device_for(choices.device)
    network, transform, _ = _loaded(name, choices, device)
    return Encoder(
        TorchFunction(network.encode_image, device),
        transform,
        choices.batch_size,
        facts_of(
            f"open_clip:{name}",
            digest_of(network),
            transform,
            "features",
            device,
            "open_clip_torch",
            "torch",
        ),
    )


def _loaded(name: str, choices: Choices, device: str) -> tuple[Any, OwnTransform, Any]:
    with needing("open_clip", "open_clip", "torch", "torchvision"):
        import open_clip
    on_hub = name.startswith(("hf-hub:", "local-dir:"))
    architecture, _, pretrained = (name, "", "") if on_hub else name.partition("/")
    pretrained = choices.weights or pretrained
    if not on_hub and not pretrained:
        raise ModelError(
            f"open_clip:{name} has no weights; give open_clip:{name}/TAG or open_clip:{name}/FILE."
        )
    try:
        network, _, transform = open_clip.create_model_and_transforms(
            architecture, pretrained=pretrained or None
        )
        tokenizer = open_clip.get_tokenizer(architecture)
        config = open_clip.get_model_preprocess_cfg(network)
    except Exception as error:  # open_clip's, torch's and the Hub's
        raise ModelError(f"open_clip cannot load {shown(name)} ({first_line(error)}).") from error
    return ready(network, device), OwnTransform(transform, config), tokenizer
