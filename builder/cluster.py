"""Workers of a Dask cluster (`dask.distributed`), reached through their scheduler's address."""

import contextlib
import time
from collections.abc import Iterator

from medmnist_c.builder.errors import BuildError
from medmnist_c.builder.workers import Workers

TRIES = 3  # of a unit, where Dask has not already begun it anew on another worker
_REACH_S = 30  # for the scheduler to answer
_NO_WORKER_S = 600  # for the first worker, or another one, to come
_ASK_EVERY_S = 1.0
_ONE_FETCH = "medmnist_c fetches clean pictures"


@contextlib.contextmanager
def cluster_workers(scheduler: str) -> Iterator[Workers]:
    """The workers behind a scheduler; they may come and go meanwhile.

    Args:
        scheduler: its address, e.g. "tcp://10.0.0.1:8786".

    Raises:
        BuildError: Dask is not installed, nobody answers, or there has been no worker for long.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise BuildError(
            "A scheduler needs Dask; install it: pip install 'medmnist_c[dask]'."
        ) from error
    try:
        client = Client(scheduler, timeout=_REACH_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise BuildError(
            f"No Dask scheduler answers at {scheduler}; start one (`dask scheduler`) and give the "
            "address that it prints."
        ) from error
    with client:
        executor = client.get_executor(pure=False)
        try:
            yield Workers(executor, _Slots(client, scheduler), TRIES, _ASK_EVERY_S, one_fetch)
        finally:
            executor.shutdown(wait=False)


class _Slots:
    """How many units the cluster can run at once, asked for once in a while."""

    def __init__(self, client, scheduler: str) -> None:
        self._client = client
        self._scheduler = scheduler
        self._asked = self._seen = time.monotonic()
        self._slots = 0

    def __call__(self) -> int:
        now = time.monotonic()
        if not self._slots or now - self._asked > _ASK_EVERY_S:
            self._asked = now
            try:
                self._slots = sum(self._client.nthreads().values())
            except (OSError, TimeoutError, ValueError) as error:
                raise BuildError(
                    f"The scheduler {self._scheduler} answers no longer; start it, and run the "
                    "command again: what is finished is kept."
                ) from error
            if self._slots:
                self._seen = now
            elif now - self._seen > _NO_WORKER_S:
                raise BuildError(
                    f"No worker has been at the scheduler {self._scheduler} for "
                    f"{_NO_WORKER_S // 60} minutes; start some, and run the command again: what is "
                    "finished is kept."
                )
        return self._slots


@contextlib.contextmanager
def one_fetch() -> Iterator[None]:
    """Entered by one worker of the cluster at a time; given back if the worker dies.

    Machines without a copy of the clean pictures fetch it one after the other, so that Zenodo is not
    run over.
    """
    from distributed import Semaphore

    with Semaphore(max_leases=1, name=_ONE_FETCH):
        yield
