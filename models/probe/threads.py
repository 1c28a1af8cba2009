"""Work on features in threads."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits

from medmnist_c.builder.executor.processes import available_cores

Given = TypeVar("Given")
Made = TypeVar("Made")


def side_by_side(make: Callable[[Given], Made], of: Iterable[Given]) -> list[Made]:
    """What `make` gives for each, in order, a thread a core.

    Linear algebra takes one thread in each: it would use several in a part of the work alone, and their
    number would show in the last bits.
    """
    with threadpool_limits(1), ThreadPoolExecutor(available_cores()) as threads:
        return list(threads.map(make, of))
