"""Several processes, on one machine or several, work through one list: nobody does a thing twice."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

_POLL_S = 2.0

T = TypeVar("T")


def work_through(
    tasks: Iterable[T],
    lock_file: Callable[[T], Path],
    is_done: Callable[[T], bool],
    do: Callable[[T], None],
) -> None:
    """Do what nobody has done, and wait for what others are doing.

    A task is held by a lock of the operating system, which it takes from a process that ends, however
    that ends: then another process goes on with the task.

    Args:
        tasks: in the order in which they are tried.
        lock_file: of a task, in a folder that all processes share.
        is_done, do: of a task.
    """
    left = list(tasks)
    while left:
        busy = []
        for task in left:
            if is_done(task):
                continue
            path = lock_file(task)
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(path)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                busy.append(task)
                continue
            try:
                if not is_done(task):
                    do(task)
            finally:
                lock.release()
        left = busy
        if left:
            time.sleep(_POLL_S)
