"""Xet's store: hf_xet itself writes it, through `casUrl: "local://…"`; here it is read.

Chunking, deduplication, packing and the shards are those of the real client. What does not happen
is HTTP between it and a CAS server, so no such request can be counted or broken, and no Xet token
is checked. A commit that names content by sha256 makes the server look it up in the shards, put it
together from the xorbs and check it, byte for byte; from then on it is LFS content like any other.
Downloads offer no Xet: the Hub's header for it is not sent, and clients use plain GET.

Formats: https://huggingface.co/docs/xet/shard and https://huggingface.co/docs/xet/xorb.
"""

import itertools
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from hub.content import Mismatch

_ROW = 48
"""Every row of a shard has 48 bytes, the header at its beginning too."""
_VERIFIED, _WITH_SHA256 = 1 << 31, 1 << 30
_END = b"\xff" * 32
_counter = itertools.count()


class Segment(NamedTuple):
    """A run of chunks of one xorb."""

    xorb: str
    bytes: int
    first: int
    stop: int


class Xet:
    """The store under a folder, which many clients may write at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shared = {name: folder / name for name in ("xorbs", "shards", "cache")}
        for path in self._shared.values():
            path.mkdir(parents=True, exist_ok=True)
        self._read: set[str] = set()
        self._files: dict[str, list[Segment]] = {}
        self._lock = threading.Lock()

    def cas_url(self) -> str:
        """Where a client shall store. Its own folder: hf_xet locks an index in it for itself.

        The content in it is the same for all, so that nothing is stored twice.
        """
        while (view := self._folder / f"client-{next(_counter)}").exists():
            pass
        inside = view / "xet"
        (inside / "xorbs").mkdir(parents=True)
        (inside / "xorbs/xorbs").symlink_to(self._shared["xorbs"])
        (inside / "xorbs/shards").symlink_to(self._shared["shards"])
        (inside / "shard-cache").symlink_to(self._shared["cache"])
        return f"local://{view}"

    def segments(self, sha256: str) -> list[Segment] | None:
        """What makes up content; None if no client has stored it."""
        with self._lock:
            for shard in self._shared["shards"].glob("*.mdb"):
                if shard.name not in self._read:
                    self._files |= shard_files(shard.read_bytes())
                    self._read.add(shard.name)
            return self._files.get(sha256)

    def pieces(self, segments: list[Segment]) -> Iterator[bytes]:
        """The content itself, chunk by chunk; Mismatch if the store is damaged."""
        for segment in segments:
            try:
                with (self._shared["xorbs"] / f"default.{segment.xorb}").open("rb") as xorb:
                    yield from _chunks(xorb, segment.first, segment.stop)
            except (OSError, IndexError) as error:  # gone, not LZ4, or too short
                raise Mismatch(f"xorb {segment.xorb} cannot be read: {error!r}") from None


def shard_files(shard: bytes) -> dict[str, list[Segment]]:
    """The segments of each file in a shard, by the file's sha256."""
    files, at = {}, _ROW
    while shard[at : at + 32] != _END:
        flags, count = struct.unpack_from("<II", shard, at + 32)
        rows = range(at + _ROW, at + _ROW * (count + 1), _ROW)
        segments = [_segment(shard, row) for row in rows]
        at = rows.stop + _ROW * count * bool(flags & _VERIFIED)
        if flags & _WITH_SHA256:
            files[_digest(shard, at)] = segments
            at += _ROW
    return files


def _segment(shard: bytes, at: int) -> Segment:
    _, *numbers = struct.unpack_from("<IIII", shard, at + 32)
    return Segment(_digest(shard, at), *numbers)


def _digest(shard: bytes, at: int) -> str:
    """A digest as Xet writes it: four little-endian numbers."""
    return "".join(f"{number:016x}" for number in struct.unpack_from("<4Q", shard, at))


def _chunks(xorb: BinaryIO, first: int, stop: int) -> Iterator[bytes]:
    for number in range(stop):
        head = xorb.read(8)
        packed, size = (int.from_bytes(head[at : at + 3], "little") for at in (1, 5))
        if number < first:
            xorb.seek(packed, 1)
        else:
            yield _unpacked(head[4], xorb.read(packed), size)


def _unpacked(scheme: int, data: bytes, size: int) -> bytes:
    """A chunk as it was: stored (0), LZ4 (1), or LZ4 of its bytes grouped by four (2)."""
    if scheme == 0:
        return data
    import pyarrow  # slow to import, and only Xet needs it

    plain = pyarrow.Codec("lz4").decompress(data, size, asbytes=True)
    if scheme == 1:
        return plain
    whole, at = bytearray(size), 0
    for group in range(4):
        length = (size - group + 3) // 4
        whole[group::4] = plain[at : at + length]
        at += length
    return bytes(whole)
