"""A model's columns in the order of a dataset's classes."""

import re
from collections.abc import Sequence

from medmnist_c.builder.dataset_info import MedMNISTInfo
from medmnist_c.builder.suggestions import shown
from medmnist_c.models.errors import ModelError

LABELS = ("auto", "name", "order")


def matched_labels(
    names: Sequence[str], info: MedMNISTInfo, model: str, how: str = "auto"
) -> list[int]:
    """For each class of the dataset, the model's column.

    Args:
        names: the model's labels, in the order of its columns.
        info: of the dataset.
        model: its name, for the error.
        how: one of `LABELS`: by "name", by "order", or "auto": by name, and by order where the model
            has no names (LABEL_0, 0 ...).

    Raises:
        ModelError: they do not fit.
    """
    if how not in LABELS:
        raise ModelError(f"Labels are matched by {', '.join(LABELS)}, not {shown(how)}.")
    wanted = [_plain(name) for name in info.labels]
    given = [_plain(name) for name in names]
    if how != "order" and sorted(given) == sorted(set(wanted)):
        return [given.index(name) for name in wanted]
    unnamed = all(re.fullmatch(r"label\d+|\d+", name) for name in given)
    if len(given) == len(wanted) and (how == "order" or (how == "auto" and unnamed)):
        return list(range(len(wanted)))
    raise ModelError(
        f"The labels of {model} ({_some(names)}) are not the {len(wanted)} of {info.name} "
        f"({_some(info.labels)}); "
        + (
            "give --labels order (labels='order') if they are in that order."
            if len(given) == len(wanted)
            else f"it has {len(names)}, so it was not trained for this dataset."
        )
    )


def columns_in_order(count: int, info: MedMNISTInfo, model: str) -> None:
    """Check the number of columns of a model that has no names for them.

    One column is enough for two classes: the logit of "yes".

    Raises:
        ModelError: it is another number.
    """
    if count != len(info.labels) and not (count == 1 and len(info.labels) == 2):
        raise ModelError(
            f"{model} gives {count} numbers an image, and {info.name} has {len(info.labels)} classes, "
            "so it was not trained for this dataset."
        )


def _plain(name: str) -> str:
    """Letters and digits only, small: 'Basophil ' and 'basophil' are one."""
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


def _some(labels: Sequence[object]) -> str:
    names = [str(label) for label in labels]
    return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
