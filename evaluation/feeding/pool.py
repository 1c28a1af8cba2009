"""Processes that make images, each with a connection of its own."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import connection as connections
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from medmnist_c.builder.executor.processes import Processes
from medmnist_c.builder.executor.waiting import LOOK_S
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.feeding.inputs import RowFormat
from medmnist_c.evaluation.feeding.memory import SharedMemory
from medmnist_c.evaluation.feeding.worker import Result, Task, work


@dataclass(eq=False)
class Pending:
    """A task that a worker has been given, and what has come of it."""

    task: Task
    chained: bool = False
    result: Result | None = None


@dataclass(eq=False)
class _Worker:
    process: BaseProcess
    connection: Connection
    given: deque[Pending] = field(default_factory=deque)

    @property
    def load(self) -> tuple[bool, int]:
        """Whether it makes a chain, behind which nothing should wait, and how much it has to do."""
        return any(pending.chained for pending in self.given), len(self.given)


class Pool:
    """Gives tasks to workers: one that follows another to the same, others to who has least to do."""

    def __init__(self, workers: Sequence[_Worker]) -> None:
        self._workers = workers
        self._latest: dict[str, _Worker] = {}  # by test set, who had its last part

    @property
    def size(self) -> int:
        return len(self._workers)

    @property
    def has_idle(self) -> bool:
        """Whether a worker has nothing to do."""
        return not all(worker.given for worker in self._workers)

    def submit(self, task: Task, chained: bool = False) -> Pending:
        """Give out a task; `chained` if the test sets after its own wait for it."""
        pending = Pending(task, chained)
        name = task.test_set.name
        if not task.part.follows:
            self._latest[name] = min(self._workers, key=lambda worker: worker.load)
        self._latest[name].given.append(pending)
        try:
            self._latest[name].connection.send(task)
        except OSError as error:
            raise _killed() from error
        return pending

    def collect(self, timeout: float = LOOK_S) -> None:
        """Take the results that there are; wait for one, but only so many seconds.

        Raises:
            PredictionError: a worker has ended.
        """
        ready = connections.wait([worker.connection for worker in self._workers], timeout)
        for worker in self._workers:
            if worker.connection not in ready:
                continue
            try:
                while worker.connection.poll():
                    result = worker.connection.recv()
                    if worker.given:
                        worker.given.popleft().result = result
                    elif result.error:
                        raise result.error
            except (EOFError, OSError) as error:
                raise _killed() from error


@contextmanager
def pool_of(
    number: int, memory: SharedMemory, inputs: bytes, formats: Sequence[RowFormat]
) -> Iterator[Pool]:
    """Fresh processes; they end with the block, at once.

    A fork would inherit the threads of Arrow, OpenCV and CUDA in any state.

    Raises:
        PredictionError: they cannot be started.
    """
    processes = Processes()
    workers: list[_Worker] = []
    try:
        for _ in range(number):
            here, there = processes.Pipe()
            process = processes.Process(target=work, args=(there, memory, inputs, formats))
            with there:
                try:
                    process.start()
                except (OSError, RuntimeError, AssertionError) as error:
                    here.close()
                    raise PredictionError(
                        f"Cannot start a worker process ({error}); give num_workers=0."
                    ) from error
            workers.append(_Worker(process, here))
        yield Pool(workers)
    finally:
        for worker in workers:
            worker.connection.close()
        processes.end()


def _killed() -> PredictionError:
    return PredictionError(
        "A worker process was killed (was there too little memory?); run it again, perhaps with fewer "
        "of them (num_workers): finished test sets are kept."
    )
