"""`hf:`: image classifiers of transformers, from a folder or the Hub, with their own image processor."""

from typing import Any

import numpy as np
from PIL import Image

from medmnist_c.builder.dataset_info import MedMNISTInfo
from medmnist_c.builder.errors import first_line
from medmnist_c.builder.suggestions import shown
from medmnist_c.models.choices import Choices
from medmnist_c.models.errors import ModelError, needing
from medmnist_c.models.facts import facts_of
from medmnist_c.models.files import folder_or_name
from medmnist_c.models.labels import matched_labels
from medmnist_c.models.loaded import Encoder, LoadedModel
from medmnist_c.models.torch_module import TorchFunction, device_for, digest_of, ready


class ProcessorTransform:
    """What a checkpoint's own processor makes of one PIL image: float32, C x H x W."""

    def __init__(self, processor: Any) -> None:
        self._processor = processor

    def __call__(self, image: Image.Image) -> np.ndarray:
        made = self._processor(images=[image.convert("RGB")], return_tensors="np")
        return np.asarray(made["pixel_values"][0], np.float32)

    def __str__(self) -> str:
        config = self._processor.to_dict()
        told = ("size", "crop_size", "image_mean", "image_std", "resample", "rescale_factor")
        steps = [f"{name} {config[name]}" for name in told if config.get(name) is not None]
        return f"{type(self._processor).__name__}, RGB, " + ", ".join(steps)


def classifier(name: str, info: MedMNISTInfo, choices: Choices) -> LoadedModel:
    """Raises ModelError: there is no such checkpoint, or its labels do not fit."""
    with needing("transformers", "transformers", "torch"):
        from transformers import AutoModelForImageClassification
    device = device_for(choices.device)
    network, transform = _loaded(AutoModelForImageClassification, name, choices)
    names = [network.config.id2label[number] for number in range(network.config.num_labels)]
    columns = matched_labels(names, info, name, choices.labels)
    by = (
        "labels in the dataset's order"
        if columns == list(range(len(columns)))
        else "labels by name"
    )
    return LoadedModel(
        TorchFunction(
            ready(network, device), device, columns=columns, output=lambda given: given.logits
        ),
        transform=transform,
        batch_size=choices.batch_size,
        logits=True,
        facts=facts_of(
            f"hf:{name}", digest_of(network), transform, by, device, "transformers", "torch"
        ),
    )


def encoder(name: str, choices: Choices) -> Encoder:
    """Features are the pooled output, or the first token where there is none.

    Raises:
        ModelError: there is no such checkpoint.
    """
    with needing("transformers", "transformers", "torch"):
        from transformers import AutoModel
    device = device_for(choices.device)
    network, transform = _loaded(AutoModel, name, choices)
    network = getattr(network, "vision_model", network)
    return Encoder(
        TorchFunction(ready(network, device), device, output=_pooled),
        transform,
        choices.batch_size,
        facts_of(
            f"hf:{name}", digest_of(network), transform, "features", device, "transformers", "torch"
        ),
    )


def _pooled(given: Any) -> Any:
    pooled = getattr(given, "pooler_output", None)
    return given.last_hidden_state[:, 0] if pooled is None else pooled.flatten(1)


def _loaded(kind: Any, name: str, choices: Choices) -> tuple[Any, ProcessorTransform]:
    from transformers import AutoImageProcessor

    if choices.weights:
        raise ModelError("A checkpoint of transformers brings its weights; leave weights out.")
    place = folder_or_name(name)
    how = {"trust_remote_code": choices.trust_remote_code}
    try:
        processor = AutoImageProcessor.from_pretrained(place, **how)
        network = kind.from_pretrained(place, **how)
    except (OSError, ValueError, ImportError) as error:
        raise ModelError(
            f"Cannot load {shown(name)} as an image classifier of transformers ({first_line(error)}); "
            "give the folder of a checkpoint, or its id on the Hub."
        ) from error
    return network, ProcessorTransform(processor)
