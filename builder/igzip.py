"""Intel's igzip (`isal`): deflate and CRC-32 several times as fast as zlib's.

Its code leaves the upper halves of the processor's vector registers in use (no VZEROUPPER). As long as
they are, all code for older processors runs at a third of its speed: Pillow's, the interpreter's, ours.
Whatever of numpy's runs on wide vectors puts them in order again.
"""

import numpy as np
from isal import isal_zlib

_START = 16  # bytes
_TWO = np.zeros((2, 64), np.uint8)


def crc32(data: bytes | memoryview | np.ndarray, start: int = 0) -> int:
    """CRC-32, going on from `start`, as `zlib.crc32`."""
    checksum = isal_zlib.crc32(data, start)
    _put_in_order()
    return checksum


def adler32(data: bytes | np.ndarray) -> int:
    """Adler-32, as `zlib.adler32`."""
    checksum = isal_zlib.adler32(data)
    _put_in_order()
    return checksum


def compress(data: bytes | np.ndarray, level: int) -> bytes:
    """A zlib stream; level 0-3.

    At the start of a stream igzip (2.32, isal 1.9) puts an address in memory, which differs from process
    to process, where the hash of the third byte belongs; now and then it misses a match for that, and
    the same data becomes other bytes. What is flushed before 16 bytes have come goes another way,
    which has no such fault, and what follows has its start behind it.
    """
    view = (data.data if isinstance(data, np.ndarray) else memoryview(data)).cast("B")
    stream = isal_zlib.compressobj(level)
    first = stream.compress(view[:_START]) + stream.flush(isal_zlib.Z_SYNC_FLUSH)
    compressed = b"".join((first, stream.compress(view[_START:]), stream.flush()))
    _put_in_order()
    return compressed


def _put_in_order() -> None:
    np.minimum(_TWO[0], _TWO[1], out=_TWO[0])
