"""A training's state after an epoch, whole on the disk or not there at all."""

import io
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from medmnist_c.builder.errors import first_line
from medmnist_c.builder.files import atomic_write, remove_stale
from medmnist_c.experiments.errors import ExperimentError
from medmnist_c.models.kinds.run_folder import WEIGHTS_FILE

CHECKPOINT_FILE = "checkpoint.pt"


@dataclass
class Progress:
    """How far a training is: finished epochs, the best of them, and each epoch's losses.

    Random numbers follow from the seed and the epoch (`randomness`), so that `epochs` is all there is
    to keep of generators.
    """

    epochs: int = 0
    best_epoch: int = 0
    best_loss: float = float("inf")
    history: list[dict[str, float]] = field(default_factory=list)

    def ended(self, epochs: int, patience: int) -> bool:
        """Whether all epochs are done, or the best lies `patience` epochs back."""
        return self.epochs >= epochs or self.epochs - self.best_epoch >= patience


class Checkpoints:
    """The files of a training that has not ended: the last state, and the best weights."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / CHECKPOINT_FILE
        remove_stale(folder)

    def _best(self, epoch: int) -> Path:
        return self._folder / f"best-{epoch}.safetensors"

    def save(self, progress: Progress, parts: dict[str, Any], network: Any) -> None:
        """Keep the state; the weights, too, where this epoch is the best so far."""
        if progress.best_epoch == progress.epochs:
            with atomic_write(self._best(progress.epochs)) as file:
                file.write(weights_bytes(network))
        state = {name: part.state_dict() for name, part in parts.items()}
        content = io.BytesIO()
        torch.save({"progress": asdict(progress)} | state, content)
        with atomic_write(self._file) as file:
            file.write(content.getbuffer())
        for old in self._folder.glob("best-*.safetensors"):
            if old != self._best(progress.best_epoch):
                old.unlink()

    def load(self, parts: dict[str, Any]) -> Progress:
        """Put the last state, if there is one, into these parts.

        Raises:
            ExperimentError: it is damaged, or not of this training.
        """
        if not self._file.exists():
            return Progress()
        try:
            state = torch.load(self._file, map_location="cpu", weights_only=True)
            for name, part in parts.items():
                part.load_state_dict(state[name])
            return Progress(**state["progress"])
        except Exception as error:  # pickle and torch raise nearly anything
            raise ExperimentError(
                f"{self._file} is damaged or of another training ({first_line(error)}); remove it "
                "to train from the start."
            ) from error

    def finish(self, progress: Progress) -> None:
        """The best weights take their name; what only a training in progress needs goes."""
        best = self._best(progress.best_epoch)
        if best.exists():  # else a process was killed after this step
            best.replace(self._folder / WEIGHTS_FILE)

    def remove(self) -> None:
        self._file.unlink(missing_ok=True)
        for old in self._folder.glob("best-*.safetensors"):
            old.unlink()


def weights_bytes(network: Any) -> bytes:
    """A network's weights as safetensors."""
    return save({k: v.detach().cpu().clone().contiguous() for k, v in network.state_dict().items()})
