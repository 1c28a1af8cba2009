"""MedMNIST-C on Hugging Face `datasets`. Importing this package makes the name known to them."""

from importlib import import_module

from medmnist_c.builder.cards import VERSION as __version__
from medmnist_c.builder.configs import config_names
from medmnist_c.builder.hf.registration import register
from medmnist_c.builder.testset.single import corrupt
from medmnist_c.medmnist_c import MedMNISTC, MedMNISTCConfig

register()

# What is imported when it is first asked for, since not everybody does.
_LATER = {
    "TargetedAugMix": "medmnist_c.augmentation.augmix",
    "TargetedAugmentation": "medmnist_c.augmentation.targeted",
    "RobustnessReport": "medmnist_c.evaluation.report.model",
    "compare": "medmnist_c.evaluation.report.comparison",
    "evaluate": "medmnist_c.evaluation.evaluate",
    "push": "medmnist_c.publishing.push",
}

__all__ = ["MedMNISTC", "MedMNISTCConfig", "__version__", "config_names", "corrupt", *_LATER]


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
