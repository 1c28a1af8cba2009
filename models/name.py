"""Names of models: `timm:resnet50@weights.pt`, `onnx:model.onnx`, `probe:timm:resnet50`."""

import re
from dataclasses import dataclass
from pathlib import Path

from medmnist_c.builder.suggestions import nearest, shown
from medmnist_c.models.errors import ModelError

KINDS = ("hf", "timm", "torchvision", "torch", "onnx", "run", "python", "open_clip", "clip")
"""What may stand before the colon; `clip` are models of transformers that know images and text."""


_WITH_WEIGHTS = ("timm", "torchvision")
_LABEL = re.compile(r"([^=:/\\]*[^=:/\\\s])\s*=(.+)", re.DOTALL)


def label_and_name(text: str) -> tuple[str, str]:
    """`ResNet-50=timm:resnet50@weights.pt` taken apart: how it is called in reports, and its name.

    A name without a label is its own. What stands before a colon or a slash is no label: paths may
    have a "=".
    """
    found = _LABEL.fullmatch(text.strip())
    return (found[1].strip(), found[2].strip()) if found else (text, text)


@dataclass(frozen=True)
class ModelName:
    """A model's name, taken apart.

    `kind` is one of `KINDS`, `rest` what stands behind its colon, `weights` the file behind an "@";
    `probe` says that the model is a frozen encoder, on which heads are trained.
    """

    kind: str
    rest: str
    weights: str | None = None
    probe: bool = False

    @classmethod
    def parse(cls, name: str) -> "ModelName":
        """A name as one writes it. Without a kind it is a checkpoint of transformers.

        Raises:
            ModelError: there is no such kind, or nothing behind it.
        """
        text = str(name).strip()
        probe = text.startswith("probe:")
        text = text.removeprefix("probe:")
        kind, colon, rest = text.partition(":")
        if not colon or (len(kind) == 1 and not Path(text).exists()) or Path(text).is_dir():
            kind, rest = "hf", text
        if kind not in KINDS:
            raise ModelError(f"There is no kind of model {shown(kind)}{nearest(kind, KINDS)}")
        if not rest:
            raise ModelError(f"{shown(name)} names no model: something must follow the colon.")
        weights = None
        if kind in _WITH_WEIGHTS:
            rest, _, weights = rest.partition("@")
        return cls(kind, rest, weights or None, probe)
