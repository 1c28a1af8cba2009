"""An image-classification checkpoint of `transformers` as a `predict` function."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from medmnist_c.builder.dataset_info import MedMNISTInfo, dataset_info
from medmnist_c.builder.suggestions import shown
from medmnist_c.evaluation.errors import PredictionError

LABELS = ("auto", "name", "order")


class TransformersModel:
    """A checkpoint with its own image processor; call it with a list of PIL images (RGB).

    Gives logits, one column for each class of the dataset, in the dataset's order.
    """

    def __init__(
        self, model: str | Path, dataset: str, *, labels: str = "auto", device: str | None = None
    ) -> None:
        """Load a checkpoint.

        Args:
            model: a folder, or an id on the Hub.
            dataset: whose classes its labels must be.
            labels: match them by "name", by "order", or "auto": by name, and by order where the
                checkpoint has no names (LABEL_0 ...).
            device: for torch, e.g. "cuda"; None for a GPU if there is one.

        Raises:
            PredictionError: there is no such checkpoint, or its labels do not fit.
            ModuleNotFoundError: transformers or torch is not installed.
        """
        try:
            import torch
            from transformers import AutoImageProcessor, AutoModelForImageClassification
        except ImportError as error:
            cause: BaseException = error
            while cause.__cause__ is not None:  # transformers says only that it cannot
                cause = cause.__cause__
            raise ModuleNotFoundError(
                f"Cannot use transformers and torch here ({cause}); pip install "
                "'medmnist_c[transformers]', with a torchvision that fits torch or without one."
            ) from error
        self._torch = torch
        self.name = Path(model).name if Path(model).is_dir() else str(model)
        try:
            self._processor = AutoImageProcessor.from_pretrained(model)
            self._model = AutoModelForImageClassification.from_pretrained(model)
        except (OSError, ValueError, ImportError) as error:
            first = str(error).strip().splitlines()[0]
            raise PredictionError(
                f"Cannot load {shown(str(model))} as an image classifier of transformers ({first}); "
                "give the folder of a checkpoint, or its id on the Hub."
            ) from error
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._model.to(device).eval()
        names = [self._model.config.id2label[k] for k in range(self._model.config.num_labels)]
        self._columns = matched_labels(names, dataset_info(dataset), self.name, labels)

    def __call__(self, images: list[Image.Image]) -> np.ndarray:
        """Logits, float32, B x classes."""
        inputs = self._processor(images=images, return_tensors="pt")
        with self._torch.inference_mode():
            logits = self._model(**inputs.to(self._model.device)).logits
        return logits.float().cpu().numpy()[:, self._columns]


def matched_labels(
    names: list[str], info: MedMNISTInfo, model: str, how: str = "auto"
) -> list[int]:
    """For each class of the dataset, the checkpoint's column.

    Args:
        names: the checkpoint's labels, in the order of its columns.
        facts: of the dataset.
        model: its name, for the error.
        how: one of `LABELS`.

    Raises:
        PredictionError: they do not fit.
    """
    if how not in LABELS:
        raise PredictionError(f"Labels are matched by {', '.join(LABELS)}, not {shown(how)}.")
    wanted = [_plain(name) for name in info.labels]
    given = [_plain(name) for name in names]
    if how != "order" and sorted(given) == sorted(set(wanted)):
        return [given.index(name) for name in wanted]
    unnamed = all(re.fullmatch(r"label\d+|\d+", name) for name in given)
    if len(given) == len(wanted) and (how == "order" or (how == "auto" and unnamed)):
        return list(range(len(wanted)))
    raise PredictionError(
        f"The labels of {model} ({_some(names)}) are not the {len(wanted)} of {info.name} "
        f"({_some(info.labels)}); "
        + (
            "give --labels order (labels='order') if they are in that order."
            if len(given) == len(wanted)
            else f"it has {len(names)}, so it was not trained for this dataset."
        )
    )


def _plain(name: str) -> str:
    """Letters and digits only, small: 'Basophil ' and 'basophil' are one."""
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


def _some(labels: Sequence[object]) -> str:
    names = [str(label) for label in labels]
    return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
