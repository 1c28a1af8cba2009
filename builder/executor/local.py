"""Workers that are processes of this machine."""

import contextlib
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor

from medmnist_c.builder.executor.base import T, TaskFailed, Workers, WorkersGone
from medmnist_c.builder.executor.processes import (
    Processes,
    available_cores,
    run_task,
    set_up_process,
)
from medmnist_c.builder.executor.waiting import first_done


@contextlib.contextmanager
def local_workers(num_proc: int | None = None) -> Iterator[Workers]:
    """Fresh processes, one a core by default.

    A fork would inherit the threads of Arrow and OpenCV in any state.
    """
    num_proc = num_proc or available_cores()
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

    def submit(self, worker: str, function: Callable[..., T], *arguments: object) -> Future[T]:
        self._free -= 1
        return self._pool.submit(run_task, function, *arguments)

    def wait(self, futures: Collection[Future[T]]) -> Collection[Future[T]]:
        return first_done(futures)

    def result(self, future: Future[T]) -> T:
        self._free += 1
        try:
            return future.result()
        except BrokenExecutor as error:
            raise WorkersGone(
                "A worker process was killed (was there too little memory?); run the command again: "
                "what is finished is kept."
            ) from error
        except Exception as error:
            raise TaskFailed(error, frozenset(self.names())) from error
