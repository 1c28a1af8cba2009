"""Faults on demand: which request breaks, and how."""

import threading
from dataclasses import dataclass, field

HOWS = ("status", "drop_before", "drop_after", "slow")


@dataclass
class Fault:
    """What happens to requests `number` to `number + times - 1` of a kind (None: of any kind)."""

    kind: str | None
    number: int
    how: str
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    times: int = 1
    seconds: float = 0
    seen: int = 0

    def __post_init__(self) -> None:
        if self.how not in HOWS:
            raise ValueError(f"how={self.how!r} is none of {', '.join(HOWS)}")
        if self.number < 1:
            raise ValueError(f"number={self.number}: requests count from 1")


class Faults:
    """The pending faults; safe to ask from many threads."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """From now on, count for it."""
        with self._lock:
            self._pending.append(fault)

    def mend(self) -> int:
        """Forget them all; how many had not struck as often as they should."""
        with self._lock:
            left, self._pending = len(self._pending), []
            return left

    def of(self, kind: str) -> Fault | None:
        """Count one more request of a kind; the fault that strikes it, if any does."""
        with self._lock:
            struck = None
            for fault in self._pending:
                if fault.kind in (None, kind):
                    fault.seen += 1
                    if fault.number <= fault.seen < fault.number + fault.times:
                        struck = struck or fault
            self._pending = [f for f in self._pending if f.seen < f.number + f.times - 1]
            return struck
