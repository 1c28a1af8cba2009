"""Fetch files, or ranges of them, over HTTP: resumable, bounded, tried again, with a progress bar."""

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from huggingface_hub.errors import HTTPError, Response

from medmnist_c.builder.disk import check_space, locked, sync, writing_into
from medmnist_c.builder.errors import OFFLINE_REMEDY, CleanDataError
from medmnist_c.builder.files import atomic_write
from medmnist_c.builder.retry import Attempts, Failure, RetryPolicy, failure_of
from medmnist_c.builder.settings import is_offline, progress_bar
from medmnist_c.builder.source.http import (
    FileChanged,
    NoRanges,
    body,
    content_length,
    fetch_error,
    identity,
    opened,
    public_name,
)
from medmnist_c.builder.source.npz import LocalFile

if TYPE_CHECKING:
    from datasets.utils import tqdm

POLICY = RetryPolicy(tries=5, first_s=0.5, factor=4, longest_s=30, longest_wish_s=120)

_MUCH = 1 << 20  # bytes: an attempt that brings so many has got on
_RESTARTS = 2  # of a file that has changed on the server meanwhile

T = TypeVar("T")


class _CutConnection(ConnectionError):
    """Fewer bytes have come than the server has promised."""

    def __init__(self) -> None:
        super().__init__("the connection was cut")


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
        attempts = _attempts(self.name)
        while True:
            try:
                with opened(url, (0, 0)) as response:
                    self.size, self._validator = identity(response, 0, self.name)
                    next(body(response, 1), None)  # so that the connection ends in order
                    return
            except FileChanged:
                raise fetch_error(self.name, "the file is empty") from None
            except HTTPError as error:
                if (failure := failure_of(error)).unreachable:
                    why = f"{failure.reason}; is there a network?"
                    raise fetch_error(self.name, why) from None
                attempts.failed(error)

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
        """Fetch a range into `{parts}/{title}.part`, going on with what is there already."""
        part = self._parts / f"{title}.part"
        note = self._parts / f"{title}.json"
        wanted = {
            "file": self.name,
            "size": self.size,
            "validator": self._validator,
            "offset": offset,
            "length": length,
        }
        self._parts.mkdir(parents=True, exist_ok=True)
        if _read_json(note) != wanted:
            part.unlink(missing_ok=True)
            with atomic_write(note) as file:
                file.write(json.dumps(wanted).encode())
        with part.open("ab") as file, _bar(f"{Path(self.name).name}: {title}", length) as bar:
            have = file.tell()
            bar.update(have)
            for chunk in self._stream(offset + have, length - have):
                file.write(chunk)
                bar.update(len(chunk))
        return part

    def _stream(self, offset: int, length: int) -> Iterator[bytes]:
        end = offset + length
        attempts = _attempts(self.name)
        while offset < end:
            begun = offset
            try:
                with opened(self._url, (offset, end - 1)) as response:
                    if identity(response, offset, self.name) != (self.size, self._validator):
                        raise FileChanged(self.name)
                    for chunk in body(response, end - offset):
                        offset += len(chunk)
                        yield chunk
                if offset < end:
                    raise _CutConnection
            except (HTTPError, _CutConnection) as error:
                attempts.failed(error, got_on=offset - begun >= _MUCH)


def fetch_whole(url: str, target: Path, title: str, most: int) -> None:
    """Fetch a whole file from a server without ranges: a cut connection begins anew.

    Args:
        url: http or https.
        target: its path; nothing is left there if it cannot be fetched.
        title: of the progress bar.
        most: bytes that the file can have; more are not taken.

    Raises:
        CleanDataError: it cannot be fetched, is longer, or cannot be written.
    """
    attempts = _attempts(public_name(url))
    try:
        while True:
            try:
                with opened(url) as response:
                    _save(response, target, title, most, public_name(url))
                return
            except (HTTPError, _CutConnection) as error:
                attempts.failed(error)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _save(response: Response, target: Path, title: str, most: int, name: str) -> None:
    length, got = content_length(response), 0
    too_long = fetch_error(name, f"the file is longer than {most:,} bytes, which it cannot be")
    if (length or 0) > most:
        raise too_long
    with writing_into(target.parent, length):
        check_space(target.parent, length or 0)
        with target.open("wb") as file, _bar(title, length) as bar:
            for chunk in body(response):
                got += len(chunk)
                if got > most:
                    raise too_long
                file.write(chunk)
                bar.update(len(chunk))
    if length is not None and got < length:
        raise _CutConnection


def fetch_file(url: str, sha256: str, size: int, target: str | Path) -> Path:
    """Fetch a small file once, whole and checked; what is there with the right checksum is kept.

    Args:
        url: http or https.
        sha256: of the file, in hexadecimal.
        size: of the file, in bytes; more are not taken.
        target: its path; folders above it are made.

    Returns:
        The path.

    Raises:
        CleanDataError: it cannot be fetched, is another file, or cannot be written.
    """
    target = Path(target)
    name = public_name(url)
    parts = target.with_name(f".{target.name}.download")

    def fetch() -> Path:
        try:
            remote = RemoteFile(url, parts)
            if remote.size != size:
                raise fetch_error(name, f"it has {remote.size:,} bytes, not {size:,}")
            return remote.fetch(0, size, "whole")
        except NoRanges:
            whole = parts / f"{target.name}.whole"
            parts.mkdir(exist_ok=True)
            fetch_whole(url, whole, target.name, size)
            return whole

    if _sha256(target) == sha256:
        shutil.rmtree(parts, ignore_errors=True)  # of a process that was killed at its end
        return target
    if is_offline():
        raise CleanDataError(
            f"{target} is not there, and HF_HUB_OFFLINE or HF_DATASETS_OFFLINE forbids fetching it "
            f"from {name}; unset them, or {OFFLINE_REMEDY}."
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
        raise fetch_error(name, f"its SHA-256 is {found}, not {sha256}")
    return target


def again_if_changed(action: Callable[[], T]) -> T:
    """Do something with a remote file, and again if the file changed meanwhile, a few times."""
    for _ in range(_RESTARTS):
        with contextlib.suppress(FileChanged):
            return action()
    return action()


def _attempts(name: str) -> Attempts:
    def gave_up(failure: Failure, tried: int) -> CleanDataError:
        answers = "the server answers " if failure.status else ""
        return fetch_error(name, answers + failure.reason)

    return Attempts(POLICY, gave_up)


def _bar(title: str, length: int | None) -> "tqdm":
    return progress_bar(total=length, unit="B", unit_scale=True, unit_divisor=1024, desc=title)


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
