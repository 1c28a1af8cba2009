"""`clip:`: models of images and text of transformers (CLIP, SigLIP and their like), zero-shot."""

from typing import Any

import numpy as np

from medmnist_c.builder.dataset_info import MedMNISTInfo
from medmnist_c.builder.errors import first_line
from medmnist_c.builder.suggestions import shown
from medmnist_c.models.choices import Choices
from medmnist_c.models.errors import ModelError, needing
from medmnist_c.models.facts import facts_of
from medmnist_c.models.files import folder_or_name
from medmnist_c.models.kinds.transformers_classifier import ProcessorTransform
from medmnist_c.models.loaded import Encoder, LoadedModel
from medmnist_c.models.torch_module import TorchFunction, device_for, digest_of, ready
from medmnist_c.models.zero_shot.prompts import Prompts
from medmnist_c.models.zero_shot.text_weights import ZeroShot, class_weights


def classifier(name: str, info: MedMNISTInfo, prompts: Prompts, choices: Choices) -> LoadedModel:
    """Raises ModelError: there is no such model, or it knows no text."""
    device = device_for(choices.device)
    network, processor = _loaded(name, choices, device)

    def text_features(texts: list[str]) -> np.ndarray:
        import torch

        sigmoid = (
            getattr(network, "logit_bias", None) is not None
        )  # SigLIP: padded to its full length
        tokens = processor.tokenizer(
            texts, padding="max_length" if sigmoid else True, truncation=True, return_tensors="pt"
        )
        with torch.inference_mode():
            return _features(network.get_text_features(**tokens.to(device))).float().cpu().numpy()

    weights = class_weights(prompts, text_features)
    transform = ProcessorTransform(processor.image_processor)
    return LoadedModel(
        ZeroShot(
            _embed(network, device), weights, float(network.logit_scale.exp()), info.multi_label
        ),
        transform=transform,
        batch_size=choices.batch_size,
        logits=True,
        facts=facts_of(
            f"clip:{name}",
            digest_of(network),
            transform,
            f"zero-shot, prompts {prompts.version}",
            device,
            "transformers",
            "torch",
        ),
    )


def encoder(name: str, choices: Choices) -> Encoder:
    """Image features. Raises ModelError: there is no such model."""
    device = device_for(choices.device)
    network, processor = _loaded(name, choices, device)
    transform = ProcessorTransform(processor.image_processor)
    return Encoder(
        _embed(network, device),
        transform,
        choices.batch_size,
        facts_of(
            f"clip:{name}",
            digest_of(network),
            transform,
            "features",
            device,
            "transformers",
            "torch",
        ),
    )


def _embed(network: Any, device: str) -> TorchFunction:
    return TorchFunction(
        lambda pixels: network.get_image_features(pixel_values=pixels), device, output=_features
    )


def _features(given: Any) -> Any:
    """Features are a tensor, or the pooled output of what newer versions give."""
    return getattr(given, "pooler_output", given)


def _loaded(name: str, choices: Choices, device: str) -> tuple[Any, Any]:
    with needing("transformers", "transformers", "torch"):
        from transformers import AutoModel, AutoProcessor
    if choices.weights:
        raise ModelError("A checkpoint of transformers brings its weights; leave weights out.")
    place = folder_or_name(name)
    how = {"trust_remote_code": choices.trust_remote_code}
    try:
        processor = AutoProcessor.from_pretrained(place, **how)
        network = AutoModel.from_pretrained(place, **how)
    except (OSError, ValueError, ImportError) as error:
        raise ModelError(
            f"Cannot load {shown(name)} as a model of images and text ({first_line(error)}); give the "
            "folder of a checkpoint, or its id on the Hub."
        ) from error
    if not hasattr(network, "get_text_features") or not hasattr(processor, "tokenizer"):
        raise ModelError(f"{shown(name)} knows no text; hf:{name} loads it as a classifier.")
    return ready(network, device), processor
