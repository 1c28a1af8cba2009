"""Tasks that know nothing of each other, on as many workers as there are."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import TypeVar

from medmnist_c.builder.executor.base import TaskFailed, Workers

Key = TypeVar("Key")
Result = TypeVar("Result")


def run_all(
    pool: Workers, tasks: Iterable[tuple[Key, Callable[..., Result], tuple]]
) -> Iterator[tuple[Key, Result]]:
    """Run tasks, each a key, a function and its arguments; keys and results, as they come.

    Raises:
        WorkersGone: nobody is left to go on. Else the first error that a function raised.
    """
    waiting = deque(tasks)
    running: dict[Future[Result], Key] = {}
    while waiting or running:
        while waiting and (worker := pool.spare()):
            key, function, arguments = waiting.popleft()
            running[pool.submit(worker, function, *arguments)] = key
        for future in list(pool.wait(running)):
            key = running.pop(future)
            try:
                result = pool.result(future)
            except TaskFailed as failure:
                raise failure.error from failure
            yield key, result
