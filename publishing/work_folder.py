"""A folder for shards on their way, that is gone afterwards, even if the process was killed."""

import contextlib
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from medmnist_c.builder.errors import BuildError

_FOLDER = "medmnist_c_push"
_ENTRY = ".lock"


@contextlib.contextmanager
def work_folder(cache_dir: Path) -> Iterator[Path]:
    """A new folder below `cache_dir`, removed at the end; those of dead processes go first.

    A living process holds the lock beside its folder; that of a killed one is free.
    """
    base = cache_dir / _FOLDER
    folder = base / uuid.uuid4().hex[:8]
    lock = FileLock(f"{folder}.lock")
    try:
        base.mkdir(parents=True, exist_ok=True)
        with FileLock(base / _ENTRY):
            _remove_dead(base)
            lock.acquire()
    except OSError as error:
        raise BuildError(
            f"Cannot write {base} ({error.strerror or error}); make room, or give "
            "another folder (work_dir, --work-dir)."
        ) from error
    try:
        yield folder
    finally:
        _remove(folder)
        lock.release()


def _remove_dead(base: Path) -> None:
    for name in {path.name.removesuffix(".lock") for path in base.iterdir()} - {""}:
        with contextlib.suppress(Timeout), FileLock(base / f"{name}.lock", timeout=0):
            _remove(base / name)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    Path(f"{folder}.lock").unlink(missing_ok=True)
