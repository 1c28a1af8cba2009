"""Files with something wrong in them: edits of good ones, mostly where it matters."""

import struct
from itertools import chain

from hypothesis import strategies as st

_LANDMARKS = (b"PK\1\2", b"PK\3\4", b"PK\5\6", b"PK\6\6", b"PK\6\7", b"\x93NUMPY")
_NUMBERS = (0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF, 2**63 - 1)


def landmarks(data: bytes) -> list[int]:
    """Where the records of a zip and the headers of its arrays begin."""
    found = [0]
    for mark in _LANDMARKS:
        place = data.find(mark)
        while place >= 0:
            found.append(place)
            place = data.find(mark, place + 1)
    return found


def edited(bases: list[bytes], most: int = 4) -> st.SearchStrategy[bytes]:
    """Good files after one to `most` edits."""
    marks = [landmarks(base) for base in bases]

    @st.composite
    def draw_one(draw) -> bytes:
        number = draw(st.integers(0, len(bases) - 1))
        data = bytearray(bases[number])
        for _ in range(draw(st.integers(1, most))):
            _edit(draw, data, marks[number], bases)
        return bytes(data)

    return draw_one()


def _edit(draw, data: bytearray, marks: list[int], bases: list[bytes]) -> None:
    anywhere = st.integers(0, max(0, len(data) - 1))
    near = st.builds(
        lambda mark, by: min(mark + by, max(0, len(data) - 1)),
        st.sampled_from(marks),
        st.integers(0, 80),
    )
    place = draw(st.one_of(near, near, anywhere))
    kind = draw(st.sampled_from(("flip", "number", "bytes", "cut", "insert", "truncate", "splice")))
    if kind == "flip" and data:
        data[place] ^= 1 << draw(st.integers(0, 7))
    elif kind == "number":
        form = draw(st.sampled_from("HIQ"))
        value = draw(st.sampled_from(_NUMBERS)) & (2 ** (8 * struct.calcsize(form)) - 1)
        data[place : place + struct.calcsize(form)] = struct.pack(f"<{form}", value)
    elif kind == "bytes":
        new = draw(st.binary(min_size=1, max_size=8))
        data[place : place + len(new)] = new
    elif kind == "cut":
        del data[place : place + draw(st.integers(1, 200))]
    elif kind == "insert":
        data[place:place] = draw(st.binary(min_size=1, max_size=40))
    elif kind == "truncate":
        del data[place:]
    elif kind == "splice":
        other = draw(st.sampled_from(bases))
        start = draw(st.sampled_from(list(chain(landmarks(other), [len(other) // 2]))))
        data[place:] = other[start:]
