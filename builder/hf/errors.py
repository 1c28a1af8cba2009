"""What can go wrong while `datasets` prepares a test set, in one sentence."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
from datasets.exceptions import DatasetGenerationError

from medmnist_c.builder.errors import CleanDataError, PreparationError


class PlainErrors(datasets.ArrowBasedBuilder):
    """A builder whose errors say what, where, and what to do; `datasets` only says that it failed."""

    def _prepare_split(self, *args: Any, **kwargs: Any) -> None:
        with _plain(self._cache_dir_root):
            super()._prepare_split(*args, **kwargs)

    def _prepare_split_single(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        # With num_proc this runs in another process, from which no error brings its cause along.
        with _plain(self._cache_dir_root):
            yield from super()._prepare_split_single(*args, **kwargs)


@contextlib.contextmanager
def _plain(cache_dir: str | Path) -> Iterator[None]:
    try:
        yield
    except DatasetGenerationError as error:
        cause = error.__cause__
        if isinstance(cause, CleanDataError):
            raise PreparationError(str(cause)) from error
        if isinstance(cause, OSError):
            raise PreparationError(
                f"Cannot write the test set into {cache_dir} ({cause.strerror or cause}); make room "
                "there, or give another cache_dir."
            ) from error
        raise
    except RuntimeError as error:
        if "abruptly died" not in str(error):  # as `datasets` says it
            raise
        raise PreparationError(
            "A worker process was killed (was there too little memory?); load the test set again, "
            "with a smaller num_proc if need be."
        ) from error
