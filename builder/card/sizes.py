"""`dataset_info` of a card: how many images and bytes a test set has, and its features."""

from collections.abc import Mapping
from typing import Any

from datasets.info import DatasetInfo, DatasetInfosDict
from datasets.splits import SplitDict, SplitInfo
from huggingface_hub import DatasetCardData

from medmnist_c.builder.arrow.features import features_of
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.stored import StoredTestSet

MOST_BYTES = 64_000
"""Of YAML. More is left out: the card of all 667 would have 427 kB, which takes seconds to open."""

_LEAST_BYTES = 300  # of one entry


def infos_of(there: Mapping[StoredTestSet, int], sizes: Mapping[str, int]) -> list[dict[str, Any]]:
    """An entry for each configuration; none if they are too many, or their bytes are not known.

    The features of a multi-label dataset are left to the files: versions of `datasets` spell lists
    otherwise.
    """
    if len(there) > MOST_BYTES // _LEAST_BYTES:
        return []  # without making what takes seconds
    found: dict[str, DatasetInfo] = {}
    for one, count in there.items():
        if one.name not in sizes:
            return []
        about = dataset_info(one.config.dataset, one.size)
        info = found.setdefault(
            one.config_name,
            DatasetInfo(
                config_name=one.config_name,
                features=None if about.multi_label else features_of(about),
                splits=SplitDict(),
                download_size=0,
                dataset_size=0,
            ),
        )
        size = sizes[one.name]
        info.splits.add(
            SplitInfo(one.split, size, count)
        )  # the PNGs are most of it, here and there
        info.download_size += size
        info.dataset_size += size
    data = DatasetCardData()
    DatasetInfosDict(found).to_dataset_card_data(data)
    told = data.to_dict().get("dataset_info", [])
    entries = told if isinstance(told, list) else [told]
    return entries if len(data.to_yaml()) <= MOST_BYTES else []
