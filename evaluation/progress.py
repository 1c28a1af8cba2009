"""How far an evaluation is: a bar, or a line a minute where there is no terminal."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from datasets.utils import are_progress_bars_disabled, tqdm

_EVERY_S = 60.0


class Progress:
    """Counts images: those that were to be made, those that are, and since when."""

    def __init__(self, total: int) -> None:
        self._total, self._done = total, 0
        self._begun = self._said = time.monotonic()
        silent = are_progress_bars_disabled()
        self._bar = tqdm(total=total, unit=" images", disable=silent or not _shows_bars())
        self._lines = not silent and self._bar.disable

    def at(self, name: str) -> None:
        """The test set that is being done."""
        self._bar.set_description(name)

    def done(self, images: int) -> None:
        self._done += images
        self._bar.update(images)
        now = time.monotonic()
        if self._lines and now - self._said >= _EVERY_S:
            self._said = now
            line = tqdm.format_meter(
                self._done, self._total, now - self._begun, unit=" images", ncols=80
            )
            print(line, file=sys.stderr, flush=True)

    def kept(self, images: int) -> None:
        """So many were not to be made: they are no part of the rate."""
        self._total -= images
        self._bar.total = self._total
        self._bar.refresh()

    def close(self) -> None:
        self._bar.close()


@contextmanager
def progress_over(total: int) -> Iterator[Progress]:
    progress = Progress(total)
    try:
        yield progress
    finally:
        progress.close()


def _shows_bars() -> bool:
    """On a terminal, and in a notebook."""
    return sys.stderr.isatty() or "ipykernel" in sys.modules
