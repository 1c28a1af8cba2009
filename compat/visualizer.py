"""An image of a dataset under its corruptions, as image files."""

import random
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES

_FONT, _SCALE = cv2.FONT_HERSHEY_SIMPLEX, 0.5
_LEFT, _BASE, _MARGIN = 30, 30, 5  # of a name, in pixels; the margin is that of its black ground


class Visualizer:
    """Pictures of test sets in files.

    Args:
        medmnistc_path: folder with `{dataset}/{corruption}.npz`.
        medmnist_path: folder with `{dataset}_224.npz`.
        output_path: where to; made if it is not there.
    """

    def __init__(self, medmnistc_path: str, medmnist_path: str, output_path: str) -> None:
        self.medmnistc_path, self.medmnist_path = medmnistc_path, medmnist_path
        self.output_path = output_path
        self.supported_datasets = sorted(CORRUPTIONS)

    def plot_extended(self, dataset_name: str | None = None, idx_image: int | None = None) -> None:
        """A row for each corruption: clean, then severity 1 to 5.

        Args:
            dataset_name: e.g. "dermamnist".
            idx_image: number of a test image; None for any.
        """
        name = self._known(dataset_name)
        clean, index = self._clean(name, idx_image)
        rows = []
        for corruption in CORRUPTIONS[name]:
            images = self._corrupted(name, corruption, index, len(clean), SEVERITIES)
            rows.append(np.hstack([self._annotate_img(clean[index], _title(corruption)), *images]))
        self._store(np.vstack(rows), "extended", f"{name}_id{index}")

    def plot_one_severity(
        self,
        dataset_name: str | None = None,
        idx_image: int | None = None,
        severity: int = 3,
        max_per_row: int = -1,
    ) -> None:
        """The clean image and all corruptions at a severity.

        Args:
            dataset_name, idx_image: as of `plot_extended`.
            severity: 1 to 5.
            max_per_row: images a file, the clean one first in each, at least 2; -1 for one file.
        """
        name = self._known(dataset_name)
        if severity not in SEVERITIES or (max_per_row != -1 and max_per_row < 2):
            raise ValueError(
                f"severity is 1 to 5 and max_per_row 2 or more, not {severity} and {max_per_row}."
            )
        clean, index = self._clean(name, idx_image)
        made = []
        for corruption in CORRUPTIONS[name]:
            (image,) = self._corrupted(name, corruption, index, len(clean), [severity])
            made.append(self._annotate_img(image, _title(corruption)))
        stem = f"{name}_id{index}_sev{severity}"
        if max_per_row == -1:
            self._store(np.hstack([clean[index], *made]), "one_severity", stem)
            return
        for part, start in enumerate(range(0, len(made), max_per_row - 1), 1):
            images = made[start : start + max_per_row - 1]
            row = np.full(
                (images[0].shape[0], max_per_row * images[0].shape[1], *images[0].shape[2:]), 255
            )
            shown = np.hstack([clean[index], *images])
            row[:, : shown.shape[1]] = shown
            self._store(row.astype(np.uint8), "one_severity", f"{stem}_pt{part}")

    def _known(self, dataset_name: str | None) -> str:
        if dataset_name not in self.supported_datasets:
            raise AssertionError(
                f"There is no dataset {dataset_name!r}; there are {', '.join(self.supported_datasets)}."
            )
        return str(dataset_name)

    def _clean(self, name: str, index: int | None) -> tuple[np.ndarray, int]:
        with np.load(Path(self.medmnist_path) / dataset_info(name).file_name) as arrays:
            images = arrays["test_images"]
        return images, random.randint(0, len(images) - 1) if index is None else index

    def _corrupted(
        self, name: str, corruption: str, index: int, count: int, severities: Iterable[int]
    ) -> list[np.ndarray]:
        with np.load(Path(self.medmnistc_path) / name / f"{corruption}.npz") as arrays:
            images = arrays["test_images"]
        return [images[(severity - 1) * count + index] for severity in severities]

    def _annotate_img(self, img: np.ndarray, text: str) -> np.ndarray:
        """A copy with white text on a black ground."""
        image = np.array(img)
        (width, height), _ = cv2.getTextSize(text, _FONT, _SCALE, 1)
        low = (_LEFT - _MARGIN, _BASE + _MARGIN)
        high = (_LEFT + width + _MARGIN, _BASE - height - _MARGIN)
        cv2.rectangle(image, low, high, (0, 0, 0), cv2.FILLED)
        white = (255, 255, 255)
        cv2.putText(image, text, (_LEFT, _BASE), _FONT, _SCALE, white, 1, cv2.LINE_AA)
        return image

    def _store(self, pixels: np.ndarray, kind: str, stem: str) -> None:
        path = Path(self.output_path) / kind / f"{stem}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
        print(f"Image stored at : {path}")


def _title(corruption: str) -> str:
    return corruption.replace("_", " ")
