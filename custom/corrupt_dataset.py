"""`corrupt_dataset`: any data set of `datasets` under corruptions of the benchmark."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, SupportsIndex, TypeVar

import datasets
from datasets import Dataset, DatasetDict, IterableDataset, IterableDatasetDict

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.suggestions import shown
from medmnist_c.custom.cells import (
    file_cell,
    image_cell,
    pixels_of_cell,
    warn_if_other_colours,
)
from medmnist_c.custom.one_order import in_one_order
from medmnist_c.custom.recipe import Recipe, make_recipe

AnyDataset = TypeVar("AnyDataset", Dataset, IterableDataset, DatasetDict, IterableDatasetDict)


def corrupt_dataset(
    ds: AnyDataset,
    like: str,
    corruption: str | Sequence[str],
    severity: SupportsIndex = 3,
    seed: SupportsIndex = 0,
    column: str = "image",
    *,
    index_column: str | None = None,
    num_proc: int | None = None,
) -> AnyDataset:
    """A data set of one's own under a corruption of one of the benchmark's datasets.

    Each image is what `corrupt(image, like, corruption, severity, seed=seed, index=index)` makes of it:
    the same for the same seed and index, whatever the shard, the order and the number of processes. Its
    index is its position in `ds`, or what `index_column` says: name one if `ds` is a part, or another
    order, of a data set whose images should stay the same. All other columns stay as they are.

    A `Dataset` is mapped, and kept in the cache of `datasets`. A stream stays one, and goes on from a
    `state_dict`; without an `index_column` it is read by one worker of a `DataLoader`, since only the
    one that reads it from its beginning knows the positions.

    Args:
        ds: a `Dataset`, an `IterableDataset`, or a dictionary of them, whose splits are numbered each
            from 0. Its images are grey or RGB, 8 bits, of any size from 28 x 28, and stay so.
        like: whose corruptions, with that dataset's parameters: the nearest of MedMNIST-C's twelve, such
            as "dermamnist" for photographs of skin, "pathmnist" for stained tissue.
        corruption: a name of that dataset's list; several, for one after the other; or "random", for one
            of the list for each image.
        severity: 1 (mildest) to 5.
        seed: a whole number >= 0.
        column: the images' column, of the feature `Image`.
        index_column: a column of whole numbers >= 0.
        num_proc: processes, for a `Dataset`.

    Returns:
        A data set of the kind of `ds`, with its columns and features. A prepared one keeps PNG files.

    Raises:
        UnknownNameError: no such dataset, corruption or severity.
        TypeError, ValueError: another argument is not as above, a data set is empty, or (later, for a
            stream) an image is of another kind, or cannot be read.
    """
    recipe = make_recipe(like, corruption, severity, seed)
    how = (recipe, column, index_column)
    if isinstance(ds, DatasetDict):
        return DatasetDict({name: _prepared(one, *how, num_proc, name) for name, one in ds.items()})
    if isinstance(ds, Dataset):
        return _prepared(ds, *how, num_proc)
    if not isinstance(ds, IterableDataset | IterableDatasetDict):
        raise TypeError(
            f"Give a Dataset, an IterableDataset or a dictionary of them, not a {type(ds).__name__}; "
            "medmnist_c.corrupt takes single images."
        )
    if num_proc is not None:
        raise ValueError(
            "num_proc is for a Dataset; a stream is read by as many workers as its DataLoader has."
        )
    if isinstance(ds, IterableDatasetDict):
        return IterableDatasetDict({name: _streamed(one, *how) for name, one in ds.items()})
    return _streamed(ds, *how)


@dataclass(frozen=True)
class _CorruptCell:
    """Called for each row: with its image's cell and index, it gives the columns that change."""

    recipe: Recipe
    column: str
    feature: datasets.Image
    keep_files: bool
    tokens: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __call__(self, cell: Any, index: int) -> dict[str, Any]:
        where = f"Image {index} of the column {self.column!r}"
        pixels = pixels_of_cell(cell, self.feature, where, self.tokens)
        warn_if_other_colours(pixels, self.recipe.like, dataset_info(self.recipe.like).grey)
        made = self.recipe.apply(pixels, index)
        return {self.column: file_cell(made) if self.keep_files else image_cell(made)}


def _prepared(
    ds: Dataset,
    recipe: Recipe,
    column: str,
    index_column: str | None,
    num_proc: int | None,
    name: str = "",
) -> Dataset:
    if not len(ds):
        raise ValueError(f"The data set{f' {name!r}' if name else ''} is empty: it has no images.")
    features = check_columns(ds.features, column, index_column)
    undecoded = ds.with_format(None).cast_column(column, _undecoded(features[column]))
    made = undecoded.map(
        _CorruptCell(recipe, column, features[column], keep_files=True),
        with_indices=index_column is None,
        input_columns=[column, *([index_column] if index_column else [])],
        features=features,
        num_proc=num_proc,
        desc=f"{recipe.like}, {'random' if recipe.random else ' + '.join(recipe.corruptions)}",
    )
    how = ds.format
    return made.with_format(
        how["type"], how["columns"], how["output_all_columns"], **how["format_kwargs"]
    )


def _streamed(
    ds: IterableDataset, recipe: Recipe, column: str, index_column: str | None
) -> IterableDataset:
    if ds.features is None:
        ds = ds._resolve_features()  # looks at the first rows
    features = check_columns(ds.features, column, index_column)
    formatting = ds._formatting
    feature = features[column]
    undecoded = ds.with_format(None).cast_column(column, _undecoded(feature))
    tokens = dict(ds._token_per_repo_id or {})
    made = undecoded.map(
        _CorruptCell(recipe, column, feature, keep_files=not feature.decode, tokens=tokens),
        with_indices=index_column is None,
        input_columns=[column, *([index_column] if index_column else [])],
        features=features,
    )
    if index_column is None:
        made = in_one_order(made)
    return made.with_format(formatting.format_type) if formatting else made


def check_columns(
    features: datasets.Features | None, column: str, index_column: str | None = None
) -> datasets.Features:
    """The features, if there is such a column of images, and one of whole numbers.

    Raises:
        TypeError, ValueError: a column is not there, or is of another kind.
    """
    if features is None:
        raise ValueError("The columns are not known: the stream has no first row.")
    for wanted in (column, *([index_column] if index_column is not None else [])):
        if wanted not in features:
            raise ValueError(
                f"There is no column {shown(wanted)}; there are {', '.join(map(repr, features))}."
            )
    if not isinstance(features[column], datasets.Image):
        images = [repr(n) for n, one in features.items() if isinstance(one, datasets.Image)]
        remedy = (
            f"the images are in {' and '.join(images)}"
            if images
            else (
                f'where it has files or bytes of them, ds.cast_column("{column}", datasets.Image())'
            )
        )
        raise TypeError(f"The column {column!r} does not hold images; {remedy}.")
    if index_column is not None and "int" not in str(getattr(features[index_column], "dtype", "")):
        raise TypeError(
            f"The column {index_column!r} does not hold whole numbers; name another index_column=, or "
            "none for the position."
        )
    return features


def _undecoded(feature: datasets.Image) -> datasets.Image:
    return dataclasses.replace(feature, decode=False)
