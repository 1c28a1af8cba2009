"""`load_model`: a model by its name, ready for `evaluate`."""

from pathlib import Path

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.models.choices import Choices
from medmnist_c.models.errors import ModelError
from medmnist_c.models.kinds import (
    onnx_file,
    open_clip_model,
    python_function,
    run_folder,
    timm_model,
    torch_file,
    torchvision_model,
    transformers_classifier,
    transformers_clip,
)
from medmnist_c.models.loaded import Encoder, LoadedModel
from medmnist_c.models.name import ModelName
from medmnist_c.models.zero_shot.prompts import prompts_for

_TRAINED = {
    "hf": transformers_classifier,
    "timm": timm_model,
    "torchvision": torchvision_model,
    "torch": torch_file,
    "onnx": onnx_file,
    "run": run_folder,
}
_ZERO_SHOT = {"open_clip": open_clip_model, "clip": transformers_clip}


def load_model(
    name: str,
    dataset: str,
    *,
    weights: str | Path | None = None,
    labels: str = "auto",
    prompts: str | Path | None = None,
    normalize: str = "imagenet",
    device: str | None = None,
    batch_size: int = 64,
    trust_remote_code: bool = False,
) -> LoadedModel:
    """A model by its name, with its own preprocessing: `evaluate(load_model(name, dataset), dataset)`.

    Args:
        name: `hf:ID_OR_FOLDER` (transformers), `timm:NAME@WEIGHTS`, `timm:hf-hub:ID`,
            `torchvision:NAME@WEIGHTS`,
            `torch:FILE` (TorchScript, or `torch.export` as .pt2), `onnx:FILE`,
            `run:FOLDER` (of `medmnist-c train`),
            `python:MODULE_OR_FILE:FUNCTION` (runs that code), and zero-shot `open_clip:NAME/PRETRAINED`
            and `clip:ID_OR_FOLDER` (transformers).
        dataset: whose classes it tells apart, e.g. "bloodmnist".
        weights: file of weights, for timm, torchvision and open_clip: safetensors, or what
            `torch.save(model.state_dict())` writes. No code in it is run.
        labels: match the model's labels with the classes by "name", by "order", or "auto".
        prompts: file of captions for zero-shot models, in place of the package's own.
        normalize: "imagenet", "half" or "none", for files that do not say what they were trained with.
        device: for torch, e.g. "cuda"; None for a GPU if there is one.
        batch_size: images at a time; halved where they do not fit the memory.
        trust_remote_code: run code that comes with a checkpoint on the Hub.

    Raises:
        ModelError: there is no such model, or it does not fit the dataset.
        ModuleNotFoundError: its library is not installed; the sentence names the extra.
        UnknownNameError: no such dataset.
    """
    info = dataset_info(dataset)
    parsed = ModelName.parse(name)
    own = {} if weights is None else {"weights": str(weights)}
    choices = Choices.of(
        name,
        labels=labels,
        device=device,
        batch_size=batch_size,
        normalize=normalize,
        trust_remote_code=trust_remote_code,
        **own,
    )
    if parsed.probe:
        raise ModelError(f"{name} is an encoder on which heads are trained: use medmnist_c.probe.")
    if prompts is not None and parsed.kind not in _ZERO_SHOT:
        raise ModelError(f"{name} is not asked by captions; leave prompts out.")
    if parsed.kind == "python":
        return python_function.classifier(parsed.rest, dataset, choices)
    if parsed.kind in _ZERO_SHOT:
        captions = prompts_for(info, prompts)
        return _ZERO_SHOT[parsed.kind].classifier(parsed.rest, info, captions, choices)
    return _TRAINED[parsed.kind].classifier(parsed.rest, info, choices)


def load_encoder(name: str, dataset: str, choices: Choices | None = None) -> Encoder:
    """The frozen network of a name, with or without `probe:` before it.

    Raises:
        ModelError, ModuleNotFoundError: as `load_model`.
    """
    parsed = ModelName.parse(name)
    choices = choices or Choices.of(name)
    if parsed.kind == "python":
        return python_function.encoder(parsed.rest, dataset, choices)
    return (_TRAINED | _ZERO_SHOT)[parsed.kind].encoder(parsed.rest, choices)
