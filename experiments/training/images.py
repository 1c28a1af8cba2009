"""The images that a training sees: clean ones of the training and the validation split, never others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from medmnist_c.builder.configs import CleanConfig
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.files import absolute
from medmnist_c.builder.settings import cache_folder
from medmnist_c.builder.source.clean_cache import CleanImages, load_clean
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.experiments.training.augmentations import TrainingAugmentation
from medmnist_c.experiments.training.randomness import derived_seed
from medmnist_c.models.preprocessing import Preprocessing

Batch = tuple[torch.Tensor, torch.Tensor]  # float32 B x 3 x side x side, targets


def clean_images(
    dataset: str, source: ImageSource, split: Literal["train", "validation"]
) -> CleanImages:
    """A split's clean images, mapped from the cache.

    Raises:
        CleanDataError: they cannot be had.
    """
    spec = TestSetSpec(CleanConfig(dataset), source, split)
    return load_clean(spec.open(absolute(cache_folder())).clean_folder)


@dataclass(frozen=True)
class TrainingImages(Dataset[tuple[np.ndarray, np.ndarray]]):
    """Images augmented and prepared, with their targets: a class's number, or 0 and 1 of each label."""

    clean: CleanImages
    augmentation: TrainingAugmentation
    preprocessing: Preprocessing

    def __len__(self) -> int:
        return len(self.clean.images)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        image = Image.fromarray(self.clean.images[index])
        return self.preprocessing(self.augmentation(image, index)), self.target(index)

    def target(self, index: int) -> np.ndarray:
        labels = self.clean.labels[index]
        if dataset_info(self.clean.dataset).multi_label:
            return labels.astype(np.float32)
        return np.asarray(labels[0], np.int64)


def batches(
    images: TrainingImages, order: Sequence[int], size: int, num_workers: int, seed: int
) -> Iterator[Batch]:
    """Batches in this order; worker processes are started, and end with the iteration.

    A single image at the end joins the batch before it, which batch normalisation asks for.
    """
    parts = [list(order[start : start + size]) for start in range(0, len(order), size)]
    if len(parts) > 1 and len(parts[-1]) == 1:
        last = parts.pop()
        parts[-1] += last
    loader: DataLoader[Any] = DataLoader(
        images,
        batch_sampler=parts,
        num_workers=num_workers,
        pin_memory=torch.cuda.is_available(),
        generator=torch.Generator().manual_seed(seed),
    )
    return iter(loader)


def shuffled(count: int, seed: int, epoch: int) -> list[int]:
    """The order of an epoch's images."""
    generator = torch.Generator().manual_seed(derived_seed(seed, "order", epoch))
    return torch.randperm(count, generator=generator).tolist()
