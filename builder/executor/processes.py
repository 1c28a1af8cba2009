"""Fresh Python processes that leave the caller's script alone and end when they are told to.

`spawn` runs the caller's script again in each process, in case that defines what is sent there, so a
script needs `if __name__ == "__main__"`. What our processes get comes from this package: they start
without the script, and no script needs the guard.
"""

import contextlib
import ctypes
import multiprocessing.connection
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import Any, TypeVar

import cv2

T = TypeVar("T")

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # glibc's mallopt(3)
_KEEP_BYTES = 256 << 20
_END_S = 1.0  # to tidy up, for a process that is told to end


def available_cores() -> int:
    """Cores that this process may use; all there are where the system does not say which."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Process(SpawnProcess):
    def start(self) -> None:
        with _script_hidden(), _interrupts_blocked():
            super().start()


class Processes(SpawnContext):
    """A context of `multiprocessing` that can end all the processes it has started."""

    def __init__(self) -> None:
        super().__init__()
        self._all: list[_Process] = []

    def Process(self, *args: Any, **kwargs: Any) -> _Process:  # type: ignore[override]
        self._all.append(_Process(*args, **kwargs))
        return self._all[-1]

    def end(self) -> None:
        """End them within a second or so: they stop what they do and tidy up, or are killed."""
        begun = [process for process in self._all if process.pid]
        for process in begun:
            process.terminate()
        deadline = time.monotonic() + _END_S
        for process in begun:
            process.join(max(0.0, deadline - time.monotonic()))
        for process in begun:
            process.kill()
            process.join(_END_S)


@contextlib.contextmanager
def _script_hidden() -> Iterator[None]:
    """`spawn` looks here for the caller's script."""
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """A process keeps its parent's mask: Ctrl-C is for the one that waits for the others."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def set_up_process() -> None:
    """To be run first in a process: it ignores Ctrl-C, and ends with its parent or when told to."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def run_task(function: Callable[..., T], *arguments: object) -> T:
    """Call a function in a process. Told to end meanwhile, it tidies up, and the process ends."""
    try:
        return function(*arguments)
    except SystemExit as end:  # a pool would take it for the function's result
        os._exit(end.code if isinstance(end.code, int) else 1)


def _end_with_parent() -> None:
    """Nobody else tells a process that its parent was killed: it would wait for work for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None  # it is run in a process that another has started
    multiprocessing.connection.wait([parent.sentinel])
    os._exit(1)


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
