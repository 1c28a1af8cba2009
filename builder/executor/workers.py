"""Which workers are asked for."""

import contextlib
from collections.abc import Iterator

from medmnist_c.builder.errors import BuildError
from medmnist_c.builder.executor.base import Workers
from medmnist_c.builder.executor.local import local_workers


@contextlib.contextmanager
def workers(num_proc: int | None = None, scheduler: str | None = None) -> Iterator[Workers]:
    """Processes of this machine (all cores by default), or the cluster behind a scheduler's address."""
    if scheduler is None:
        with local_workers(num_proc) as local:
            yield local
    else:
        if num_proc is not None:
            raise BuildError("Give either a number of processes or a scheduler, not both.")
        from medmnist_c.builder.executor.dask import cluster_workers

        with cluster_workers(scheduler) as cluster:
            yield cluster
