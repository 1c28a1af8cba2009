"""npz files made from nothing, whose every field may lie."""

import struct
import zlib

from hypothesis import strategies as st

_TRUE = st.just(None)  # in place of a number: the right one
_LIES_32 = st.sampled_from([0, 1, 127, 728, 50_304, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF])
_NAMES = (
    "test_images.npy",
    "test_labels.npy",
    "../test_images.npy",
    "/test_images.npy",
    "./test_images.npy",
    "TEST_IMAGES.NPY",
    "test_images.npy\0.txt",
    "test_images.npy/",
    "C:\\test_images.npy",
    "",
)
_DESCR = (
    "'|u1'", "'|i1'", "'<i8'", "'>i4'", "'<f8'", "'|b1'", "'|O'", "'O'", "'|V0'", "'|S0'",
    "'<U9999999'", "'|S2147483647'", "[('x', '|u1')]", "[('x', '|O')]", "('|u1', (224, 224))",
    "'<M8[ns]'", "'u1,O'", "(('|u1', (3,)), (3,))", "None", "7", "'nonsense'", "'|u1\\n'",
    "[('a', '|u1', 99999999999)]",
)  # fmt: skip
_SHAPE = (
    "()", "(0,)", "(1, 224, 224)", "(2, 224, 224)", "(2, 1)", "(1, 1)", "(1, 224, 224, 1)",
    "(-1, 224, 224)", "(-2, -224, -224)", "(True, 224, 224)", "(1, 224, 224.0)", "(None,)",
    "1", "[1, 224, 224]", "(999999999999, 224, 224)", "(0, 0x" + "f" * 3800 + ")",
    "(" + "1, " * 60 + ")", "(0x7fffffffffffffff,) ", "(" + "9" * 3900 + ",)", "(1j,)",
)  # fmt: skip
_CODE = (
    "__import__('os').system('true')",
    "{'descr': __import__('os').system('true'), 'fortran_order': False, 'shape': (1,)}",
    "(lambda: 0)()",
    "[" * 900,
    "{" * 200 + "}" * 200,
    "-" * 1500 + "1",
    "1+1",
    "''" * 600,
    "",
    "\0",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (1L, 224L, 224L)}",
)
_PICKLE = b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94\x93\x94\x8c\x04true\x94\x85\x94R\x94."


@st.composite
def npy_files(draw) -> bytes:
    """An npy file: a header of lies, then zeros, noise or a pickle."""
    version = draw(st.sampled_from([(1, 0), (1, 0), (1, 0), (2, 0), (3, 0), (9, 9), (0, 0)]))
    order = draw(st.sampled_from(["False", "False", "True", "0", "None"]))
    header = draw(
        st.one_of(
            st.builds(
                lambda descr, shape: (
                    f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n"
                ),
                st.sampled_from(_DESCR),
                st.sampled_from(_SHAPE),
            ),
            st.sampled_from(_CODE),
            st.text(max_size=60),
        )
    ).encode("utf-8", "replace")
    length = draw(st.one_of(_TRUE, _TRUE, st.sampled_from([0, 1, 60, 5000, 65535])))
    length = len(header) if length is None else length
    field = struct.pack("<H", length) if version[0] < 2 else struct.pack("<I", length)
    body = draw(
        st.sampled_from([b"", b"\0", bytes(2), bytes(50_176), bytes(100_352), _PICKLE, _PICKLE * 9])
    )
    magic = draw(st.sampled_from([b"\x93NUMPY"] * 8 + [b"\x93NUMPX", b"PK\3\4", b"\x80\4"]))
    return magic + bytes(version) + field + header + body


@st.composite
def zip_files(draw, contents: st.SearchStrategy[bytes]) -> bytes:
    """A zip of one to four members, in whose records any number may be another."""
    data = bytearray(draw(st.sampled_from([b"", b"", b"", b"#!/bin/sh\n", b"PK\3\4"])))
    directory = bytearray()
    names = ["test_images.npy", "test_labels.npy"]
    names = draw(st.one_of(st.just(names), st.lists(st.sampled_from(_NAMES), max_size=4)))
    for name in names:
        _add(draw, data, directory, name.encode(), draw(contents))
    start = len(data)
    data += directory

    def number(true: int, lies: st.SearchStrategy[int]) -> int:
        lie = draw(st.one_of(_TRUE, _TRUE, _TRUE, lies))
        return true if lie is None else lie

    count = number(len(names), st.integers(0, 65535))
    size, offset = number(len(directory), _LIES_32), number(start, _LIES_32)
    if draw(st.integers(0, 5)) == 0:  # zip64
        end = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
        place = number(len(data), _LIES_32)
        data += end + struct.pack("<4sIQI", b"PK\6\7", 0, place, number(1, st.just(7)))
        count, size, offset = 65535, 0xFFFFFFFF, 0xFFFFFFFF
    data += struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, size, offset, 0)
    return bytes(data)


def _add(draw, data: bytearray, directory: bytearray, name: bytes, content: bytes) -> None:
    def maybe(true: int, lies: st.SearchStrategy[int] = _LIES_32) -> int:
        lie = draw(st.one_of(*[_TRUE] * 7, lies))
        return true if lie is None else lie

    method = draw(st.sampled_from([0, 8, 8, 8, 12, 99]))
    packed = content
    if method == 8:
        deflate = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
        packed = deflate.compress(content) + deflate.flush()
    crc = maybe(zlib.crc32(content))
    sizes = (maybe(len(packed)), maybe(len(content)))
    flags = maybe(0, st.sampled_from([1, 8, 64, 0x800, 0xFFFF]))
    extra = b""
    if draw(st.integers(0, 5)) == 0:  # zip64: the sizes again, or others
        extra = struct.pack("<HHQQ", 1, maybe(16) & 0xFFFF, maybe(sizes[1]), maybe(sizes[0]))
        sizes = (0xFFFFFFFF, 0xFFFFFFFF)
    local_name = draw(st.sampled_from([name] * 7 + [b"other.npy", name + b"x", name[:-1]]))
    place = len(data)
    data += struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, flags, method, 0, 0, crc, *sizes,
                        maybe(len(local_name)) & 0xFFFF, maybe(len(extra)) & 0xFFFF)  # fmt: skip
    data += local_name + extra + packed
    directory += struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, flags, method, 0, 0, crc,
                             *sizes, maybe(len(name)) & 0xFFFF, maybe(len(extra)) & 0xFFFF,
                             0, 0, 0, 0, maybe(place))  # fmt: skip
    directory += name + extra
