"""Workers of a Dask cluster (`dask.distributed`), reached through their scheduler's address."""

import contextlib
import socket
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, InvalidStateError, wait
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from medmnist_c.builder.errors import BuildError
from medmnist_c.builder.executor.base import T, TaskFailed, Workers, WorkersGone

if TYPE_CHECKING:
    from distributed import Client
    from distributed import Future as Task

_REACH_S = 10  # for the scheduler to answer
_NO_WORKER_S = 600  # for the first worker, or another one, to come
_ASK_EVERY_S = 1.0
_LONGEST_GREETING = 1 << 20  # bytes; it is some hundreds
_ONE_FETCH = "medmnist_c fetches clean images"


@contextlib.contextmanager
def cluster_workers(scheduler: str) -> Iterator[Workers]:
    """The workers behind a scheduler; they may come and go meanwhile.

    Args:
        scheduler: its address, e.g. "tcp://10.0.0.1:8786".

    Raises:
        BuildError: Dask is not installed, nobody answers, or there has been no worker for long.
    """
    try:
        client = _connected(scheduler)
    except ImportError as error:
        raise BuildError(
            "A scheduler needs Dask; install it: pip install 'medmnist_c[dask]'."
        ) from error
    except (OSError, ValueError, TypeError) as error:
        raise BuildError(
            f"No Dask scheduler answers at {scheduler}; start one (`dask scheduler`) and give the "
            "address that it prints."
        ) from error
    with client:
        yield _Cluster(client, scheduler)


def _connected(scheduler: str) -> "Client":
    """A client of that scheduler; OSError, ValueError or TypeError if there can be none.

    One that cannot connect is closed here. Left to the garbage collector it would be closed in
    whatever thread that runs, and hold up the start of another client for 10 s and more.
    """
    from distributed import Client

    _knock(scheduler)
    client = Client.__new__(Client)
    try:
        Client.__init__(client, scheduler, timeout=_REACH_S, set_as_default=False)
    except BaseException:
        client.close()
        raise
    return client


def _knock(scheduler: str) -> None:
    """Raise OSError or ValueError if no Dask scheduler listens there.

    Dask itself would go on trying until its time is over, and wait for ever for the greeting of
    another kind of server: it is the listener that speaks first, 8 bytes for the length of the rest.
    """
    address = urlsplit(scheduler if "://" in scheduler else f"tcp://{scheduler}")
    if address.scheme not in ("tcp", "tls"):
        return
    with socket.create_connection((address.hostname, address.port), timeout=_REACH_S) as there:
        if address.scheme == "tcp":
            length = int.from_bytes(there.recv(8, socket.MSG_WAITALL), "little")
            if not 0 < length < _LONGEST_GREETING:
                raise OSError("it does not speak Dask")


class _Cluster(Workers):
    """Each task is given to a worker with a thread to spare, and taken back if the worker is lost.

    Dask's own choice would give what has failed on a worker back to it, since that is idle; and what
    it should rather do there, it never begins elsewhere once all workers were lost.
    """

    def __init__(self, client: "Client", scheduler: str) -> None:
        self._client = client
        self._scheduler = scheduler
        self._threads: dict[str, int] = {}
        self._asked = float("-inf")
        self._seen = time.monotonic()
        self._given: dict[Future[Any], tuple[str, Task]] = {}

    @staticmethod
    def fetching() -> contextlib.AbstractContextManager[None]:
        return one_fetch()

    def names(self) -> set[str]:
        now = time.monotonic()
        if not self._threads or now - self._asked > _ASK_EVERY_S:
            self._threads = self._ask()
            self._asked = now
        if self._threads:
            self._seen = now
        elif now - self._seen > _NO_WORKER_S:
            raise WorkersGone(
                f"No worker has been at the scheduler {self._scheduler} for "
                f"{_NO_WORKER_S // 60} minutes; start some, and run the command again: what is "
                "finished is kept."
            )
        return set(self._threads)

    def _ask(self) -> dict[str, int]:
        try:
            return self._client.nthreads()
        except (OSError, TimeoutError, ValueError, AttributeError, CancelledError) as error:
            raise self._gone() from error

    def spare(self, but: Collection[str] = ()) -> str | None:
        there = self.names()
        busy = Counter(worker for worker, _ in self._given.values())
        free = {name: self._threads[name] - busy[name] for name in there - set(but) or there}
        best = max(free, key=lambda name: free[name], default=None)
        return best if best and free[best] > 0 else None

    def submit(self, worker: str, function: Callable[..., T], *arguments: object) -> Future[T]:
        answer: Future[T] = Future()
        try:
            task = self._client.submit(
                _on_worker, function, *arguments, workers=[worker], pure=False
            )
            task.add_done_callback(partial(_pass_on, answer))
        except (OSError, RuntimeError, ValueError, AttributeError) as error:
            raise self._gone() from error
        self._given[answer] = worker, task
        return answer

    def wait(self, futures: Collection[Future[T]]) -> Collection[Future[T]]:
        there = self.names()
        for answer, (worker, task) in self._given.items():
            if worker not in there and not answer.done():
                with contextlib.suppress(InvalidStateError):  # it has just come
                    answer.set_exception(_lost())
                task.cancel()
        if not futures:
            time.sleep(_ASK_EVERY_S)
        return wait(futures, timeout=_ASK_EVERY_S, return_when=FIRST_COMPLETED).done

    def result(self, future: Future[T]) -> T:
        worker, _ = self._given.pop(future)
        try:
            return future.result()
        except CancelledError as error:
            raise self._gone() from error
        except TaskFailed:
            raise
        except Exception as error:
            raise TaskFailed(error, frozenset({worker})) from error

    def _gone(self) -> WorkersGone:
        return WorkersGone(
            f"The scheduler {self._scheduler} is gone, and with it what it was doing; start it and "
            "its workers, and run the command again: what is finished is kept."
        )


def _pass_on(answer: Future[Any], task: "Task") -> None:
    """Runs in a thread of Dask, when something has come of a task."""
    from distributed import KilledWorker

    with contextlib.suppress(InvalidStateError):  # the worker was taken for lost
        try:
            answer.set_result(task.result())
        except KilledWorker:
            answer.set_exception(_lost())
        except (Exception, CancelledError) as error:
            answer.set_exception(error)


def _lost() -> BuildError:
    return BuildError("the worker was lost while it made it (was there too little memory?)")


def _on_worker(function: Callable[..., T], *arguments: object) -> T:
    """Runs in a worker: a failure says which one, since Dask may have moved the task."""
    from distributed import get_worker

    try:
        return function(*arguments)
    except Exception as error:
        raise TaskFailed(error, frozenset({get_worker().address})) from None


@contextlib.contextmanager
def one_fetch() -> Iterator[None]:
    """Entered by one worker of the cluster at a time; given back if the worker dies.

    Machines without a copy of the clean images fetch it one after the other, so that Zenodo is not
    run over.
    """
    from distributed import Semaphore

    with Semaphore(max_leases=1, name=_ONE_FETCH):
        yield
