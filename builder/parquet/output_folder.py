"""The folder that test sets are written to: of this machine, or at any address that fsspec knows."""

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from io import BufferedIOBase
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import fsspec
from fsspec.implementations.dirfs import DirFileSystem

from medmnist_c.builder.errors import BuildError, CleanDataError, one_line
from medmnist_c.builder.files import absolute, atomic_write, folder_to_write, remove_stale

_WITH_BUCKETS = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss", "oci"}


class HashedFile:
    """A file being written, with the SHA-256 and the count of its bytes so far."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._sha256 = hashlib.sha256()
        self.size = 0
        self.closed = False  # asked for by Arrow

    def write(self, data: bytes) -> int:
        self._sha256.update(data)
        self.size += len(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        """The file itself is closed by who opened it."""

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()


@dataclass(frozen=True)
class OutputFolder:
    """A folder of files, named by relative paths with forward slashes.

    A file appears whole or not at all: a local one is renamed, one elsewhere is made here and then
    put there in one go.
    """

    url: str

    @classmethod
    def at(cls, folder: "str | Path | OutputFolder") -> "OutputFolder":
        """A folder (its path is made absolute), or an address such as `s3://...`."""
        if isinstance(folder, OutputFolder):
            return folder
        if "://" in str(folder):
            return cls(str(folder))
        return cls(str(absolute(folder)))

    @classmethod
    def to_write(cls, folder: str | Path) -> "OutputFolder":
        """Likewise, of one that will be made. Raises ValueError: it is called as the package is."""
        output = cls.at(folder)
        if output._is_local:
            folder_to_write(output._local(""))
        return output

    @property
    def _is_local(self) -> bool:
        return "://" not in self.url or self.url.startswith("file://")

    @cached_property
    def _remote(self) -> DirFileSystem | None:
        if self._is_local:
            return None
        try:
            filesystem, path = fsspec.core.url_to_fs(self.url)
        except (ImportError, ValueError) as error:
            raise BuildError(f"Cannot write to {self.url} ({error}).") from error
        if self._has_buckets:
            bucket = path.partition("/")[0]
            with self.errors(), _as_os_error():
                filesystem.ls(bucket, detail=False)
        return DirFileSystem(path, filesystem)

    @property
    def _has_buckets(self) -> bool:
        """Whether it has no folders to be made, but a bucket, which is the user's to make."""
        return self.url.partition("://")[0] in _WITH_BUCKETS

    def __reduce__(self) -> tuple:
        return OutputFolder, (self.url,)  # what a machine may write with is not sent to another

    def _local(self, path: str) -> Path:
        return Path(fsspec.core.strip_protocol(self.url)) / path  # also of file:///C:/folder

    @contextlib.contextmanager
    def write(self, path: str) -> Iterator[HashedFile]:
        """Open a file to write; it is there when all of it is."""
        with self.errors(path):
            if self._remote is None:
                target = self._local(path)
                target.parent.mkdir(parents=True, exist_ok=True)
                with atomic_write(target) as file:
                    yield HashedFile(file)
                return
            with tempfile.TemporaryDirectory() as here:
                aside = Path(here) / PurePosixPath(path).name
                with aside.open("wb") as file:
                    yield HashedFile(file)
                remote = self._remote
                with _as_os_error():
                    if not self._has_buckets:
                        remote.makedirs(str(PurePosixPath(path).parent), exist_ok=True)
                    remote.put_file(str(aside), path)

    def read(self, path: str) -> bytes | None:
        """A small file's content; None if it is not there."""
        try:
            if self._remote is None:
                return self._local(path).read_bytes()
            self._remote.fs.invalidate_cache()
            with _as_os_error():
                return self._remote.cat_file(path)
        except (FileNotFoundError, NotADirectoryError):
            return None

    @contextlib.contextmanager
    def open(self, path: str) -> Iterator[BufferedIOBase | None]:
        """A file to read from; None if it cannot be opened."""
        try:
            file = self._local(path).open("rb") if self._remote is None else self._fetched(path)
        except OSError:
            yield None
            return
        with file:
            yield file

    def _fetched(self, path: str) -> BufferedIOBase:
        """A copy of a file elsewhere; it goes when it is closed."""
        assert self._remote is not None
        with contextlib.ExitStack() as on_error:
            copy = on_error.enter_context(tempfile.TemporaryFile())
            with _as_os_error(), self._remote.open(path, "rb") as file:
                shutil.copyfileobj(file, copy)
            copy.seek(0)
            on_error.pop_all()
            return copy

    def holds(self, path: str, sha256: str) -> bool:
        """Whether a file's content has that SHA-256; a store elsewhere is trusted for it."""
        if self._remote is not None:
            return True
        try:
            with self._local(path).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == sha256
        except OSError:
            return False

    def sizes(self, folder: str) -> dict[str, int]:
        """Names and sizes in bytes of the files in a folder; empty if it is not there."""
        if self._remote is None:
            path = self._local(folder)
            if not path.is_dir():
                return {}
            found = {}
            for file in path.iterdir():
                with contextlib.suppress(FileNotFoundError):  # another process may be at work here
                    if file.is_file():
                        found[file.name] = file.stat().st_size
            return found
        self._remote.fs.invalidate_cache()
        try:
            with _as_os_error():
                rows = self._remote.ls(folder, detail=True)
        except FileNotFoundError:
            return {}
        return {
            PurePosixPath(row["name"]).name: row["size"] for row in rows if row["type"] == "file"
        }

    def folders(self, folder: str) -> list[str]:
        """Names of the folders in a folder, in order; none if it is not there."""
        if self._remote is None:
            path = self._local(folder)
            return (
                sorted(one.name for one in path.iterdir() if one.is_dir()) if path.is_dir() else []
            )
        self._remote.fs.invalidate_cache()
        try:
            with _as_os_error():
                rows = self._remote.ls(folder, detail=True)
        except (FileNotFoundError, NotADirectoryError):
            return []
        kept = (row["name"] for row in rows if row["type"] == "directory")
        return sorted(PurePosixPath(name.rstrip("/")).name for name in kept)

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""
        with self.errors(path), contextlib.suppress(FileNotFoundError):
            if self._remote is None:
                self._local(path).unlink()
            else:
                with _as_os_error():
                    self._remote.rm_file(path)

    def tidy(self, folder: str) -> None:
        """Remove what processes that were killed have left half-written."""
        if self._remote is None:
            remove_stale(self._local(folder))

    @contextlib.contextmanager
    def errors(self, path: str = "") -> Iterator[None]:
        """Errors of the disk in one sentence; those of the clean test set say what they are."""
        try:
            yield
        except (CleanDataError, BuildError):
            raise
        except OSError as error:
            where = f"{self.url.rstrip('/')}/{path}".rstrip("/")
            raise BuildError(
                f"Cannot write {where} ({error.strerror or error}); make room or choose another "
                "folder, and run the command again: finished test sets are kept."
            ) from error


@contextlib.contextmanager
def _as_os_error() -> Iterator[None]:
    """A store's own kinds of errors (no credentials, no route to it) as those of a disk."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        raise OSError(None, one_line(error)) from error
