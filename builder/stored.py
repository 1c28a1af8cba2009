"""How test sets are called and where they lie in folders and repositories.

{dataset}/{config}/test-*.parquet                             of the published split and size
{dataset}/{config}-validation/validation-*.parquet            another split, of the same configuration
{dataset}/{config}_64px/test-*.parquet                        another size: another configuration
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from medmnist_c.builder.configs import Config, all_configs
from medmnist_c.builder.dataset_info import PUBLISHED_SIZE, SIZES
from medmnist_c.builder.splits import PUBLISHED, SPLITS, Split, known_split

_NAME = re.compile(
    rf"(.+?)(?:_({'|'.join(str(size) for size in SIZES if size != PUBLISHED_SIZE)})px)?"
    rf"(?:-({'|'.join(split for split in SPLITS if split != PUBLISHED)}))?"
)


@dataclass(frozen=True)
class StoredTestSet:
    """A configuration of a split and a size, as it is stored.

    Another size than the published benchmark's is never called by a published name.
    """

    config: Config
    split: Split = PUBLISHED
    size: int = PUBLISHED_SIZE

    @property
    def is_published(self) -> bool:
        """Whether the published benchmark has images of this split and size."""
        return self.split == PUBLISHED and self.size == PUBLISHED_SIZE

    @property
    def config_name(self) -> str:
        """Under which `load_dataset` finds it there; its splits share it."""
        return self.config.name + (f"_{self.size}px" if self.size != PUBLISHED_SIZE else "")

    @property
    def name(self) -> str:
        """Its own name: e.g. "dermamnist_clean", "dermamnist_clean_64px-validation"."""
        return self.config_name + (f"-{self.split}" if self.split != PUBLISHED else "")

    @property
    def folder(self) -> str:
        """Where its files lie, with forward slashes."""
        return f"{self.config.dataset}/{self.name}"

    @property
    def shards(self) -> str:
        """Its files in that folder, with a wildcard."""
        return f"{self.split}-*.parquet"


def stored_named(name: str) -> StoredTestSet | None:
    """The test set that is stored under `name`; None if there can be none."""
    found = _NAME.fullmatch(name)
    config = all_configs().get(found[1]) if found else None
    if found is None or config is None:
        return None
    split = known_split(found[3] or PUBLISHED)
    return StoredTestSet(config, split, int(found[2] or PUBLISHED_SIZE))


def in_order(names: Iterable[str]) -> list[StoredTestSet]:
    """The test sets of these names: the published size first, then in the table's order, by split.

    Names under which none is stored are left out.
    """
    position = {name: number for number, name in enumerate(all_configs())}
    found = [one for name in names if (one := stored_named(name)) and one.name == name]

    def order(one: StoredTestSet) -> tuple[int, int, int]:
        return -SIZES.index(one.size), position[one.config.name], -SPLITS.index(one.split)

    return sorted(found, key=order)
