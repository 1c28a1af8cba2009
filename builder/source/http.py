"""One HTTP request for a file or a stretch of it, and how failures are told apart and outwaited."""

import base64
import http.client
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from importlib import metadata
from urllib.parse import unquote, urlsplit, urlunsplit

from medmnist_c.builder.errors import CleanDataError
from medmnist_c.builder.source.npz import CHUNK

TIMEOUT_S = 30  # of silence
WAITS_S = (0.5, 2, 8, 30)  # before attempts that follow a failed one; then it is given up
LONGEST_WAIT_S = 120  # that a server may ask for

_PROGRESS = 1 << 20  # bytes after which an attempt counts as no failure
_PASSING = {408, 429, 500, 502, 503, 504}


class FileChanged(CleanDataError):
    """The file on the server is no longer the one that was begun."""


class NoRanges(Exception):
    """The server gives whole files only."""


class TransientError(Exception):
    """What may be over soon: a cut connection, a busy server; `wait_s` is the server's wish."""

    def __init__(self, what: str, wait_s: float = 0, unreachable: bool = False) -> None:
        super().__init__(what)
        self.wait_s = wait_s
        self.unreachable = unreachable


def public_name(url: str) -> str:
    """A URL as it may be shown or written down: without user, password and query."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


class RetryPolicy:
    """How long to wait before the next attempt, and when it is enough."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._waits = iter(WAITS_S)

    def wait(self, trouble: TransientError, got: int = 0) -> None:
        """Sleep after an attempt that brought `got` bytes, or raise CleanDataError."""
        if got >= _PROGRESS:
            self._waits = iter(WAITS_S)
        seconds = next(self._waits, None)
        if seconds is None or trouble.wait_s > LONGEST_WAIT_S:
            raise failure(self._name, str(trouble)) from None
        time.sleep(max(seconds, trouble.wait_s))


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but not from https to what anyone on the way can read and change."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        scheme = urlsplit(newurl).scheme
        if scheme not in ("https", req.type):
            why = f"with a redirect from {req.type} to {scheme}, which is not followed"
            raise urllib.error.HTTPError(req.full_url, code, why, headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def open_url(url: str, span: tuple[int, int] | None = None) -> http.client.HTTPResponse:
    """Ask for a file, or for its bytes first ... last; redirects are followed."""
    name = public_name(url)
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    try:
        request = urllib.request.Request(urlunsplit(parts._replace(netloc=host)))
        request.add_header("User-Agent", f"medmnist_c/{metadata.version('medmnist_c')}")
        if user:
            secret = base64.b64encode(unquote(user).encode()).decode()
            request.add_unredirected_header("Authorization", f"Basic {secret}")
        if span:
            request.add_header("Range", f"bytes={span[0]}-{span[1]}")
        opener = urllib.request.build_opener(_SafeRedirects)  # anew: it reads the proxies
        return opener.open(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        with error:
            answer = f"the server answers {error.code} {_one_line(error.reason)}"
            if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise FileChanged(changed(name)) from None
            if error.code in _PASSING:
                wait_s = _seconds(error.headers.get("Retry-After"))
                raise TransientError(answer, wait_s) from None
            raise failure(name, answer) from None
    except (ValueError, http.client.InvalidURL) as error:
        raise failure(name, f"no valid URL: {_one_line(error)}") from None
    except (OSError, http.client.HTTPException) as error:
        unreachable = isinstance(error, urllib.error.URLError)
        raise TransientError(_one_line(error), unreachable=unreachable) from None


def identity(response: http.client.HTTPResponse, first: int) -> tuple[int, str | None]:
    """The whole file's size and its ETag (or date), from an answer that must begin at `first`."""
    stated = re.fullmatch(
        r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18})", response.headers.get("Content-Range", "")
    )
    if response.status != http.client.PARTIAL_CONTENT or not stated or int(stated[1]) != first:
        raise NoRanges
    return int(stated[2]), response.headers.get("ETag") or response.headers.get("Last-Modified")


def body(response: http.client.HTTPResponse, length: int | None = None) -> Iterator[bytes]:
    """What comes, as it comes, but no more than `length`; a cut connection may end it early."""
    while length is None or length > 0:
        try:
            chunk = response.read1(CHUNK)
        except (OSError, http.client.HTTPException) as error:
            raise TransientError(_one_line(error) or "the connection was cut") from None
        if not chunk:
            return
        if length is not None:
            chunk = chunk[:length]
            length -= len(chunk)
        yield chunk


def failure(name: str, why: str) -> CleanDataError:
    return CleanDataError(
        f"Cannot fetch {name} ({why}); try again later, what has come is kept, or give a folder "
        "that has the file as data_dir."
    )


def changed(name: str) -> str:
    return f"{name} has changed on the server while it was fetched; try again later."


def _one_line(reason: object) -> str:
    if isinstance(reason, urllib.error.URLError):
        reason = reason.reason
    if isinstance(reason, OSError) and reason.strerror:
        reason = reason.strerror
    return " ".join(str(reason).split()) or type(reason).__name__


def _seconds(retry_after: str | None) -> float:
    """Retry-After is a number of seconds or a date; 0 where it is neither."""
    if not retry_after or re.fullmatch(r"[0-9]{1,9}", retry_after):
        return int(retry_after or 0)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0
