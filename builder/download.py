"""Fetch files, or stretches of them, over HTTP: resumable, patient, and with a progress bar."""

import base64
import contextlib
import errno
import hashlib
import http.client
import json
import os
import re
import shutil
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from importlib import metadata
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit, urlunsplit

import datasets
from datasets.utils import tqdm  # the one that users of `datasets` can switch off
from filelock import FileLock, Timeout

from medmnist_c.builder.errors import CleanDataError
from medmnist_c.builder.files import write_aside
from medmnist_c.builder.npz import CHUNK, LocalFile

TIMEOUT_S = 30  # of silence
WAITS_S = (0.5, 2, 8, 30)  # before attempts that follow a failed one; then it is given up
LONGEST_WAIT_S = 120  # that a server may ask for
SILENT_WAIT_S = 5  # for another process

_PROGRESS = 1 << 20  # bytes after which an attempt counts as no failure
_PASSING = {408, 429, 500, 502, 503, 504}
_RESTARTS = 2  # of a file that has changed on the server meanwhile

T = TypeVar("T")


class FileChanged(CleanDataError):
    """The file on the server is no longer the one that was begun."""


class NoRanges(Exception):
    """The server gives whole files only."""


class _PassingTrouble(Exception):
    """What may be over soon: a cut connection, a busy server; `wait_s` is the server's wish."""

    def __init__(self, what: str, wait_s: float = 0, unreachable: bool = False) -> None:
        super().__init__(what)
        self.wait_s = wait_s
        self.unreachable = unreachable


def public_name(url: str) -> str:
    """A URL as it may be shown or written down: without user, password and query."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


class RemoteFile:
    """A file behind a URL whose server answers ranges, as an `npz.ByteSource`.

    Args:
        url: http or https; user and password are sent as Basic authorization, to that host only.
        parts: folder for what has been fetched; what lies there of the same file is gone on with.

    Raises, here and when read:
        NoRanges: the server gives whole files only.
        FileChanged: it is another file than before.
        CleanDataError: it cannot be fetched.
        OSError: `parts` cannot be written.
    """

    def __init__(self, url: str, parts: Path) -> None:
        self.name = public_name(url)
        self._url = url
        self._parts = parts
        patience = _Patience(self.name)
        while True:
            try:
                with _open(url, (0, 0)) as response:
                    self.size, self._validator = _identity(response, 0)
                    next(_body(response, 1), None)  # so that the connection ends in order
                    return
            except FileChanged:
                raise _failure(self.name, "the file is empty") from None
            except _PassingTrouble as trouble:
                if trouble.unreachable:
                    raise _failure(self.name, f"{trouble}; is there a network?") from None
                patience.wait(trouble)

    @property
    def md5(self) -> str | None:
        """The whole file's MD5, in hexadecimal, where the server states it (Zenodo's ETag does)."""
        stated = re.fullmatch(r'"md5:([0-9a-f]{32})"', self._validator or "")
        return stated and stated[1]

    def read_at(self, offset: int, length: int) -> bytes:
        return b"".join(self._stream(offset, length))

    def chunks(self, offset: int, length: int, title: str) -> Iterator[bytes]:
        part = LocalFile(self.fetch(offset, length, title))
        return part.chunks(0, length, title)

    def fetch(self, offset: int, length: int, title: str) -> Path:
        """Fetch a stretch into `{parts}/{title}.part`, going on with what is there already."""
        part = self._parts / f"{title}.part"
        note = self._parts / f"{title}.json"
        stretch = {
            "file": self.name,
            "size": self.size,
            "validator": self._validator,
            "offset": offset,
            "length": length,
        }
        self._parts.mkdir(parents=True, exist_ok=True)
        if _read_json(note) != stretch:
            part.unlink(missing_ok=True)
            with write_aside(note) as file:
                file.write(json.dumps(stretch).encode())
        with part.open("ab") as file, _progress(f"{Path(self.name).name}: {title}", length) as bar:
            have = file.tell()
            bar.update(have)
            for chunk in self._stream(offset + have, length - have):
                file.write(chunk)
                bar.update(len(chunk))
        return part

    def _stream(self, offset: int, length: int) -> Iterator[bytes]:
        end = offset + length
        patience = _Patience(self.name)
        while offset < end:
            begun = offset
            try:
                with _open(self._url, (offset, end - 1)) as response:
                    if _identity(response, offset) != (self.size, self._validator):
                        raise FileChanged(_changed(self.name))
                    for chunk in _body(response, end - offset):
                        offset += len(chunk)
                        yield chunk
                if offset < end:
                    raise _PassingTrouble("the connection was cut")
            except _PassingTrouble as trouble:
                patience.wait(trouble, offset - begun)


def fetch_whole(url: str, target: Path, title: str) -> None:
    """Fetch a whole file from a server without ranges: a cut connection begins anew.

    Raises:
        CleanDataError: it cannot be fetched, or not be written.
    """
    name = public_name(url)
    patience = _Patience(name)
    while True:
        try:
            with _open(url) as response:
                length, got = response.length, 0
                with writing_into(target.parent, length):
                    check_space(target.parent, length or 0)
                    with target.open("wb") as file, _progress(title, length) as bar:
                        for chunk in _body(response):
                            got += file.write(chunk)
                            bar.update(len(chunk))
                if length is not None and got < length:
                    raise _PassingTrouble("the connection was cut")
                return
        except _PassingTrouble as trouble:
            patience.wait(trouble)


def fetch_file(url: str, sha256: str, target: str | Path) -> Path:
    """Fetch a small file once, whole and checked; what is there with the right checksum is kept.

    Args:
        url: http or https.
        sha256: of the file, in hexadecimal.
        target: its place; folders above it are made.

    Returns:
        The place.

    Raises:
        CleanDataError: it cannot be fetched, is another file, or cannot be written.
    """
    target = Path(target)
    parts = target.with_name(f".{target.name}.download")

    def fetch() -> Path:
        try:
            remote = RemoteFile(url, parts)
            return remote.fetch(0, remote.size, "whole")
        except NoRanges:
            whole = parts / f"{target.name}.whole"
            parts.mkdir(exist_ok=True)
            fetch_whole(url, whole, target.name)
            return whole

    if _sha256(target) == sha256:
        return target
    if datasets.config.HF_HUB_OFFLINE:
        raise CleanDataError(
            f"{target} is not there, and HF_HUB_OFFLINE or HF_DATASETS_OFFLINE forbids fetching it "
            f"from {public_name(url)}; unset them, or give data_dir."
        )
    with writing_into(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        with locked(target.with_name(f".{target.name}.lock")):
            if _sha256(target) == sha256:  # another process was quicker
                return target
            fetched = again_if_changed(fetch)
            found = _sha256(fetched)
            if found == sha256:
                sync(fetched)
                os.replace(fetched, target)
            shutil.rmtree(parts, ignore_errors=True)
    if found != sha256:
        raise _failure(public_name(url), f"its SHA-256 is {found}, not {sha256}")
    return target


def again_if_changed(action: Callable[[], T]) -> T:
    """Do something with a remote file, and again if the file changed meanwhile, a few times."""
    for _ in range(_RESTARTS):
        with contextlib.suppress(FileChanged):
            return action()
    return action()


@contextlib.contextmanager
def writing_into(folder: Path, needed: int | None = None) -> Iterator[None]:
    """Turn what the system says about writing into one sentence.

    Args:
        folder: where to.
        needed: bytes, to be named; None where not known.

    Raises:
        CleanDataError: the folder cannot be written, or the disk is full.
    """
    try:
        yield
    except CleanDataError:
        raise
    except OSError as error:
        wanted = f", which takes {needed:,} bytes" if needed else ""
        raise CleanDataError(
            f"Cannot write into {folder}{wanted} ({error.strerror or error}); make room or choose "
            "another cache folder (cache_dir= or HF_DATASETS_CACHE)."
        ) from error


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock against other processes; says so where it has to be waited for."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=SILENT_WAIT_S)
    except Timeout:
        warnings.warn(f"Waiting for another process, which holds {path}.", stacklevel=2)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def check_space(folder: Path, needed: int) -> None:
    """Raise OSError if fewer than `needed` bytes are free where `folder` is."""
    if shutil.disk_usage(folder).free < needed:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class _Patience:
    """How long to wait before the next attempt, and when it is enough."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._waits = iter(WAITS_S)

    def wait(self, trouble: _PassingTrouble, got: int = 0) -> None:
        """Sleep after an attempt that brought `got` bytes, or raise CleanDataError."""
        if got >= _PROGRESS:
            self._waits = iter(WAITS_S)
        seconds = next(self._waits, None)
        if seconds is None or trouble.wait_s > LONGEST_WAIT_S:
            raise _failure(self._name, str(trouble)) from None
        time.sleep(max(seconds, trouble.wait_s))


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but not from https to what anyone on the way can read and change."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        scheme = urlsplit(newurl).scheme
        if scheme not in ("https", req.type):
            why = f"with a redirect from {req.type} to {scheme}, which is not followed"
            raise urllib.error.HTTPError(req.full_url, code, why, headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _open(url: str, span: tuple[int, int] | None = None) -> http.client.HTTPResponse:
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
                raise FileChanged(_changed(name)) from None
            if error.code in _PASSING:
                wait_s = _seconds(error.headers.get("Retry-After"))
                raise _PassingTrouble(answer, wait_s) from None
            raise _failure(name, answer) from None
    except (ValueError, http.client.InvalidURL) as error:
        raise _failure(name, f"no valid URL: {_one_line(error)}") from None
    except (OSError, http.client.HTTPException) as error:
        unreachable = isinstance(error, urllib.error.URLError)
        raise _PassingTrouble(_one_line(error), unreachable=unreachable) from None


def _identity(response: http.client.HTTPResponse, first: int) -> tuple[int, str | None]:
    """The whole file's size and its ETag (or date), from an answer that must begin at `first`."""
    stated = re.fullmatch(
        r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18})", response.headers.get("Content-Range", "")
    )
    if response.status != http.client.PARTIAL_CONTENT or not stated or int(stated[1]) != first:
        raise NoRanges
    return int(stated[2]), response.headers.get("ETag") or response.headers.get("Last-Modified")


def _body(response: http.client.HTTPResponse, length: int | None = None) -> Iterator[bytes]:
    """What comes, as it comes, but no more than `length`; a cut connection may end it early."""
    while length is None or length > 0:
        try:
            chunk = response.read1(CHUNK)
        except (OSError, http.client.HTTPException) as error:
            raise _PassingTrouble(_one_line(error) or "the connection was cut") from None
        if not chunk:
            return
        if length is not None:
            chunk = chunk[:length]
            length -= len(chunk)
        yield chunk


def _failure(name: str, why: str) -> CleanDataError:
    return CleanDataError(
        f"Cannot fetch {name} ({why}); try again later, what has come is kept, or give a folder "
        "that has the file as data_dir."
    )


def _changed(name: str) -> str:
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


def _progress(title: str, length: int | None) -> tqdm:
    return tqdm(total=length, unit="B", unit_scale=True, unit_divisor=1024, desc=title)


def _read_json(path: Path) -> object:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
