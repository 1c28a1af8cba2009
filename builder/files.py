"""Files that are there whole or not at all."""

import contextlib
import os
import platform
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_A_DAY = 24 * 60 * 60  # seconds
_PACKAGE = __name__.partition(".")[0]


def absolute(path: str | os.PathLike[str]) -> Path:
    """A path that no later change of the current folder moves, "~" expanded.

    Where nobody knows a home folder, as in a container, "~" stays a name, as `datasets` has it.
    """
    with contextlib.suppress(ValueError):  # "~\0": no user has such a name
        path = os.path.expanduser(path)
    return Path(path).absolute()


def folder_to_write(path: str | os.PathLike[str]) -> Path:
    """As `absolute`, of a folder that will be made, or written into.

    Raises:
        ValueError: it is called as the package is, and is no checkout of it.
    """
    folder = absolute(path)
    if folder.name == _PACKAGE and not (folder / "__init__.py").exists():
        raise ValueError(
            f"A folder called {_PACKAGE} would be taken for the package, or the dataset, by a Python "
            "that is started beside it; choose another name."
        )
    return folder


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Open a file to write that takes its name only when everything is on the disk.

    It is written in the same folder under a name of its own (`.{name}.{host}.{process}-{thread}.tmp`),
    synced and renamed; if anything fails, nothing is left.
    """
    writer = f"{_host()}.{os.getpid()}-{threading.get_native_id()}"
    aside = path.with_name(f".{path.name}.{writer}.tmp")
    try:
        with aside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def remove_stale(folder: Path) -> None:
    """Take away what `atomic_write` in killed processes has left in a folder, if there is such."""
    for aside in folder.glob(".*.tmp"):
        if is_stale(aside):
            with contextlib.suppress(OSError):  # who may not write there finds no fault in it
                aside.unlink()


def is_stale(aside: Path) -> bool:
    """Whether a file of `atomic_write` belongs to no process any more: one of another machine is
    taken to be abandoned after a day. So is any on Windows, where `os.kill` would end the process."""
    found = re.search(r"\.([^.]+)\.(\d+)-\d+\.tmp$", aside.name)
    if found and found[1] == _host() and os.name != "nt":
        return not _is_at_work(int(found[2]))
    with contextlib.suppress(OSError):
        return time.time() - aside.stat().st_mtime > _A_DAY
    return False


def _is_at_work(process: int) -> bool:
    """Whether there is such a process here, and it has not ended: where nobody asks how a killed one
    ended, as in many containers, it stays listed."""
    try:
        os.kill(process, 0)
        status = Path(f"/proc/{process}/stat").read_text()  # Linux only
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return status.rpartition(")")[2].split()[0] not in "ZX"


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9-]", "-", platform.node()) or "host"
