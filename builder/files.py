"""Files that are there whole or not at all."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def write_aside(path: Path) -> Iterator[BinaryIO]:
    """Open a file to write that takes its name only when everything is on the disk.

    It is written beside its place under a name of its own (`.{name}.{process}.tmp`), synced and
    renamed; if anything fails, nothing is left.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with aside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)
