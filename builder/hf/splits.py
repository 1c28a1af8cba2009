"""A split that was not asked for when the dataset was loaded: one sentence says how to ask."""

import re
from typing import Any

import datasets

from medmnist_c.builder.errors import UnknownNameError
from medmnist_c.builder.hf.registration import NAME
from medmnist_c.builder.splits import SPLITS, chosen_splits, spelt


class KnownSplits(datasets.ArrowBasedBuilder):
    """A builder of some splits, that says how the others are asked for."""

    def as_dataset(self, split: Any = None, *args: Any, **kwargs: Any) -> Any:
        self._check(split)
        return super().as_dataset(split, *args, **kwargs)

    def as_streaming_dataset(self, split: Any = None, *args: Any, **kwargs: Any) -> Any:
        self._check(split)
        return super().as_streaming_dataset(split, *args, **kwargs)

    def _check(self, split: Any) -> None:
        """What `datasets` takes: a name, several with "+" and slices, or a list or dict of those."""
        asked = re.findall(r"[a-z]+", str(split))
        has = list(self.info.splits or ())
        missing = [name for name in SPLITS if name in asked and name not in has]
        if "val" in asked:
            raise UnknownNameError(
                f"The split of {split!r} is called 'validation', as splits=(\"validation\",)."
            )
        if missing:
            wanted = chosen_splits([*has, *missing])
            raise UnknownNameError(
                f"{self.config.name} was asked for with splits={spelt(has)}, which has no "
                f'{missing[0]}; ask for it by load_dataset("{NAME}", "{self.config.name}", '
                f"splits={spelt(wanted)}, split={str(split)!r})."
            )
