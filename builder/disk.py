"""What goes wrong with a disk, in one sentence; locks against other processes."""

import contextlib
import errno
import os
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from medmnist_c.builder.errors import CleanDataError

SILENT_WAIT_S = 5  # for another process


@contextlib.contextmanager
def writing_into(folder: Path, needed: int | None = None) -> Iterator[None]:
    """Turn what the system says about writing into one sentence.

    Args:
        folder: where to.
        needed: bytes, to be named; None where not known.

    Raises:
        CleanDataError: the folder cannot be written, or the disk is full.
    """
    try:
        yield
    except CleanDataError:
        raise
    except OSError as error:
        wanted = f", which takes {needed:,} bytes" if needed else ""
        raise CleanDataError(
            f"Cannot write into {folder}{wanted} ({error.strerror or error}); make room or choose "
            "another cache folder (cache_dir= or HF_DATASETS_CACHE)."
        ) from error


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock against other processes; says so where it has to be waited for."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=SILENT_WAIT_S)
    except Timeout:
        warnings.warn(f"Waiting for another process, which holds {path}.", stacklevel=2)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def check_space(folder: Path, needed: int) -> None:
    """Raise OSError if fewer than `needed` bytes are free where `folder` is."""
    if shutil.disk_usage(folder).free < needed:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk.

    Windows opens no folder, writes its names down by itself, and syncs only what can be written.
    """
    windows = os.name == "nt"
    if windows and path.is_dir():
        return
    handle = os.open(path, os.O_RDWR if windows else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
