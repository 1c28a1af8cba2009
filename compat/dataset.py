"""A corrupted test set of files as the published archives have them, for torch."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset


class _ToNormalizedTensor:
    """A PIL image as a float32 tensor, channels x height x width: (x / 255 - mean) / std."""

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        self.mean, self.std = mean, std

    def __call__(self, image: Image.Image) -> torch.Tensor:
        pixels = np.array(image)
        pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
        tensor = torch.from_numpy(pixels).permute(2, 0, 1).contiguous().to(torch.float32).div(255)
        mean, std = (torch.tensor(one, dtype=torch.float32) for one in (self.mean, self.std))
        return tensor.sub_(mean.view(-1, 1, 1)).div_(std.view(-1, 1, 1))

    def __repr__(self) -> str:
        return f"(x / 255 - {self.mean}) / {self.std}"


class CorruptedMedMNIST(Dataset):
    """All five severities of a corruption of a dataset, one after the other.

    Args:
        dataset_name, corruption: e.g. "dermamnist", "black_corner".
        norm_mean, norm_std: of the images on the scale 0-1, one or three values.
        root: folder with `{dataset}/{corruption}.npz`, of `DatasetManager` or `build --format npz`.
        as_rgb: grey images with their channel three times.
        mmap_mode: as `numpy.load` takes it; compressed arrays are read as a whole all the same.

    Raises:
        RuntimeError: the folder or the file is not there.
    """

    def __init__(
        self,
        dataset_name: str,
        corruption: str,
        norm_mean: list = [0.5],  # noqa: B006 (its signature)
        norm_std: list = [0.5],  # noqa: B006
        root: str | None = None,
        as_rgb: bool = True,
        mmap_mode: str | None = None,
    ) -> None:
        if root is None or not Path(root).is_dir():
            raise RuntimeError(f"There is no folder {root}; give as root= that of the npz files.")
        path = Path(root) / dataset_name / f"{corruption}.npz"
        if not path.exists():
            raise RuntimeError(
                f"There is no {path}; make it with `medmnist-c build '{dataset_name}_{corruption}_*' "
                f"--format npz -o {root}`."
            )
        self.dataset_name, self.corruption = dataset_name, corruption
        self.root, self.as_rgb = root, as_rgb
        self.transform = _ToNormalizedTensor(norm_mean, norm_std)
        with np.load(path, mmap_mode=mmap_mode) as arrays:  # type: ignore[arg-type]
            self.imgs: np.ndarray = arrays["test_images"]
            self.labels: np.ndarray = arrays["test_labels"]

    def __len__(self) -> int:
        return len(self.imgs)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, np.ndarray]:
        image = Image.fromarray(self.imgs[index])
        if self.as_rgb:
            image = image.convert("RGB")
        return self.transform(image), self.labels[index].astype(int)
