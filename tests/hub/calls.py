"""What a handler is given (a call) and what it gives back (an answer or a refusal)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

_PIECE = 1 << 20


class Gone(ConnectionError):
    """The client hung up in the middle of its body."""


class Body:
    """The body of a request, read once; `received` counts its bytes."""

    def __init__(self, stream: BinaryIO, length: int | None) -> None:
        """`length` is None for a chunked body."""
        self._stream, self._left, self._chunked = stream, length or 0, length is None
        self.received = 0

    def pieces(self) -> Iterator[bytes]:
        """What has not been read yet, at most 1 MiB at a time; Gone if it stops too early."""
        while self._chunked:
            size = int(self._stream.readline(1024).partition(b";")[0] or b"-1", 16)
            if size < 0:
                raise Gone("the body stops in the middle of a chunk")
            self._left = size
            yield from self._counted()
            self._stream.readline(1024)
            self._chunked = size > 0
        yield from self._counted()

    def read(self) -> bytes:
        """All that has not been read yet."""
        return b"".join(self.pieces())

    def _counted(self) -> Iterator[bytes]:
        while self._left:
            piece = self._stream.read(min(self._left, _PIECE))
            if not piece:
                raise Gone("the body stops too early")
            self._left -= len(piece)
            self.received += len(piece)
            yield piece


@dataclass
class Call:
    """One request, taken apart."""

    method: str
    path: str
    query: dict[str, str]
    headers: Any
    """Looked up without regard to case, with `get`."""
    body: Body
    base: str
    """The address of the server itself, for links."""
    token: str | None
    new_content: bool = False
    """Set by a handler that stores content which was not there before."""

    def json(self) -> Any:
        """The body as JSON; refused with 400 if it is not."""
        try:
            return json.loads(self.body.read())
        except ValueError as error:
            raise Refusal(400, f"the body is not JSON: {error}") from None


@dataclass
class Answer:
    """A status, headers, and as body either bytes or a range of a file."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    file: Path | None = None
    first: int = 0
    length: int = 0


def answer(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    """An answer in JSON."""
    return Answer(
        status,
        {"Content-Type": "application/json; charset=utf-8"} | (headers or {}),
        json.dumps(content).encode(),
    )


class Refusal(Exception):
    """A request that is turned down, with the Hub's status and, where it has one, its error code."""

    def __init__(
        self, status: int, message: str, code: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.headers = status, message, code, headers or {}

    def answer(self) -> Answer:
        """The refusal as the Hub words it: JSON, and headers from which clients type their errors."""
        text = self.message.encode("ascii", "replace").decode().replace("\n", " ")
        headers = {"X-Error-Message": text} | ({"X-Error-Code": self.code} if self.code else {})
        return answer({"error": self.message}, self.status, headers | self.headers)
