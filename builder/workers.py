"""Where units of work run: processes of this machine, or the workers of a Dask cluster."""

import contextlib
import ctypes
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import cv2

from medmnist_c.builder.errors import BuildError

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # glibc's mallopt(3)
_KEEP_BYTES = 256 << 20


@dataclass(frozen=True)
class Workers:
    """An executor, and what can be asked of it.

    `slots()` is how many units it can run at once now; `tries` how often a unit is begun before its
    failure counts; `patience_s` how long to wait for an answer before asking for the slots anew.
    `fetching`, called in a worker, gives what it must hold while it fetches clean pictures.
    """

    executor: Executor
    slots: Callable[[], int]
    tries: int = 1
    patience_s: float | None = None
    fetching: Callable[[], contextlib.AbstractContextManager] = contextlib.nullcontext


@contextlib.contextmanager
def workers(num_proc: int | None = None, scheduler: str | None = None) -> Iterator[Workers]:
    """Processes of this machine (all cores by default), or the cluster behind a scheduler's address."""
    if scheduler is None:
        with local_workers(num_proc or len(os.sched_getaffinity(0))) as local:
            yield local
    else:
        if num_proc is not None:
            raise BuildError("Give either a number of processes or a scheduler, not both.")
        from medmnist_c.builder.cluster import cluster_workers

        with cluster_workers(scheduler) as cluster:
            yield cluster


@contextlib.contextmanager
def local_workers(num_proc: int) -> Iterator[Workers]:
    """Fresh processes: a fork would inherit the threads of Arrow and OpenCV in any state."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(num_proc, context, initializer=_ignore_ctrl_c) as pool:
        try:
            yield Workers(pool, lambda: num_proc)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _ignore_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the one that waits for them


@lru_cache(maxsize=1)
def prepare_process() -> None:
    """One core, and memory that stays: pictures are made one after the other.

    glibc gives the arrays of each picture back to the system and asks for them again, which costs up
    to a third of the time.
    """
    cv2.setNumThreads(1)  # as many processes as cores already
    with contextlib.suppress(AttributeError, OSError):
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_THRESHOLD, _KEEP_BYTES)
        libc.mallopt(_M_TRIM_THRESHOLD, _KEEP_BYTES)
