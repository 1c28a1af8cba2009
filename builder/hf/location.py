"""Where `datasets` keeps test sets: folders that do not move, and no lock file for each look at one."""

import contextlib
import os
from pathlib import Path
from typing import Any

import datasets
from datasets.utils._filelock import FileLock
from datasets.utils.file_utils import is_remote_url

from medmnist_c.builder.disk import writing_into
from medmnist_c.builder.files import absolute
from medmnist_c.builder.settings import cache_folder


class FixedLocation(datasets.ArrowBasedBuilder):
    """A builder whose `cache_dir` and `data_dir` are those of the folder in which it was made."""

    def __init__(
        self, cache_dir: str | None = None, *args: Any, data_dir: Any = None, **kwargs: Any
    ) -> None:
        cache_dir = str(cache_dir or cache_folder())
        if not is_remote_url(cache_dir):
            cache_dir = str(absolute(cache_dir))
        if isinstance(data_dir, str | os.PathLike):
            data_dir = str(absolute(data_dir))
        with writing_into(Path(cache_dir)):  # even to read, `datasets` writes a lock file there
            super().__init__(cache_dir, *args, data_dir=data_dir, **kwargs)
        self._remove_lock()

    def _remove_lock(self) -> None:
        """`datasets` leaves one for each builder, 667 where somebody looks at all configurations.

        Under it a builder only looks at its folder; to prepare a test set it takes another lock.
        """
        name = Path(self._cache_dir).as_posix().replace("/", "_") + ".lock"  # as `datasets` has it
        path = FileLock.hash_filename_if_too_long(os.path.join(self._cache_dir_root, name))
        if not os.path.exists(self._cache_dir):
            with contextlib.suppress(OSError):
                os.unlink(path)
