"""A model that is asked batch by batch, however the images come."""

from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from PIL import Image

from medmnist_c.builder.dataset_info import MedMNISTInfo
from medmnist_c.evaluation.feeding.blocks import Block
from medmnist_c.evaluation.feeding.feed import InputOfModel
from medmnist_c.evaluation.feeding.inputs import RowFormat
from medmnist_c.evaluation.feeding.lending import BatchMemory
from medmnist_c.evaluation.model import NamedModel
from medmnist_c.evaluation.predictions.probabilities import probabilities


@dataclass(eq=False)
class AskedModel:
    """Asks a model about one test set.

    own: what the model is given of each image.
    name: of the test set.
    info: of its dataset.
    """

    model: NamedModel
    own: InputOfModel
    name: str
    info: MedMNISTInfo
    scores: list[np.ndarray] = field(default_factory=list)
    _memory: BatchMemory | None = None
    _waiting: np.ndarray | None = None  # rows of the batch that is being filled
    _filled: int = 0
    _done: int = 0

    def take(self, block: Block) -> None:
        """The next images; the model is asked whenever there are enough for a batch.

        Raises:
            PredictionError: what it gives cannot be scored.
        """
        rows, form = block.rows[self.own.number], block.formats[self.own.number]
        size = self.model.batch_size
        start = 0
        while start < len(rows):
            if self._waiting is None:
                self._waiting = self._room(form)
            count = min(size - self._filled, len(rows) - start)
            self._waiting[self._filled : self._filled + count] = rows[start : start + count]
            self._filled += count
            start += count
            if self._filled == size or (block.last and start == len(rows)):
                batch, self._waiting = self._waiting[: self._filled], None
                self._filled = 0
                self._ask(batch, form)
                del batch  # so that the next one can have its memory

    def _room(self, form: RowFormat) -> np.ndarray:
        """Memory for a batch's rows, which a model may keep; pinned where CUDA is used."""
        shape = (self.model.batch_size, form.row_bytes)
        if form.torch:
            import torch

            if torch.cuda.is_available() and torch.cuda.is_initialized():
                return torch.empty(shape, dtype=torch.uint8, pin_memory=True).numpy()
        self._memory = self._memory or BatchMemory(prod(shape))
        return self._memory.lend().reshape(shape)

    def _ask(self, rows: np.ndarray, form: RowFormat) -> None:
        where = f"images {self._done} to {self._done + len(rows) - 1} of {self.name}"
        given = self.model.predict(self._batch(rows, form))
        self.scores.append(self._accepted(given, len(rows), where))
        self._done += len(rows)

    def _accepted(self, given: object, count: int, where: str) -> np.ndarray:
        return probabilities(given, count, self.info, where, logits=self.model.form.logits)

    def _batch(self, rows: np.ndarray, form: RowFormat) -> Any:
        batch = form.batch(rows)
        if (here := self.own.here) is not None:
            own = [here.of(_plain(image)) for image in batch]
            own_form = RowFormat.of(own[0])
            return own_form.batch(np.stack([own_form.to_bytes(one) for one in own]))
        if self.model.form.pil:
            return [Image.fromarray(_plain(image)) for image in batch]
        return batch


def _plain(image: np.ndarray) -> np.ndarray:
    """H x W x 3, or H x W of a grey one."""
    return image[..., 0] if image.shape[2] == 1 else image
