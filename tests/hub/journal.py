"""The log of requests, in the memory of the server."""

import threading
from dataclasses import asdict, dataclass

DROPPED = 0
"""The status of a request that got no answer."""


@dataclass
class Request:
    """One request as the server saw it."""

    number: int
    """From 1, in the order of arrival, since the log was last forgotten."""
    kind: str
    method: str
    path: str
    repo: str | None
    """`namespace/name`, if the path names one."""
    status: int = DROPPED
    """Of the answer; 0 if there was none (yet)."""
    bytes_in: int = 0
    """Bytes of the body that were received."""
    new_content: bool = False
    """Whether it brought content that the repository did not hold before."""
    fault: str | None = None
    """How it was broken, if a fault struck it."""


class Journal:
    """All requests but those to the control interface; safe to use from many threads."""

    def __init__(self) -> None:
        self._requests: list[Request] = []
        self._outside: list[str] = []
        self._lock = threading.Lock()

    def begin(self, kind: str, method: str, path: str, repo: str | None) -> Request:
        """Note a request that has just come in; the caller fills in the rest later."""
        with self._lock:
            request = Request(len(self._requests) + 1, kind, method, path, repo)
            self._requests.append(request)
            return request

    def outside(self, address: str) -> None:
        """Note that a client wanted to reach another host, through this one as its proxy."""
        with self._lock:
            self._outside.append(address)

    def rows(self) -> dict[str, list]:
        """Everything noted so far, for JSON."""
        with self._lock:
            return {"requests": [asdict(r) for r in self._requests], "outside": [*self._outside]}

    def forget(self) -> None:
        """Start again at number 1."""
        with self._lock:
            self._requests, self._outside = [], []
