"""Work on features in threads."""

from collections.abc import Callable, Iterable
from multiprocessing.pool import ThreadPool
from typing import TypeVar

from threadpoolctl import threadpool_limits

from medmnist_c.builder.executor.processes import available_cores

Given = TypeVar("Given")
Made = TypeVar("Made")


def side_by_side(make: Callable[[Given], Made], of: Iterable[Given]) -> list[Made]:
    """What `make` gives for each, in order, a thread a core.

    Linear algebra takes one thread in each: it would use several in a part of the work alone, and their
    number would show in the last bits. Ctrl-C and errors end it at once: this pool, unlike that of
    `concurrent.futures`, does not wait for threads that are at work.
    """
    with threadpool_limits(1), ThreadPool(available_cores()) as threads:
        return list(threads.imap(make, of))
