"""A torch network as a function from a stacked batch to an array, on any device."""

import hashlib
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from medmnist_c.builder.errors import first_line
from medmnist_c.builder.suggestions import shown
from medmnist_c.models.errors import ModelError, needing


def device_for(asked: str | None) -> str:
    """The device's name: that asked for, else a GPU if there is one.

    Raises:
        ModelError: torch knows no such device, or it is not there.
    """
    with needing("transformers", "torch"):
        import torch
    if asked is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=asked)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ModelError(
            f"There is no device {shown(asked)} here ({first_line(error)})."
        ) from error
    return asked


class TorchFunction:
    """Runs a network without gradients. A batch that does not fit the memory is halved, and told once.

    Args:
        network: called with a float32 tensor B x C x H x W; moved to the device, in evaluation mode.
        device: its name.
        columns: of the output, in this order; None for all.
        one_is_yes: a single column is the logit of "yes": that of "no", 0, is put before it.
        output: takes the tensor out of what the network gives.
    """

    def __init__(
        self,
        network: Any,
        device: str,
        *,
        columns: list[int] | None = None,
        one_is_yes: bool = False,
        output: Callable[[Any], Any] = lambda given: given,
    ) -> None:
        self._network, self._device = network, device
        self._columns, self._one_is_yes, self._output = columns, one_is_yes, output
        self._most: int | None = None  # images that fit the memory

    def __call__(self, batch: Any) -> np.ndarray:
        """Float32, B x columns."""
        import torch

        inputs = torch.as_tensor(batch)
        with torch.inference_mode():
            given = torch.cat(self._in_pieces(inputs)).float().cpu().numpy()
        if given.ndim == 1:
            given = given[:, None]
        if self._one_is_yes and given.shape[1] == 1:
            given = np.concatenate([np.zeros_like(given), given], axis=1)
        return given if self._columns is None else given[:, self._columns]

    def _in_pieces(self, inputs: Any) -> list[Any]:
        import torch

        done: list[Any] = []
        start = 0
        while start < len(inputs):
            piece = inputs[start : start + (self._most or len(inputs))]
            try:
                done.append(self._output(self._network(piece.to(self._device, non_blocking=True))))
            except torch.OutOfMemoryError:
                if len(piece) == 1:
                    raise
                torch.cuda.empty_cache()
                self._most = len(piece) // 2
                warnings.warn(
                    f"{len(piece)} images do not fit the memory of {self._device}; "
                    f"{self._most} at a time are given to the model from here on.",
                    stacklevel=2,
                )
            else:
                start += len(piece)
        return done


def weights_from(path: Path) -> dict[str, Any]:
    """The tensors of a file of weights, by name; no code in it is run.

    A checkpoint of a training may hold them under "state_dict", "model" or "model_state_dict".

    Raises:
        ModelError: there is no such file, or it holds something else than tensors by name.
    """
    import torch

    if not path.is_file():
        raise ModelError(f"There is no file of weights {path}.")
    try:
        if path.suffix == ".safetensors":
            with needing("timm", "safetensors"):
                from safetensors.torch import load_file
            return dict(load_file(path))
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except ModuleNotFoundError:
        raise
    except Exception as error:  # pickle raises nearly anything
        raise ModelError(
            f"{path} holds no plain tensors ({first_line(error)}); save model.state_dict(), or "
            "safetensors."
        ) from error
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping) or not content:
        raise ModelError(
            f"{path} holds no tensors by name; save model.state_dict(), or safetensors."
        )
    return {str(name).removeprefix("module."): value for name, value in content.items()}


def take_weights(network: Any, path: Path) -> None:
    """Put a file's weights into a network, all of them and no others.

    Raises:
        ModelError: they are not those of this network.
    """
    try:
        network.load_state_dict(weights_from(path))
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).splitlines()[1:3]]
        raise ModelError(f"{path} does not fit the network: {' '.join(lines)[:300]}") from error


def digest_of(network: Any) -> str:
    """Of a network's weights: SHA-256 of names, dtypes, shapes and bytes, 16 hex digits."""
    import torch

    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        if not isinstance(tensor, torch.Tensor):
            continue
        whole = tensor.detach().cpu().contiguous()
        digest.update(f"{name} {whole.dtype} {tuple(whole.shape)}\n".encode())
        digest.update(whole.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:16]


def ready(network: Any, device: str) -> Any:
    """The network on the device, in evaluation mode, without gradients."""
    return network.to(device).eval().requires_grad_(False)
