"""A Dask cluster on 127.0.0.1: processes to start, kill and start again, each worker as if a machine."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_SOON = {  # what Dask gives 30 and 10 seconds
    "DASK_DISTRIBUTED__SCHEDULER__LOCKS__LEASE_TIMEOUT": "3s",
    "DASK_DISTRIBUTED__SCHEDULER__LOCKS__LEASE_VALIDATION_INTERVAL": "500ms",
}


@dataclass
class Cluster:
    """A scheduler at one address, and workers each with a cache folder and a log of its own."""

    folder: Path
    port: int = field(default_factory=lambda: _free_port())
    scheduler: subprocess.Popen | None = None
    workers: dict[str, subprocess.Popen] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def start_scheduler(self) -> None:
        """Start it (again: at the same address); back when it answers."""
        how = ["--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard"]
        self.scheduler = self._start("scheduler", ["scheduler", *how])
        wait_until(self._answers, "the scheduler does not answer")

    def start_worker(self, name: str, *, threads: int = 1, wait: bool = True, **how) -> None:
        """Start a worker; `how` are `environment`, `cwd` and `python` (how it starts) of its process."""
        command = ["worker", self.address, "--name", name, "--nthreads", str(threads)]
        command += ["--no-dashboard", "--no-nanny", "--memory-limit", "0"]
        command += ["--local-directory", str(self.folder / f"scratch_{name}")]
        self.workers[name] = self._start(name, command, **how)
        if wait:
            wait_until(lambda: "Registered to" in self.log(name), f"{name} does not come")

    def kill(self, *names: str) -> None:
        """SIGKILL workers, all of them if none is named."""
        for name in names or list(self.workers):
            process = self.workers.pop(name)
            process.kill()
            process.wait()

    def kill_scheduler(self) -> None:
        self.scheduler.kill()
        self.scheduler.wait()

    def cache(self, name: str) -> Path:
        """A worker's cache folder of `datasets`."""
        return self.folder / f"cache_{name}"

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def _start(
        self,
        name: str,
        command: list[str],
        environment: dict[str, str] | None = None,
        cwd: Path | None = None,
        python: Sequence[str] = (sys.executable,),
    ) -> subprocess.Popen:
        own = {"HF_DATASETS_CACHE": str(self.cache(name))} | (environment or {})
        with (self.folder / f"{name}.log").open("w") as log:
            return subprocess.Popen(
                [*python, "-m", "dask", *command],
                cwd=cwd or self.folder,
                env=os.environ | _SOON | own,
                stdout=log,
                stderr=log,
            )

    def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        return False


@contextlib.contextmanager
def running_cluster(folder: Path, *workers: str) -> Iterator[Cluster]:
    """A scheduler and workers; whatever is left of them is killed at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    cluster = Cluster(folder)
    try:
        cluster.start_scheduler()
        for name in workers:
            cluster.start_worker(name, wait=False)
        for name in workers:
            wait_until(lambda name=name: "Registered to" in cluster.log(name), f"{name} is missing")
        yield cluster
    finally:
        cluster.kill()
        if cluster.scheduler:
            cluster.kill_scheduler()


def wait_until(true: Callable[[], object], complaint: str, seconds: float = 120) -> None:
    """Look every 20 ms; RuntimeError if it does not become true."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise RuntimeError(complaint)
        time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
