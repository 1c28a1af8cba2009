"""Read one array out of an npz (a zip of npy files) that may lie on a disk or behind a server.

Nothing in the file is trusted: directory, header and content are bounded and checked against each
other, an array is plain numbers (never a pickle), and memory stays at a few MB.
"""

import contextlib
import errno
import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Protocol

import numpy as np

from medmnist_c.builder import igzip
from medmnist_c.builder.errors import CleanDataError, one_line

CHUNK = 1 << 20  # bytes read, or inflated, at a time

_TAIL = 1 << 10  # the directory of an npz of six arrays fits: one request
_LONGEST_DIRECTORY = 1 << 20
_LOCAL_HEADER = struct.Struct("<4s22xHH")  # signature; lengths of name and extra field
_UNREADABLE = 0x1 | 0x20 | 0x40  # encrypted, a patch to another file, or strongly encrypted
_HEADER_PEEKS = (1 << 8, 1 << 13)  # compressed bytes that hold an npy header: mostly, always
_LONGEST_HEADER = 1 << 12
_LENGTH_FIELDS = {(1, 0): "<H", (2, 0): "<I"}  # of an npy header, by version of the format
_NUMBERS = "biuf"  # kinds of dtype: bool, integers, floats
_MOST_AXES = 32
_LONGEST_ARRAY = 1 << 62  # bytes; lengths beyond it are no lengths


class ByteSource(Protocol):
    """Bytes at any offset, and a `name` to call them by in a message."""

    name: str
    size: int

    def read_at(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset` on; both lie within the source."""

    def chunks(self, offset: int, length: int, title: str) -> Iterator[bytes]:
        """The same, for many bytes, in order; `title` names them on the way."""


class NpzError(CleanDataError):
    """A file that is no npz, lacks a member, or does not hold what it declares."""

    def __init__(self, source: ByteSource, what: str) -> None:
        super().__init__(f"{source.name} {what}; fetch the MedMNIST+ file anew.")

    def __reduce__(self) -> tuple:
        return CleanDataError, self.args  # it has to come from a worker process, sentence and all


class LocalFile:
    """A file of this machine as a `ByteSource`.

    Raises, here and when read:
        CleanDataError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)
        with self._reading():
            found = path.stat()
            if not stat.S_ISREG(found.st_mode):  # a pipe would be waited for without end
                raise OSError(errno.EINVAL, "it is no regular file")
            self.size = found.st_size

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise CleanDataError(
                f"Cannot read {self.name} ({error.strerror}); see that it is a readable file."
            ) from error

    def read_at(self, offset: int, length: int) -> bytes:
        return b"".join(self.chunks(offset, length, ""))

    def chunks(self, offset: int, length: int, title: str) -> Iterator[bytes]:
        with self._reading(), self.path.open("rb") as file:
            file.seek(offset)
            while length and (chunk := file.read(min(CHUNK, length))):
                length -= len(chunk)
                yield chunk


@dataclass(frozen=True)
class ArrayHeader:
    """What an npy file declares: shape, dtype, and the bytes it takes with its header."""

    shape: tuple[int, ...]
    dtype: np.dtype
    size: int


@dataclass(frozen=True)
class Member:
    """A member of an npz, as the zip's directory states it: sizes in bytes and CRC-32."""

    source: ByteSource
    name: str
    stored: bool
    crc: int
    compressed_size: int
    size: int
    local_header: int

    def error(self, what: str) -> NpzError:
        """An error about this member, to be raised."""
        return NpzError(self.source, f"holds {self.name}, which {what}")

    @cached_property
    def start(self) -> int:
        """Where its bytes begin. The local header before them has a length of its own."""
        name = self.name.encode()
        raw = self._read(self.local_header, _LOCAL_HEADER.size + len(name))
        signature, name_length, extra_length = _LOCAL_HEADER.unpack_from(raw)
        found = (signature, raw[_LOCAL_HEADER.size :], name_length)
        if found != (b"PK\3\4", name, len(name)):
            raise self.error("is not where the zip's directory says")
        start = self.local_header + _LOCAL_HEADER.size + name_length + extra_length
        if start + self.compressed_size > self.source.size:
            raise self.error("is cut off")
        if self.compressed_size > self.size + self.size // 1000 + CHUNK:  # it is fetched as a whole
            raise self.error(f"takes {self.compressed_size:,} bytes for {self.size:,}")
        return start

    def _read(self, offset: int, length: int) -> bytes:
        if offset < 0 or offset + length > self.source.size:
            raise self.error("is cut off")
        data = self.source.read_at(offset, length)
        if len(data) < length:
            raise self.error("is cut off")
        return data

    @cached_property
    def header(self) -> ArrayHeader:
        """Its npy header, read from the first few hundred bytes.

        Raises:
            NpzError: no npy header of plain numbers in C order, or the zip declares another size.
        """
        for peek in _HEADER_PEEKS:
            start = self._read(self.start, min(peek, self.compressed_size))
            if not self.stored:
                start = self._inflate(zlib.decompressobj(-zlib.MAX_WBITS), start)
            if header := self._parse_header(start):
                break
        else:
            raise self.error("is no npy array (it has no whole header)")
        if header.size != self.size:
            raise self.error(
                f"declares {self.size} bytes, but its shape {header.shape} of {header.dtype} takes "
                f"{header.size}"
            )
        return header

    def _inflate(self, inflater: "zlib._Decompress", compressed: bytes) -> bytes:
        try:
            return inflater.decompress(compressed, CHUNK)
        except zlib.error as error:
            raise self.error(f"is damaged ({error})") from error

    def _parse_header(self, data: bytes) -> ArrayHeader | None:
        """The header at the beginning of `data`; None if `data` ends within it."""
        file = io.BytesIO(data)
        try:
            version = np.lib.format.read_magic(file)
            field = _LENGTH_FIELDS[version]
            (length,) = struct.unpack_from(field, data, file.tell())
        except struct.error:
            return None
        except (ValueError, KeyError):
            raise self.error("is no npy array of format 1 or 2") from None
        if length > _LONGEST_HEADER:
            raise self.error(f"has a header of {length} bytes, which no plain array has")
        end = file.tell() + struct.calcsize(field) + length
        if end > len(data):
            return None
        read = getattr(np.lib.format, f"read_array_header_{version[0]}_{version[1]}")
        try:
            shape, fortran_order, dtype = read(file, max_header_size=_LONGEST_HEADER)
        except Exception as error:  # numpy parses it as Python, where much can go wrong
            raise self.error("has an npy header that cannot be read") from error
        if dtype.hasobject:
            raise self.error("holds pickles, which can run any code and are never opened")
        if dtype.kind not in _NUMBERS:
            raise self.error("holds something else than plain numbers")
        if fortran_order:
            raise self.error("is in Fortran order, not in C order")
        if len(shape) > _MOST_AXES or not all(type(n) is int and n >= 0 for n in shape):
            raise self.error("has an impossible shape")
        size = end + prod(shape) * dtype.itemsize
        if size > _LONGEST_ARRAY or any(n > _LONGEST_ARRAY for n in shape):
            raise self.error("has an impossible shape")
        return ArrayHeader(shape, dtype, size)

    def content(self) -> Iterator[bytes]:
        """Its bytes, uncompressed, from a single pass over the source.

        Only when the last one has come are they known to be right.

        Raises:
            NpzError: more or fewer bytes than declared, a wrong CRC-32, or damaged compression.
        """
        crc = total = 0
        for data in self._uncompressed():
            total += len(data)
            if total > self.size:
                raise self.error(f"declares {self.size} bytes and holds more")
            crc = igzip.crc32(data, crc)
            yield data
        if total < self.size:
            raise self.error(f"declares {self.size} bytes and holds only {total}")
        if crc != self.crc:
            raise self.error("is damaged (its CRC-32 is wrong)")

    def _uncompressed(self) -> Iterator[bytes]:
        chunks = self.source.chunks(self.start, self.compressed_size, self.name)
        if self.stored:
            yield from chunks
            return
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        for chunk in chunks:
            while chunk and not inflater.eof:
                yield self._inflate(inflater, chunk)
                chunk = inflater.unconsumed_tail
        while not inflater.eof and (rest := self._inflate(inflater, b"")):
            yield rest
        if not inflater.eof:
            raise self.error("is cut off within its compressed bytes")


def find_members(source: ByteSource, names: tuple[str, ...]) -> list[Member]:
    """Members of an npz by their file names ("test_images.npy"), from the zip's directory alone.

    Raises:
        NpzError: no zip, a member is missing or there twice, encrypted, a patch, or compressed
            otherwise than by deflate.
        CleanDataError: the source cannot be read.
    """
    try:
        directory = zipfile.ZipFile(_DirectoryFile(source)).infolist()
    except CleanDataError:
        raise
    except Exception as error:  # zipfile has no one error for what can be wrong
        raise NpzError(source, f"is no npz file, which is a zip ({one_line(error)})") from error
    return [_member(source, directory, name) for name in names]


def _member(source: ByteSource, directory: list[zipfile.ZipInfo], name: str) -> Member:
    found = [info for info in directory if info.filename == name]
    if len(found) != 1:
        raise NpzError(source, f"holds {name} twice" if found else f"holds no {name}")
    info = found[0]
    stored = info.compress_type == zipfile.ZIP_STORED
    member = Member(
        source, name, stored, info.CRC, info.compress_size, info.file_size, info.header_offset
    )
    if info.flag_bits & _UNREADABLE:
        raise member.error("is encrypted or a patch to another file")
    if not stored and info.compress_type != zipfile.ZIP_DEFLATED:
        raise member.error(f"is compressed by method {info.compress_type}, not by deflate")
    if stored and info.compress_size != info.file_size:
        raise member.error("is stored, yet declares two different sizes")
    return member


class _DirectoryFile(io.RawIOBase):
    """A source as `zipfile` wants it, for reading the directory at its end; the tail is kept."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._position = 0
        self._tail_start = max(0, source.size - _TAIL)
        self._tail = source.read_at(self._tail_start, source.size - self._tail_start)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        position = offset + {0: 0, 1: self._position, 2: self._source.size}[whence]
        if position < 0:
            raise OSError("before the beginning")  # zipfile expects this of a short file
        self._position = position
        return position

    def read(self, length: int = -1) -> bytes:
        left = max(0, self._source.size - self._position)
        length = left if length < 0 else min(length, left)
        if length > _LONGEST_DIRECTORY:
            raise zipfile.BadZipFile("its directory is too long")
        if self._position >= self._tail_start:
            start = self._position - self._tail_start
            data = self._tail[start : start + length]
        else:
            data = self._source.read_at(self._position, length)
        self._position += length
        return data
