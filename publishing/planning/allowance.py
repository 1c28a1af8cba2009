"""How much a push may do before it ends by itself, for people who publish a night at a time."""

from collections.abc import Callable
from datetime import datetime


class Allowance:
    """Counts what is taken, and says when it is enough.

    Args:
        max_bytes: so many at most; None for all.
        until: no test set is taken after that; None for no end.
        clock: gives the time.
    """

    def __init__(
        self,
        max_bytes: float | None = None,
        until: datetime | None = None,
        clock: Callable[[], datetime] = datetime.now,
    ) -> None:
        self._max_bytes, self._until, self._clock = max_bytes, until, clock
        self._taken = 0
        self.over: str | None = None
        """Why no more is taken, in words; None while more is."""

    def take(self, size: int) -> bool:
        """Whether a test set of so many bytes may still be sent; with the first no, all is over."""
        if self._until is not None and self._clock() >= self._until:
            self.over = f"it is {self._until:%H:%M} (--until)"
        elif self._max_bytes is not None and self._taken + size > self._max_bytes:
            self.over = f"more would be above {self._max_bytes / 1e9:g} GB (--max-gb)"
        if self.over is None:
            self._taken += size
        return self.over is None
