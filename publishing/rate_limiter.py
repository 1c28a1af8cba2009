"""Commits an hour: the Hub refuses more than 128, as its users report."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


@dataclass
class RateLimiter:
    """A sliding window over the times of a repository's latest commits, in seconds since 1970."""

    most: int = 100
    window_s: float = 3600.0
    times: list[float] = field(default_factory=list)
    clock: Callable[[], float] = time.time

    def know(self, times: Iterable[float]) -> None:
        """Take the times of the commits that are there, in any order, for all that was known."""
        self.times = sorted(times)

    def add(self) -> None:
        """A commit was made just now."""
        self.times.append(self.clock())

    def wait_s(self) -> float:
        """Seconds to wait until another commit fits."""
        now = self.clock()
        self.times = [one for one in self.times if one > now - self.window_s]
        if len(self.times) < self.most:
            return 0.0
        return max(0.0, self.times[-self.most] + self.window_s - now)
