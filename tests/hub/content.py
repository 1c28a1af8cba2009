"""Content on disk, each file named by its digest; what does not match is never kept."""

import hashlib
import itertools
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_counter = itertools.count()


@dataclass(frozen=True)
class File:
    """One file of a commit."""

    size: int
    sha256: str
    oid: str
    """Git's object id: of the content, or of the pointer that stands for LFS content."""
    lfs: bool

    @property
    def etag(self) -> str:
        """What the Hub compares content by: sha256 for LFS, git's id for regular files."""
        return self.sha256 if self.lfs else self.oid


class Mismatch(ValueError):
    """Content that is not what its name or size says."""


def git_oid(content: bytes) -> str:
    """Git's object id of a blob."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def pointer(sha256: str, size: int) -> bytes:
    """The text that git holds in place of LFS content (git-lfs specification, v1)."""
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"
    return text.encode()


def regular_file(content: bytes) -> File:
    """The row of a regular file in a commit."""
    return File(len(content), hashlib.sha256(content).hexdigest(), git_oid(content), lfs=False)


def lfs_file(sha256: str, size: int) -> File:
    """The row of LFS content in a commit."""
    return File(size, sha256, git_oid(pointer(sha256, size)), lfs=True)


def write(path: Path, pieces: Iterable[bytes]) -> tuple[str, int]:
    """Write a file, whole or not at all; sha256 and size of what was written."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.{next(_counter)}")
    digest, size = hashlib.sha256(), 0
    try:
        with aside.open("wb") as out:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                out.write(piece)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    return digest.hexdigest(), size


class Contents:
    """What one repository holds: `lfs/<sha256>`, `regular/<git oid>` and parts still coming in."""

    def __init__(self, folder: Path) -> None:
        self._lfs, self._regular, self._parts = (folder / n for n in ("lfs", "regular", "parts"))
        for path in (self._lfs, self._regular, self._parts):
            path.mkdir(parents=True, exist_ok=True)

    def path(self, file: File) -> Path:
        """Where the content of a file lies."""
        return self._lfs / file.sha256 if file.lfs else self._regular / file.oid

    def lfs_size(self, sha256: str) -> int | None:
        """Size of LFS content that is there; None if it is not."""
        try:
            return (self._lfs / sha256).stat().st_size
        except FileNotFoundError:
            return None

    @property
    def lfs_bytes(self) -> int:
        """Of all LFS content, committed or not."""
        return sum(path.stat().st_size for path in self._lfs.iterdir())

    def add_regular(self, content: bytes) -> bool:
        """Keep a regular file; whether it is new."""
        path = self.path(regular_file(content))
        new = not path.exists()
        if new:
            write(path, [content])
        return new

    def add_lfs(self, sha256: str, size: int, pieces: Iterable[bytes]) -> bool:
        """Keep LFS content; whether it is new. Mismatch, with nothing kept, if it is another."""
        new = self.lfs_size(sha256) is None
        came = self._parts / f"{sha256}.{next(_counter)}.whole"
        try:
            found = write(came, pieces)
            if found != (sha256, size):
                raise Mismatch(f"content is {found[0]}, {found[1]} bytes; said {sha256}, {size}")
            came.replace(self._lfs / sha256)
        finally:
            came.unlink(missing_ok=True)
        return new

    def add_part(self, sha256: str, number: int, pieces: Iterable[bytes]) -> tuple[str, bool]:
        """Keep one part of LFS content; its ETag, and whether it is new."""
        path = self._parts / f"{sha256}.{number}"
        before = self._part_etag(path)
        etag, _ = write(path, pieces)
        new = before != etag and self.lfs_size(sha256) is None
        return etag, new

    def join_parts(self, sha256: str, size: int, etags: list[str]) -> None:
        """Make LFS content of its parts, in order. Mismatch if a part is another than said."""
        paths = [self._parts / f"{sha256}.{number}" for number in range(1, len(etags) + 1)]
        for path, etag in zip(paths, etags, strict=True):
            if self._part_etag(path) != etag:
                raise Mismatch(f"part {path.suffix[1:]} was not uploaded, or differs")
        self.add_lfs(sha256, size, (piece for path in paths for piece in _pieces(path)))
        for path in paths:
            path.unlink()

    def _part_etag(self, path: Path) -> str | None:
        if not path.exists():
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def _pieces(path: Path) -> Iterable[bytes]:
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            yield piece
