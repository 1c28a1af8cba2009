"""Work on features in threads."""

import contextlib
import multiprocessing
from collections.abc import Callable, Collection
from multiprocessing.pool import IMapIterator, ThreadPool
from typing import TypeVar

from threadpoolctl import threadpool_limits

from medmnist_c.builder.executor.processes import available_cores
from medmnist_c.builder.executor.waiting import LOOK_S

Given = TypeVar("Given")
Made = TypeVar("Made")


def side_by_side(make: Callable[[Given], Made], of: Collection[Given]) -> list[Made]:
    """What `make` gives for each, in order, a thread a core.

    Linear algebra takes one thread in each: it would use several in a part of the work alone, and their
    number would show in the last bits. Ctrl-C and errors end it at once: this pool, unlike that of
    `concurrent.futures`, does not wait for threads that are at work.
    """
    with threadpool_limits(1), ThreadPool(available_cores()) as threads:
        made = threads.imap(make, of)
        return [_next(made) for _ in of]


def _next(made: "IMapIterator[Made]") -> Made:
    while True:
        with contextlib.suppress(multiprocessing.TimeoutError):
            return made.next(timeout=LOOK_S)
