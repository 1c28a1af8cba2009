"""Where units of work run: processes of this machine, or the workers of a Dask cluster."""

import contextlib
import ctypes
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from functools import lru_cache

import cv2

from medmnist_c.builder.errors import BuildError
from medmnist_c.builder.executor.processes import Processes, run_task, set_up_process

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # glibc's mallopt(3)
_KEEP_BYTES = 256 << 20


class WorkersGone(BuildError):
    """There is nobody left to go on with the work."""


class Workers(ABC):
    """Where functions run, one on each core at a time.

    `fetching`, called in a worker, gives what it must hold while it fetches clean images.
    """

    fetching: Callable[[], contextlib.AbstractContextManager] = contextlib.nullcontext

    @abstractmethod
    def names(self) -> set[str]:
        """The workers there are now. WorkersGone: none, and none to be expected."""

    @abstractmethod
    def spare(self, but: Collection[str] = ()) -> str | None:
        """A worker that can begin something now, none of some others; None if there is none."""

    @abstractmethod
    def submit(self, worker: str, function: Callable, *arguments: object) -> Future:
        """Begin something there."""

    @abstractmethod
    def wait(self, futures: Collection[Future]) -> Collection[Future]:
        """Those that are done, as soon as there are some; none after a while, if workers may come."""

    @abstractmethod
    def result(self, future: Future) -> object:
        """What came of it. WorkersGone: nothing, nor will it of the rest.

        Another exception is the function's; `workers`, an attribute of it, names where it was tried.
        """


@contextlib.contextmanager
def workers(num_proc: int | None = None, scheduler: str | None = None) -> Iterator[Workers]:
    """Processes of this machine (all cores by default), or the cluster behind a scheduler's address."""
    if scheduler is None:
        with local_workers(num_proc or _cores()) as local:
            yield local
    else:
        if num_proc is not None:
            raise BuildError("Give either a number of processes or a scheduler, not both.")
        from medmnist_c.builder.executor.dask import cluster_workers

        with cluster_workers(scheduler) as cluster:
            yield cluster


def _cores() -> int:
    """Cores that this process may use; all there are where the system does not say which."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def local_workers(num_proc: int) -> Iterator[Workers]:
    """Fresh processes: a fork would inherit the threads of Arrow and OpenCV in any state."""
    processes = Processes()
    with ProcessPoolExecutor(num_proc, processes, initializer=set_up_process) as pool:
        try:
            yield _LocalWorkers(pool, num_proc)
        except BaseException as error:
            pool.shutdown(wait=False, cancel_futures=True)
            if not isinstance(error, Exception):  # Ctrl-C: nobody waits for what is being made
                processes.end()
            raise


class _LocalWorkers(Workers):
    """The processes of a pool: one name for all, since what fails in one would in the others."""

    def __init__(self, pool: Executor, number: int) -> None:
        self._pool = pool
        self._free = number

    def names(self) -> set[str]:
        return {"here"}

    def spare(self, but: Collection[str] = ()) -> str | None:
        return "here" if self._free else None

    def submit(self, worker: str, function: Callable, *arguments: object) -> Future:
        self._free -= 1
        return self._pool.submit(run_task, function, *arguments)

    def wait(self, futures: Collection[Future]) -> Collection[Future]:
        return wait(futures, return_when=FIRST_COMPLETED).done

    def result(self, future: Future) -> object:
        self._free += 1
        try:
            return future.result()
        except BrokenExecutor as error:
            raise WorkersGone(
                "A worker process was killed (was there too little memory?); run the command again: "
                "what is finished is kept."
            ) from error
        except Exception as error:
            error.workers = self.names()
            raise


@lru_cache(maxsize=1)
def prepare_process() -> None:
    """One core, and memory that stays: images are made one after the other.

    glibc gives the arrays of each image back to the system and asks for them again, which costs up
    to a third of the time.
    """
    cv2.setNumThreads(1)  # as many processes as cores already
    if sys.platform != "linux":
        return
    with contextlib.suppress(AttributeError, OSError):  # another C library than glibc
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_THRESHOLD, _KEEP_BYTES)
        libc.mallopt(_M_TRIM_THRESHOLD, _KEEP_BYTES)
