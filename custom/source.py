"""Somebody's data set, found by its folder or by its name on the Hub."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
from datasets import Dataset

from medmnist_c.builder.errors import CleanDataError, one_line
from medmnist_c.builder.files import absolute
from medmnist_c.builder.suggestions import shown
from medmnist_c.builder.versions import IMAGES_VERSION
from medmnist_c.custom.corrupt_dataset import check_columns

_SAVED = ("state.json", "dataset_dict.json")  # of `save_to_disk`


@dataclass(frozen=True)
class OwnImages:
    """A split of a data set: its rows, the images not decoded.

    `name` is what it may be called in public: a folder's own name, or the name on the Hub; `split` is
    that of the split, `image` the feature of `column`, `identity` the same for the same rows only.
    """

    name: str
    split: str
    data: Dataset
    column: str
    image: datasets.Image
    identity: str


def open_own_images(
    source: str | Path,
    column: str = "image",
    split: str | None = None,
    config: str | None = None,
    revision: str | None = None,
    cache_dir: str | Path | None = None,
) -> OwnImages:
    """A data set's split, prepared in the cache of `datasets`.

    Args:
        source: a folder of images, of files that `load_dataset` opens, or of `save_to_disk`; or a data
            set on the Hub, USER/NAME.
        column: the images' column.
        split: which one; None for the only one, or the one called "test".
        config, revision: of a data set that has several.
        cache_dir: of `datasets`.

    Raises:
        CleanDataError: it is not there, or cannot be opened.
        TypeError, ValueError: there is no such split or column, or no image.
    """
    found = _load(source, config, revision, cache_dir)
    if isinstance(found, Dataset):
        found = datasets.DatasetDict({str(found.split or "train"): found})
    split = _chosen(split, list(found))
    data = found[split].with_format(None)
    if not len(data):
        raise ValueError(f"The split {split!r} of {source} is empty: it has no images.")
    image = check_columns(data.features, column)[column]
    name = absolute(source).name if Path(source).exists() else str(source)
    parts = (IMAGES_VERSION, data._fingerprint, len(data), split, column, repr(data.features))
    identity = hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
    raw = data.cast_column(column, datasets.Image(mode=image.mode, decode=False))
    return OwnImages(name, split, raw, column, image, identity)


def _load(
    source: str | Path, config: str | None, revision: str | None, cache_dir: str | Path | None
) -> Any:
    path = Path(source)
    if path.is_file():
        raise CleanDataError(f"{source} is a file; give the folder that it lies in.")
    if not path.is_dir() and str(source).count("/") != 1:
        raise CleanDataError(
            f"There is no folder {source}, and the Hub's data sets are called USER/NAME; check the path."
        )
    saved = path.is_dir() and any((path / name).exists() for name in _SAVED)
    try:
        if saved:
            return datasets.load_from_disk(str(path))
        return datasets.load_dataset(
            str(source), config, revision=revision, cache_dir=cache_dir and str(cache_dir)
        )
    except Exception as error:  # of Arrow, of the Hub, of files: any kind
        reason = one_line(error.__cause__ or error)
        kind = "folder" if path.is_dir() else "data set on the Hub, or folder,"
        raise CleanDataError(f"The {kind} {source} cannot be opened: {shown(reason)}.") from error


def _chosen(split: str | None, splits: list[str]) -> str:
    if split is None and len(splits) > 1 and "test" not in splits:
        raise ValueError(f"Say which split: {', '.join(splits)}.")
    chosen = split or (splits[0] if len(splits) == 1 else "test")
    if chosen not in splits:
        raise ValueError(f"There is no split {shown(chosen)}; there are {', '.join(splits)}.")
    return chosen
