"""One HTTP request for a file or a range of it, by the client that `huggingface_hub` brings."""

import contextlib
import re
from collections.abc import Iterator
from importlib import metadata
from urllib.parse import unquote, urlsplit, urlunsplit

from huggingface_hub.errors import HTTPError, Response
from huggingface_hub.utils import get_session

from medmnist_c.builder.errors import OFFLINE_REMEDY, CleanDataError
from medmnist_c.builder.retry import HTTPX, said_without_queries

TIMEOUT_S = 30  # of silence

_MOST_REDIRECTS = 10


class FileChanged(CleanDataError):
    """The file on the server is no longer the one that was begun."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has changed on the server while it was fetched; try again later.")


class NoRanges(CleanDataError):
    """The server gives whole files only."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The server of {name} gives whole files only.")


def public_name(url: str) -> str:
    """A URL as it may be shown or written down: without user, password and query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an address"
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def fetch_error(name: str, why: str) -> CleanDataError:
    return CleanDataError(
        f"Cannot fetch {name} ({why}); try again later, what has come is kept, or {OFFLINE_REMEDY}."
    )


@contextlib.contextmanager
def opened(url: str, span: tuple[int, int] | None = None) -> Iterator[Response]:
    """Ask for a file, or for its bytes first ... last; redirects are followed.

    User and password in the URL are sent to that host only, as Basic authorization.

    Raises:
        HTTPError: no answer, or one of an error, to be sorted by `failure_of`.
        FileChanged: the file ends before the range.
        CleanDataError: no URL, or a redirect to what anyone on the way can read and change.
    """
    name = public_name(url)
    headers = {
        "User-Agent": f"medmnist_c/{metadata.version('medmnist_c')}",
        "Accept-Encoding": "identity",
    }
    if span:
        headers["Range"] = f"bytes={span[0]}-{span[1]}"
    address, auth = _split(url)
    try:
        client = get_session()
        request = client.build_request("GET", address, headers=headers, timeout=TIMEOUT_S)
    except Exception as error:  # proxies and certificates of the environment may be anything
        raise fetch_error(name, said_without_queries(error)) from None
    for _ in range(_MOST_REDIRECTS):
        response = client.send(request, stream=True, auth=auth, follow_redirects=False)
        with contextlib.closing(response):
            following = response.next_request
            if following is None:
                if response.status_code == 416:
                    raise FileChanged(name)
                response.raise_for_status()
                yield response
                return
            if following.url.scheme not in ("https", request.url.scheme):
                raise fetch_error(
                    name,
                    f"the server answers {response.status_code} with a redirect from "
                    f"{request.url.scheme} to {following.url.scheme}, which is not followed",
                )
        request, auth = following, None
        request.headers.pop("Authorization", None)
    raise fetch_error(name, f"more than {_MOST_REDIRECTS} redirects")


def _split(url: str) -> tuple[str, tuple[str, str] | None]:
    """A URL without user and password, and these."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.hostname
        valid = known and parts.port != 0 and not re.search(r"[\x00-\x20]", url)
    except ValueError:  # of its port
        valid = False
    if not valid:
        raise fetch_error(public_name(url), "no valid URL")
    user, _, host = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    return urlunsplit(parts._replace(netloc=host)), (
        unquote(name),
        unquote(password),
    ) if user else None


def identity(response: Response, first: int, name: str) -> tuple[int, str | None]:
    """The whole file's size and its ETag (or date), from an answer that must begin at `first`.

    Raises:
        NoRanges: it is another kind of answer.
    """
    stated = re.fullmatch(
        r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18})", response.headers.get("Content-Range", "")
    )
    if response.status_code != 206 or not stated or int(stated[1]) != first:
        raise NoRanges(name)
    return int(stated[2]), response.headers.get("ETag") or response.headers.get("Last-Modified")


def content_length(response: Response) -> int | None:
    """Bytes of the body, where the answer states them."""
    stated = response.headers.get("Content-Length", "")
    return int(stated) if re.fullmatch(r"[0-9]{1,18}", stated) else None


def body(response: Response, length: int | None = None) -> Iterator[bytes]:
    """What comes, as it comes, but no more than `length`; a cut connection may end it early."""
    chunks = response.iter_raw()
    while length is None or length > 0:
        try:
            chunk = next(chunks, b"")
        except HTTPError as error:
            if isinstance(error, HTTPX.TimeoutException):
                raise
            return
        if not chunk:
            return
        if length is not None:
            chunk = chunk[:length]
            length -= len(chunk)
        yield chunk
