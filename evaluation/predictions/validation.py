"""Predictions of a dataset's clean validation images: they choose thresholds, and are never scored."""

from dataclasses import dataclass

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.evaluation.predictions.origin import CleanOrigin
from medmnist_c.evaluation.predictions.rows import Predictions


@dataclass(frozen=True)
class ValidationSet:
    """The clean validation images of a dataset, named like a test set."""

    dataset: str

    @property
    def name(self) -> str:
        return f"{self.dataset}_validation"

    @property
    def image_count(self) -> int:
        return dataset_info(self.dataset).validation_count


@dataclass(frozen=True)
class KeptValidation:
    """Predictions of validation images, and the images' origin."""

    predictions: Predictions
    source: CleanOrigin
