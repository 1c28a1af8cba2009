"""How training images are augmented, each draw from (seed, epoch, image)."""

from collections.abc import Callable
from typing import Any, Protocol

from PIL import Image

from medmnist_c.augmentation.augmix import TargetedAugMix
from medmnist_c.augmentation.targeted import TargetedAugmentation
from medmnist_c.augmentation.transform import Augmentation
from medmnist_c.experiments.runs import Run
from medmnist_c.experiments.training.randomness import derived_seed
from medmnist_c.models.errors import needing

_TORCHVISION = {
    "randaugment": "RandAugment",
    "trivialaugment": "TrivialAugmentWide",
    "augmix": "AugMix",
}
_TARGETED: dict[str, Callable[..., Augmentation]] = {
    "targeted": TargetedAugmentation,
    "targeted_augmix": TargetedAugMix,
}


class TrainingAugmentation(Protocol):
    """A function of an image and its number, whose draws are those of the epoch set last."""

    def set_epoch(self, epoch: int) -> None: ...

    def __call__(self, image: Image.Image, index: int) -> Image.Image: ...


def augmentation_of(run: Run) -> TrainingAugmentation:
    """A run's augmentation; a group that it is trained without is never drawn.

    Raises:
        ModuleNotFoundError: it is torchvision's, which is not installed or does not fit torch.
    """
    if run.augmentation == "none":
        return Unchanged()
    if run.augmentation in _TARGETED:
        without = () if run.without is None else (run.without,)
        seed = derived_seed(run.seed, "augmentation")
        return Targeted(_TARGETED[run.augmentation](run.dataset, seed, exclude_groups=without))
    with needing("experiments", f"torchvision's {_TORCHVISION[run.augmentation]}"):
        from torchvision.transforms import v2
    return FromTorchvision(getattr(v2, _TORCHVISION[run.augmentation])(), run.seed)


class Unchanged:
    """No augmentation."""

    def set_epoch(self, epoch: int) -> None:
        pass

    def __call__(self, image: Image.Image, index: int) -> Image.Image:
        return image


class Targeted:
    """The benchmark's corruptions."""

    def __init__(self, augmentation: Augmentation) -> None:
        self.augmentation = augmentation

    def set_epoch(self, epoch: int) -> None:
        self.augmentation.set_epoch(epoch)

    def __call__(self, image: Image.Image, index: int) -> Image.Image:
        made: Image.Image = self.augmentation({"image": image, "index": index})["image"]
        return made


class FromTorchvision:
    """One of torchvision's, which draw from torch's global state: it is seeded for each image and put
    back afterwards."""

    def __init__(self, transform: Any, seed: int) -> None:
        self.transform, self._seed, self._epoch = transform, seed, 0

    def set_epoch(self, epoch: int) -> None:
        self._epoch = epoch

    def __call__(self, image: Image.Image, index: int) -> Image.Image:
        import torch

        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(
                derived_seed(self._seed, "augmentation", self._epoch, index)
            )
            made: Image.Image = self.transform(image)
        return made
