"""`onnx:`: a file of ONNX, run by onnxruntime. Its input says size, channels and layout."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from medmnist_c.builder.dataset_info import PUBLISHED_SIZE, MedMNISTInfo
from medmnist_c.builder.errors import first_line
from medmnist_c.models.choices import Choices
from medmnist_c.models.errors import ModelError, needing
from medmnist_c.models.facts import facts_of
from medmnist_c.models.files import file_digest, file_of_model
from medmnist_c.models.labels import columns_in_order
from medmnist_c.models.loaded import Encoder, LoadedModel
from medmnist_c.models.preprocessing import NORMALISATIONS, Preprocessing


class OnnxFunction:
    """Runs a session on a stacked batch; a session of a fixed batch size gets such batches."""

    def __init__(self, session: Any, one_is_yes: bool) -> None:
        self._session, self._one_is_yes = session, one_is_yes
        self._input = session.get_inputs()[0]
        size = self._input.shape[0]
        self._fixed = size if isinstance(size, int) else None

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """Float32, B x columns."""
        batch = np.asarray(batch)
        size = self._fixed or len(batch)
        given = np.concatenate(
            [self._run(batch[start : start + size]) for start in range(0, len(batch), size)]
        )
        if self._one_is_yes and given.shape[1] == 1:
            given = np.concatenate([np.zeros_like(given), given], axis=1)
        return given

    def _run(self, piece: np.ndarray) -> np.ndarray:
        count = len(piece)
        if self._fixed and count < self._fixed:
            piece = np.concatenate([piece, np.repeat(piece[-1:], self._fixed - count, axis=0)])
        given = np.asarray(self._session.run(None, {self._input.name: piece})[0], np.float32)
        return given.reshape(len(piece), -1)[:count]


class Channels:
    """A preprocessing whose result is laid out as a network of H x W x C, or of bytes, takes it."""

    def __init__(self, preprocessing: Preprocessing, last: bool, levels: bool) -> None:
        self._preprocessing, self._last, self._levels = preprocessing, last, levels

    def __call__(self, image: Image.Image) -> np.ndarray:
        made = self._preprocessing(image)
        if self._levels:
            made = np.rint(made * np.float32(255)).astype(np.uint8)
        return np.ascontiguousarray(made.transpose(1, 2, 0)) if self._last else made

    def __str__(self) -> str:
        layout = "H x W x C" if self._last else "C x H x W"
        kind = "uint8 levels" if self._levels else "float32"
        return f"{self._preprocessing}, {layout}, {kind}"


def classifier(name: str, info: MedMNISTInfo, choices: Choices) -> LoadedModel:
    """Raises ModelError: there is no such file, it is no ONNX, or not of this dataset."""
    function, transform, path, device = _function(name, choices)
    columns_in_order(_columns(function, transform), info, f"onnx:{name}")
    return LoadedModel(
        function,
        transform=transform,
        batch_size=choices.batch_size,
        logits=True,
        facts=facts_of(
            f"onnx:{path.name}",
            file_digest(path),
            transform,
            "columns in the dataset's order",
            device,
            "onnxruntime",
        ),
    )


def encoder(name: str, choices: Choices) -> Encoder:
    """The first output is taken as features. Raises ModelError: no such file, or no ONNX."""
    function, transform, path, device = _function(name, choices)
    facts = facts_of(
        f"onnx:{path.name}", file_digest(path), transform, "features", device, "onnxruntime"
    )
    return Encoder(function, transform, choices.batch_size, facts)


def _function(name: str, choices: Choices) -> tuple[OnnxFunction, Channels, Path, str]:
    with needing("onnx", "onnxruntime"):
        import onnxruntime
    path = file_of_model(name)
    available = onnxruntime.get_available_providers()
    wanted = "CUDAExecutionProvider" if choices.device != "cpu" else "CPUExecutionProvider"
    providers = [one for one in (wanted, "CPUExecutionProvider") if one in available]
    options = onnxruntime.SessionOptions()
    # Threads that wait by spinning would take the cores from the processes that make the images.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=list(dict.fromkeys(providers))
        )
    except Exception as error:  # onnxruntime has no common class of its own
        raise ModelError(f"onnxruntime cannot open {path} ({first_line(error)}).") from error
    device = "cuda" if session.get_providers()[0].startswith("CUDA") else "cpu"
    return OnnxFunction(session, True), _transform(session, path, choices), path, device


def _transform(session: Any, path: Path, choices: Choices) -> Channels:
    given = session.get_inputs()[0]
    shape, kind = given.shape, given.type
    if len(shape) != 4 or kind not in ("tensor(float)", "tensor(uint8)"):
        raise ModelError(
            f"{path} takes {kind} of shape {shape}; it should take float32 or uint8 images, "
            "B x C x H x W or B x H x W x C."
        )
    last = shape[3] in (1, 3) and shape[1] not in (1, 3)
    channels = shape[3] if last else shape[1]
    channels = channels if channels in (1, 3) else 3
    sides = [
        side if isinstance(side, int) else PUBLISHED_SIZE
        for side in (shape[1:3] if last else shape[2:])
    ]
    size = None if sides == [PUBLISHED_SIZE, PUBLISHED_SIZE] else (sides[0], sides[1])
    levels = kind == "tensor(uint8)"
    mean, std = NORMALISATIONS["none" if levels else choices.normalize]
    if channels == 1:
        mean, std = (sum(mean) / 3,), (sum(std) / 3,)
    return Channels(Preprocessing(size, mean=mean, std=std), last, levels)


def _columns(function: OnnxFunction, transform: Channels) -> int:
    black = transform(Image.new("RGB", (PUBLISHED_SIZE, PUBLISHED_SIZE)))
    return int(function._run(black[None]).shape[1])
