"""A real HTTP server on 127.0.0.1 that serves a folder, counts, and misbehaves as told."""

import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

_CHUNK = 1 << 16


@dataclass
class Server:
    """What the server does next, and what it has done; tests read and set the fields."""

    folder: Path
    url: str = ""
    ranges: bool = True
    ranges_left: int | None = None
    """Ranges that are answered before it gives whole files only (None: always)."""
    endless: bool = False
    """Say no length, and repeat the body until the client hangs up."""
    etag: str | None = '"one"'
    """A "{n}" in it becomes the number of the request."""
    last_modified: str = "Fri, 31 Dec 1999 00:00:00 GMT"
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """Statuses with headers, given one a request before any file is."""
    cut_after: int | None = None
    """Body bytes after which the connection is cut, `cuts` times (None: always)."""
    cuts: int | None = None
    too_long: int = 0
    """Bytes by which Content-Length overstates the body."""
    wait_s: float = 0
    """Before every 64 KiB of a body."""
    redirect: bool = False
    """Send every request once round by another address."""
    body_bytes: int = 0
    requests: list[dict[str, str]] = field(default_factory=list)
    """Headers of each request, with its "path"."""

    def starts(self) -> list[int]:
        """First byte of each range asked for, in order."""
        ranges = [request["Range"] for request in self.requests if "Range" in request]
        return [int(asked.removeprefix("bytes=").partition("-")[0]) for asked in ranges]


class _Handler(BaseHTTPRequestHandler):
    server_version = "loopback"

    def do_GET(self) -> None:
        state: Server = self.server.state
        state.requests.append(dict(self.headers) | {"path": self.path})
        if state.answers:
            status, headers = state.answers.pop(0)
            return self._head(status, {"Content-Length": "0"} | headers)
        path = urlsplit(self.path).path
        if state.redirect and not path.startswith("/elsewhere/"):
            return self._head(302, {"Location": f"/elsewhere{path}?token=other"})
        file = state.folder / path.removeprefix("/elsewhere").lstrip("/")
        if not file.is_file():
            return self._head(404, {"Content-Length": "0"})
        return self._send(file)

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, file: Path) -> None:
        state: Server = self.server.state
        size = file.stat().st_size
        first, stop, status = 0, size, 200
        headers = {"Last-Modified": state.last_modified}
        headers |= {"ETag": state.etag.format(n=len(state.requests))} if state.etag else {}
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if asked and state.ranges_left is not None:
            state.ranges = state.ranges_left > 0
            state.ranges_left -= 1
        if state.ranges and asked:
            first, stop, status = int(asked[1]), min(int(asked[2]) + 1, size), 206
            if first >= size:
                return self._head(416, {"Content-Length": "0"})
            headers["Content-Range"] = f"bytes {first}-{stop - 1}/{size}"
        if not state.endless:
            headers["Content-Length"] = str(stop - first + state.too_long)
        self._head(status, headers)
        if state.endless:
            with contextlib.suppress(ConnectionError):
                while True:
                    self.wfile.write(file.read_bytes())
        sent = 0
        with file.open("rb") as content, contextlib.suppress(ConnectionError):
            content.seek(first)
            while sent < stop - first:
                time.sleep(state.wait_s)
                length = min(_CHUNK, stop - first - sent)
                if state.cut_after is not None and state.cuts != 0:
                    length = min(length, state.cut_after - sent)
                sent += length
                state.body_bytes += length  # before the client can have them
                self.wfile.write(content.read(length))
                if sent == state.cut_after and sent < stop - first and state.cuts != 0:
                    state.cuts = state.cuts and state.cuts - 1
                    self.connection.shutdown(socket.SHUT_RDWR)
                    break

    def log_message(self, *args) -> None:
        pass


@contextlib.contextmanager
def serving(folder: Path, tls: ssl.SSLContext | None = None, **how) -> Iterator[Server]:
    """Serve a folder meanwhile: `with serving(tmp_path) as server: ... server.url ...`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as http:
        if tls:
            http.socket = tls.wrap_socket(http.socket, server_side=True)
        http.state = Server(folder, f"http://127.0.0.1:{http.server_port}", **how)
        thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield http.state
        finally:
            http.shutdown()
            thread.join()
