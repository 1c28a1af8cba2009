"""What can go wrong while `datasets` prepares a test set, in one sentence."""

import datasets
from datasets.exceptions import DatasetGenerationError

from medmnist_c.builder.errors import CleanDataError, PreparationError


class PlainErrors(datasets.ArrowBasedBuilder):
    """A builder whose errors say what, where, and what to do; `datasets` only says that it failed."""

    def _prepare_split(self, *args, **kwargs) -> None:
        try:
            super()._prepare_split(*args, **kwargs)
        except DatasetGenerationError as error:
            cause = error.__cause__
            if isinstance(cause, CleanDataError):
                raise PreparationError(str(cause)) from error
            if isinstance(cause, OSError):
                raise PreparationError(
                    f"Cannot write the test set into {self._cache_dir_root} "
                    f"({cause.strerror or cause}); make room there, or give another cache_dir."
                ) from error
            raise
