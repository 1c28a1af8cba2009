"""A stream whose images are numbered: its order is kept as it is.

A worker of a `DataLoader` that reads a shard of its own does not know how many images stand in the
shards before it. So a numbered stream is one shard: it is read by one worker, whose numbers are those
of the stream, and what shuffles it later shuffles images that are made already.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from datasets import Features, IterableDataset
from datasets.iterable_dataset import _BaseExamplesIterable


class OneOrder(_BaseExamplesIterable):
    """Examples that are neither split among workers nor shuffled at their sources."""

    def __init__(self, ex_iterable: _BaseExamplesIterable) -> None:
        super().__init__()
        self.ex_iterable = ex_iterable

    def __iter__(self) -> Iterator[tuple[Any, dict]]:
        yield from self.ex_iterable

    def _init_state_dict(self) -> dict:
        self._state_dict = self.ex_iterable._init_state_dict()
        return self._state_dict

    @property
    def is_typed(self) -> bool:
        return self.ex_iterable.is_typed

    @property
    def features(self) -> Features | None:
        return self.ex_iterable.features

    @property
    def num_shards(self) -> int:
        return 1

    def shuffle_data_sources(self, generator: np.random.Generator) -> "OneOrder":
        return self

    def shard_data_sources(
        self, num_shards: int, index: int, contiguous: bool = True
    ) -> "OneOrder":
        return self

    def reshard_data_sources(self) -> "OneOrder":
        return self


def in_one_order(stream: IterableDataset) -> IterableDataset:
    """`stream`, changed: it stays one shard, in its order."""
    stream._ex_iterable = OneOrder(stream._ex_iterable)
    return stream
