"""The names of the published package `medmnistc` 0.1.0, on our machinery: changing the import is enough.

    from medmnistc.dataset_manager import DatasetManager           # before
    from medmnist_c.compat.dataset_manager import DatasetManager   # after; or from medmnist_c.compat

The same arguments give the same arrays, files and scores, without ImageMagick. As there, what is random
is drawn from the global states of numpy and Python: nothing else in this package does that. Written
from what that package does, not from its source.
"""

from importlib import import_module

_PLACES = {
    "AugMedMNISTC": "augmentation",
    "CORRUPTIONS_DS": "corruptions.registry",
    "CORRUPTIONS_DS_FOLDS": "corruptions.registry",
    "DATASET_RGB": "corruptions.registry",
    "CorruptedMedMNIST": "dataset",
    "DatasetManager": "dataset_manager",
    "Evaluator": "eval",
    "Visualizer": "visualizer",
}

__all__ = list(_PLACES)


def __getattr__(name: str) -> object:
    if name not in _PLACES:  # imported when asked for: `CorruptedMedMNIST` needs torch
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
