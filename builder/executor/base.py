"""Where tasks run: what local processes and the workers of a Dask cluster have in common."""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from concurrent.futures import Future
from typing import TypeVar

from medmnist_c.builder.errors import BuildError

T = TypeVar("T")


class WorkersGone(BuildError):
    """There is nobody left to go on with the work."""


class TaskFailed(Exception):
    """A function raised `error` on `workers`."""

    def __init__(self, error: Exception, workers: frozenset[str]) -> None:
        # Of an exception with a long text Dask passes on the text alone: the error's is not in this.
        super().__init__(f"{type(error).__name__} on {', '.join(sorted(workers))}")
        self.error = error
        self.workers = workers

    def __reduce__(self) -> tuple:
        return TaskFailed, (self.error, self.workers)


class Workers(ABC):
    """Where functions run, one on each core at a time.

    `fetching`, called in a worker, gives what it must hold while it fetches clean images.
    """

    fetching: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext

    @abstractmethod
    def names(self) -> set[str]:
        """The workers there are now. WorkersGone: none, and none to be expected."""

    @abstractmethod
    def spare(self, but: Collection[str] = ()) -> str | None:
        """A worker that can begin something now, none of some others; None if there is none."""

    @abstractmethod
    def submit(self, worker: str, function: Callable[..., T], *arguments: object) -> Future[T]:
        """Begin something there."""

    @abstractmethod
    def wait(self, futures: Collection[Future[T]]) -> Collection[Future[T]]:
        """Those that are done, as soon as there are some; none after a while, if workers may come."""

    @abstractmethod
    def result(self, future: Future[T]) -> T:
        """What the function returned.

        Raises:
            TaskFailed: the function raised an error.
            WorkersGone: there is no result, nor will there be one of the others.
        """
