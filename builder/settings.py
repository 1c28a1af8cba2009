"""What `datasets` is set to. It takes a second to import, which a worker process seldom needs."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datasets.utils import tqdm


def cache_folder() -> Path:
    """The cache folder of `datasets`."""
    import datasets

    return Path(datasets.config.HF_DATASETS_CACHE)


def is_offline() -> bool:
    """Whether HF_HUB_OFFLINE or HF_DATASETS_OFFLINE forbids the network."""
    import datasets

    return bool(datasets.config.HF_HUB_OFFLINE)


def progress_bar(**how: Any) -> "tqdm":
    """The one that users of `datasets` can switch off; `how` is as for `tqdm`."""
    from datasets.utils import tqdm

    return tqdm(**how)
