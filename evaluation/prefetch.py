"""The next batches are made while the model works on this one."""

import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

from medmnist_c.builder.executor.waiting import next_of

Item = TypeVar("Item")

_AHEAD = 2  # batches: enough to hide one, few enough for any memory
_STOP_S = 1.0  # for the thread to end
_END = object()


def prefetched(items: Iterable[Item]) -> Generator[Item, None, None]:
    """The same items in order, made by a thread up to two ahead; its error is raised here.

    Close the iterator (or let it go) and the thread stops, after the item that it is making: that is
    not waited for long.
    """
    made: queue.Queue = queue.Queue(_AHEAD)
    stop = threading.Event()

    def put(item: object) -> bool:
        while not stop.is_set():
            try:
                made.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        try:
            for item in items:
                if not put((item, None)):
                    return
            put((_END, None))
        except BaseException as error:
            put((_END, error))

    thread = threading.Thread(target=work, name="medmnist_c images", daemon=True)
    thread.start()
    try:
        while True:
            item, error = next_of(made)
            if error is not None:
                raise error
            if item is _END:
                return
            yield item
    finally:
        stop.set()
        thread.join(_STOP_S)
