"""Waits that Ctrl-C ends.

Python acts on a signal in the main thread only, between two of its steps. A wait for a lock is woken by
it there, but not if the signal came just before the wait, or if the system gave it to another thread: a
wait without a limit then ends with what it waits for. So the main thread waits a little at a time.
"""

import queue
from collections.abc import Collection
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import TypeVar

T = TypeVar("T")

LOOK_S = 0.5  # seconds between two looks for a signal


def result_of(future: Future[T]) -> T:
    """What a future gives or raises, once it is done."""
    first_done([future])
    return future.result()


def first_done(futures: Collection[Future[T]]) -> Collection[Future[T]]:
    """Those that are done, once there is one; none of none."""
    done: Collection[Future[T]] = ()
    while futures and not done:
        done = wait(futures, LOOK_S, FIRST_COMPLETED).done
    return done


def next_of(items: "queue.Queue[T]") -> T:
    """The next item, once there is one."""
    while True:
        try:
            return items.get(timeout=LOOK_S)
        except queue.Empty:
            continue
