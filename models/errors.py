"""Errors of models: each message is one sentence that says what, where and what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from medmnist_c.builder.errors import first_line


class ModelError(ValueError):
    """A model that cannot be loaded, or that does not fit the dataset."""


@contextmanager
def needing(extra: str, *libraries: str) -> Iterator[None]:
    """Say which extra is missing if an import in here fails.

    Args:
        extra: of this package.
        libraries: that it brings, for the sentence.

    Raises:
        ModuleNotFoundError: one of them cannot be imported.
    """
    try:
        yield
    except (ImportError, RuntimeError) as error:
        cause: BaseException = error
        while cause.__cause__ is not None:  # transformers says only that it cannot
            cause = cause.__cause__
        raise ModuleNotFoundError(
            f"Cannot use {' and '.join(libraries)} here ({first_line(cause)}); pip install "
            f"'medmnist_c[{extra}]', in versions that fit each other.",
            name=getattr(error, "name", None),
        ) from error
