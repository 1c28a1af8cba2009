"""The splits of a MedMNIST+ dataset, as `datasets` calls them, and as the npz files do."""

from collections.abc import Iterable, Sequence
from typing import Literal

from medmnist_c.builder.errors import UnknownNameError
from medmnist_c.builder.suggestions import nearest, shown

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
PUBLISHED: Split = "test"
"""The split of the published benchmark; the others under a corruption are the project's own."""

_IN_NPZ = {"validation": "val"}  # where it is called otherwise


def images_member(split: Split) -> str:
    """The member of the npz with the split's images, e.g. "val_images.npy"."""
    return f"{_IN_NPZ.get(split, split)}_images.npy"


def labels_member(split: Split) -> str:
    """The member with its labels."""
    return f"{_IN_NPZ.get(split, split)}_labels.npy"


def known_split(name: str) -> Split:
    """`name`, if it is a split.

    Raises:
        TypeError: it is no string.
        UnknownNameError: it is none; the message names the nearest.
    """
    if not isinstance(name, str):
        raise TypeError(f"A split is a string such as 'validation', not {shown(name)}.")
    if name not in SPLITS:
        raise UnknownNameError(f"There is no split {shown(name)}{nearest(name, SPLITS)}")
    return name


def chosen_splits(splits: str | Iterable[str]) -> tuple[Split, ...]:
    """The splits asked for, each once, in the order train, validation, test.

    Raises:
        TypeError: `splits` is no name and no sequence of names.
        UnknownNameError: one of them is none.
        ValueError: there is none in it.
    """
    if isinstance(splits, str):
        splits = (splits,)
    if not isinstance(splits, Iterable):
        raise TypeError(
            f"splits is a sequence such as ('train', 'validation'), not {shown(splits)}."
        )
    names = {known_split(name) for name in splits}
    if not names:
        raise ValueError(f"splits is empty; name one or more of {', '.join(SPLITS)}.")
    return tuple(split for split in SPLITS if split in names)


def spelt(splits: Sequence[Split]) -> str:
    """As it is written in a call: `("train", "validation")`."""
    inside = ", ".join(f'"{split}"' for split in splits)
    return f"({inside},)" if len(splits) == 1 else f"({inside})"
