"""Fuzzed: what a server answers."""

import atexit
import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path
from unittest import mock

from hypothesis import strategies as st
from support.http_server import Server, serving

from fuzzing.rules import folder, no_code_runs, refusing
from medmnist_c.builder.errors import CleanDataError
from medmnist_c.builder.retry import RetryPolicy
from medmnist_c.builder.source import download, http

_CONTENT = bytes(range(256)) * 4
_VALUES = {
    "Content-Range": [
        "bytes 0-0/1024", "bytes 0-1023/1024", "bytes 0-0/0", "bytes 0-0/*", "bytes 5-9/1024",
        "bytes 0-0/999999999999999999", f"bytes 0-0/{'9' * 5000}", "bytes -1-0/9", "words", "",
    ],
    "Content-Length": ["0", "1", "1024", "-5", "words", "9" * 5000, "1e3"],
    "ETag": ['"one"', '"two"', 'W/"one"', '"md5:0"', f'"md5:{"f" * 32}"', "", '"' * 3000],
    "Last-Modified": ["Fri, 31 Dec 1999 00:00:00 GMT", "never"],
    "Location": ["/f", "f", "file:///etc/passwd", "http://", "http://[", "//", "ftp://127.0.0.1/f",
                 "http://127.0.0.1:99999/", "http://127.0.0.1:x/", "data:,x", "gopher://x"],
    "Retry-After": ["0", "-1", "1e9", "9" * 5000, "Fri, 31 Dec 1999 00:00:00 GMT", "soon",
                    "Fri, 99 Foo 99999 99:99:99 GMT"],
    "Transfer-Encoding": ["chunked", "gzip"],
    "Content-Encoding": ["gzip"],
}  # fmt: skip
_STATUSES = [200, 204, 206, 206, 206, 301, 302, 304, 307, 400, 404, 416, 429, 500, 503, 999]


def answers() -> st.SearchStrategy[list]:
    header = st.sampled_from(sorted(_VALUES)).flatmap(
        lambda name: st.tuples(st.just(name), st.sampled_from(_VALUES[name]))
    )
    answer = st.tuples(st.sampled_from(_STATUSES), st.lists(header, max_size=4).map(dict))
    return st.lists(answer, min_size=1, max_size=4)


@cache
def _server() -> Server:
    place = Path(tempfile.mkdtemp())
    (place / "f").write_bytes(_CONTENT)
    serving_now = serving(place)
    server = serving_now.__enter__()
    atexit.register(serving_now.__exit__, None, None, None)
    return server


def fetch(given: list) -> None:
    """From a server that says anything comes the right file or an error."""
    server = _server()
    server.answers = list(given)
    server.requests.clear()
    policy = RetryPolicy(tries=3, first_s=0, longest_wish_s=0)
    waits = mock.patch.object(download, "POLICY", policy)
    silence = mock.patch.object(http, "TIMEOUT_S", 1)
    direct = mock.patch.dict(os.environ, no_proxy="127.0.0.1")
    with folder() as place, no_code_runs(), waits, silence, direct, refusing(CleanDataError):
        url, sha256 = f"{server.url}/f", hashlib.sha256(_CONTENT).hexdigest()
        try:
            fetched = download.fetch_file(url, sha256, len(_CONTENT), place / "f")
            assert fetched.read_bytes() == _CONTENT
        finally:
            assert server.requests, "the server stands still"  # it would look like a refusal
