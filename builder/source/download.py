"""Fetch files, or stretches of them, over HTTP: resumable, patient, and with a progress bar."""

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import datasets
from datasets.utils import tqdm  # the one that users of `datasets` can switch off

from medmnist_c.builder.disk import check_space, locked, sync, writing_into
from medmnist_c.builder.errors import CleanDataError
from medmnist_c.builder.files import atomic_write
from medmnist_c.builder.source.http import (
    FileChanged,
    NoRanges,
    RetryPolicy,
    TransientError,
    body,
    changed,
    failure,
    identity,
    open_url,
    public_name,
)
from medmnist_c.builder.source.npz import LocalFile

_RESTARTS = 2  # of a file that has changed on the server meanwhile

T = TypeVar("T")


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
        patience = RetryPolicy(self.name)
        while True:
            try:
                with open_url(url, (0, 0)) as response:
                    self.size, self._validator = identity(response, 0)
                    next(body(response, 1), None)  # so that the connection ends in order
                    return
            except FileChanged:
                raise failure(self.name, "the file is empty") from None
            except TransientError as trouble:
                if trouble.unreachable:
                    raise failure(self.name, f"{trouble}; is there a network?") from None
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
            with atomic_write(note) as file:
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
        patience = RetryPolicy(self.name)
        while offset < end:
            begun = offset
            try:
                with open_url(self._url, (offset, end - 1)) as response:
                    if identity(response, offset) != (self.size, self._validator):
                        raise FileChanged(changed(self.name))
                    for chunk in body(response, end - offset):
                        offset += len(chunk)
                        yield chunk
                if offset < end:
                    raise TransientError("the connection was cut")
            except TransientError as trouble:
                patience.wait(trouble, offset - begun)


def fetch_whole(url: str, target: Path, title: str) -> None:
    """Fetch a whole file from a server without ranges: a cut connection begins anew.

    Raises:
        CleanDataError: it cannot be fetched, or not be written.
    """
    name = public_name(url)
    patience = RetryPolicy(name)
    while True:
        try:
            with open_url(url) as response:
                length, got = response.length, 0
                with writing_into(target.parent, length):
                    check_space(target.parent, length or 0)
                    with target.open("wb") as file, _progress(title, length) as bar:
                        for chunk in body(response):
                            got += file.write(chunk)
                            bar.update(len(chunk))
                if length is not None and got < length:
                    raise TransientError("the connection was cut")
                return
        except TransientError as trouble:
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
        raise failure(public_name(url), f"its SHA-256 is {found}, not {sha256}")
    return target


def again_if_changed(action: Callable[[], T]) -> T:
    """Do something with a remote file, and again if the file changed meanwhile, a few times."""
    for _ in range(_RESTARTS):
        with contextlib.suppress(FileChanged):
            return action()
    return action()


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
