"""What igzip makes is right, and the same in every process."""

import subprocess
import sys
import zlib

import numpy as np
import pytest

from medmnist_c.builder import igzip

_DIGEST = """
import hashlib, sys
import numpy as np
from medmnist_c.builder import igzip

every = hashlib.sha256()
for start in np.random.default_rng(0).integers(0, 256, (20_000, 3), np.uint8):
    flat = np.concatenate([[2], np.tile(start, 120)]).astype(np.uint8)  # matches from the start on
    every.update(igzip.compress(flat, 1))
print(every.hexdigest())
"""


@pytest.mark.parametrize("size", [0, 1, 3, 15, 16, 17, 1000, 200_000])
def test_zlib_reads_it(size):
    data = np.random.default_rng(size).integers(0, 4, size, np.uint8)
    assert zlib.decompress(igzip.compress(data, 1)) == data.tobytes()
    assert igzip.crc32(data, 5) == zlib.crc32(data, 5)
    assert igzip.adler32(data) == zlib.adler32(data)


def test_same_bytes_in_every_process():
    """Its own start of a stream depends on where things lie in memory, which differs each time."""
    run = [sys.executable, "-c", _DIGEST]
    digests = {subprocess.run(run, capture_output=True, check=True).stdout for _ in range(3)}
    assert len(digests) == 1
