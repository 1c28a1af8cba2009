"""Members of an npz: read right, or refused with a sentence."""

import os
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from support.medmnist_files import npy, write_npz

from medmnist_c.builder.errors import CleanDataError
from medmnist_c.builder.source.npz import CHUNK, LocalFile, Member, NpzError, find_members

SMALL = np.arange(600, dtype=np.uint8).reshape(3, 200)


def member(path: Path, name: str = "a.npy") -> Member:
    return find_members(LocalFile(path), (name,))[0]


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize(
    "array",
    [
        SMALL,
        np.zeros((0, 3), np.int64),
        np.zeros(7 * CHUNK + 1, np.uint8),  # chunks of compressed bytes that hold many of pixels
        np.random.default_rng(0).integers(0, 256, 3 * CHUNK, np.uint8),
        np.arange(9, dtype=">i4"),
    ],
    ids=["small", "empty", "zeros", "noise", "big-endian"],
)
def test_members_numpy_has_written(save, array, tmp_path):
    save(tmp_path / "f.npz", before=SMALL, a=array, after=SMALL)
    a = member(tmp_path / "f.npz")
    assert (a.header.shape, a.header.dtype) == (array.shape, array.dtype)
    assert b"".join(a.content()) == npy(array)


def test_zip64_beyond_4_gb(tmp_path):
    path = tmp_path / "f.npz"
    with path.open("wb") as file:
        file.truncate(5 << 30)  # a hole: it takes no room
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("a.npy", npy(SMALL))
    a = member(path)
    assert a.start > 5 << 30
    assert b"".join(a.content()) == npy(SMALL)


def test_memory_does_not_grow_with_the_member(tmp_path):
    path = write_npz(tmp_path / "f.npz", {"a": np.zeros(100 * CHUNK, np.uint8)})
    tracemalloc.start()
    try:
        total = sum(len(data) for data in member(path).content())
        assert tracemalloc.get_traced_memory()[1] < 8 * CHUNK
    finally:
        tracemalloc.stop()
    assert total == 100 * CHUNK + 128


def change_directory(path: Path, offset: int, form: str, value: int) -> None:
    """Overwrite a field of the first entry of a zip's directory."""
    data = bytearray(path.read_bytes())
    struct.pack_into(form, data, data.index(b"PK\1\2") + offset, value)
    path.write_bytes(data)


FLAGS, METHOD, CRC, COMPRESSED_SIZE, SIZE, PLACE = (8, 10, 16, 20, 24, 42)  # in such an entry


def npy_with_header(header: str, version: bytes = b"\1\0") -> bytes:
    return b"\x93NUMPY" + version + struct.pack("<H", len(header)) + header.encode()


def npy_of(descr: str, shape: str) -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"
    return npy_with_header(header) + bytes(600)


HEADER = "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 200), }"


def no_zip(path):
    path.write_bytes(b"not a zip at all" * 100)


def empty(path):
    path.write_bytes(b"")


def truncated(path):
    write_npz(path, {"a": SMALL})
    path.write_bytes(path.read_bytes()[:-30])


def front_cut_off(path):
    write_npz(path, {"a": SMALL})
    path.write_bytes(path.read_bytes()[40:])


def other_member(path):
    write_npz(path, {"b": SMALL})


def member_twice(path):
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", npy(SMALL))
        archive.writestr("a.npy", npy(SMALL))


def other_compression(path):
    write_npz(path, {"a": SMALL}, zipfile.ZIP_BZIP2)


def damaged(path):
    write_npz(path, {"a": SMALL})
    data = bytearray(path.read_bytes())
    data[100:120] = b"\xff" * 20
    path.write_bytes(data)


def longer_local_name(path):
    """The directory says a.npy, the bytes themselves another name that begins so."""
    write_npz(path, {"a": SMALL, "b": SMALL})
    data = bytearray(path.read_bytes())
    struct.pack_into("<H", data, 26, len("a.npy") + 2)
    path.write_bytes(data)


def raw(content):
    return lambda path: write_npz(path, {"a": content})


def changed(offset, form, value, compression=zipfile.ZIP_DEFLATED):
    def make(path):
        write_npz(path, {"a": SMALL}, compression)
        change_directory(path, offset, form, value)

    return make


def content_of(data, declared):
    """A member of the right CRC that inflates to `data`, while its declared size is another."""

    def make(path):
        write_npz(path, {"a": data})
        change_directory(path, SIZE, "<I", declared)
        change_directory(path, CRC, "<I", zlib.crc32(data))

    return make


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (no_zip, "no npz file"),
        (empty, "no npz file"),
        (truncated, "no npz file"),
        (front_cut_off, "cut off"),
        (other_member, "holds no a.npy"),
        (member_twice, "a.npy twice"),
        (other_compression, "method 12"),
        (damaged, "damaged"),
        (changed(CRC, "<I", 1), "CRC-32"),
        (changed(FLAGS, "<H", 0x1), "encrypted"),
        (changed(FLAGS, "<H", 0x20), "a patch to another file"),
        (changed(FLAGS, "<H", 0x40), "encrypted"),
        (changed(METHOD, "<H", 0), "two different sizes"),
        (changed(METHOD, "<H", 93), "method 93"),
        (changed(SIZE, "<I", 10**9), "declares 1000000000 bytes, but"),
        (changed(COMPRESSED_SIZE, "<I", 10**9), "cut off"),
        (changed(COMPRESSED_SIZE, "<I", 300), "cut off"),
        (changed(PLACE, "<I", 7), "is not where"),
        (changed(PLACE, "<I", 10**9), "cut off"),
        (content_of(npy(SMALL) + bytes(9), 728), "declares 728 bytes and holds more"),
        (content_of(npy(SMALL) + bytes(10**7), 728), "declares 728 bytes and holds more"),
        (content_of(npy(SMALL)[:-9], 728), "declares 728 bytes and holds only 719"),
        (raw(npy(SMALL) + b"x"), "declares 729 bytes, but"),
        (raw(b"text, not an array"), "no npy array"),
        (raw(b""), "no npy array"),
        (raw(npy_with_header(HEADER)[:30]), "no npy array"),
        (raw(npy_with_header(HEADER, b"\3\0")), "no npy array of format 1 or 2"),
        (raw(npy_with_header(HEADER.ljust(60_000))), "header of 60000 bytes"),
        (raw(npy_with_header("(" * 2000)), "cannot be read"),
        (raw(npy_with_header("__import__('os').abort()")), "cannot be read"),
        (raw(npy(np.asfortranarray(SMALL))), "Fortran order"),
        (lambda path: np.savez(path, a=np.array([{"x": 1}], object)), "holds pickles"),
        (longer_local_name, "is not where"),
        (raw(npy_of("'|u1'", "(-3, -200)")), "impossible shape"),
        (raw(npy_of("'|u1'", "(True, 600)")), "impossible shape"),
        (raw(npy_of("'|u1'", "(600,) + (1,) * 40")), "cannot be read"),
        (raw(npy_of("'|u1'", f"(600, {'1, ' * 40})")), "impossible shape"),
        (raw(npy_of("'|u1'", f"(0, 0x{'f' * 3900})")), "impossible shape"),
        (raw(npy_of("'|u1'", f"({'0x7fffffffffffffff, ' * 20})")), "impossible shape"),
        (raw(npy_of("'|S3'", "(200,)")), "something else than plain numbers"),
        (raw(npy_of("'|V0'", "(200,)")), "something else than plain numbers"),
        (raw(npy_of("[('x', '|u1')]", "(600,)")), "something else than plain numbers"),
        (raw(npy_of("('|u1', (3, 200))", "(1,)")), "something else than plain numbers"),
    ],
)
def test_what_is_wrong_gets_one_sentence(make, words, tmp_path):
    path = tmp_path / "f.npz"
    make(path)
    with pytest.raises(NpzError, match=words) as caught:
        a = member(path)
        assert a.header
        assert list(a.content())
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_directory_too_long_is_not_read(tmp_path):
    """Four bytes at the end can declare a directory of any length."""
    path = write_npz(tmp_path / "f.npz", {"a": np.zeros(1 << 22, np.uint8)}, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.rindex(b"PK\5\6") + 12, 1 << 21)
    path.write_bytes(data)
    with pytest.raises(NpzError, match="too long"):
        member(path)


def test_a_file_that_cannot_be_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")  # to open it would wait for a writer
    for path in (tmp_path, tmp_path / "none", tmp_path / "pipe"):
        with pytest.raises(CleanDataError, match=f"Cannot read {path}"):
            member(path)
