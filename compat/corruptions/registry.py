"""The corruptions of each dataset as objects, in the published order."""

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.compat.corruptions.base import BaseCorruption
from medmnist_c.corruptions.table import CORRUPTIONS

CORRUPTIONS_DS: dict[str, dict[str, BaseCorruption]] = {
    dataset: {name: BaseCorruption(entry) for name, entry in entries.items()}
    for dataset, entries in CORRUPTIONS.items()
}

DATASET_RGB: dict[str, bool] = {name: not dataset_info(name).grey for name in sorted(CORRUPTIONS)}

CORRUPTIONS_DS_FOLDS: dict[str, list[str]] = {}  # names by group
for _group in ("digital", "noise", "blur", "color", "task-specific"):
    _entries = [one for entries in CORRUPTIONS.values() for one in entries.values()]
    CORRUPTIONS_DS_FOLDS[_group] = list(
        dict.fromkeys(one.name for one in _entries if one.group == _group)
    )
