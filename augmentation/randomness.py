"""Where an augmentation's random numbers come from; never from a global random state.

With a seed, the draws of an image follow from (seed, epoch, image, n): the n-th time in the epoch
that the image comes, in whichever process. The image is known by its index where there is one,
else by its content. So neither the order of the images nor the number of workers matters.

Without a seed, each process draws from fresh entropy of the operating system.
"""

import hashlib
import os
from random import Random

import numpy as np

from medmnist_c.augmentation.shared_counter import SharedCounter
from medmnist_c.builder import igzip


class Randomness:
    """Makes the random generator for each image. A copy or pickle starts its epoch anew."""

    def __init__(self, seed: int | None) -> None:
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer | None):
            raise TypeError(f"The seed is a whole number, or None for fresh draws, not {seed!r}.")
        if seed is not None and seed < 0:
            raise ValueError(f"The seed is a whole number from 0 on, not {seed}.")
        self.seed = None if seed is None else int(seed)
        self._counter = None if seed is None else SharedCounter()
        self._fresh: tuple[int, Random] | None = None  # the process that it belongs to, and it
        # Tells unseeded augmentations apart for `datasets`, which keeps results by what is pickled.
        self._name = os.urandom(8) if seed is None else b""

    def __getstate__(self) -> dict:
        return self.__dict__ | {"_fresh": None}

    def set_epoch(self, epoch: int) -> None:
        """Begin epoch `epoch`, a whole number from 0 on, here and in running workers."""
        if isinstance(epoch, bool) or not isinstance(epoch, int | np.integer):
            raise TypeError(f"The epoch is a whole number, not {epoch!r}.")
        if epoch < 0:
            raise ValueError(f"The epoch is a whole number from 0 on, not {epoch}.")
        if self._counter is not None:
            self._counter.epoch = int(epoch)

    def generator(self, pixels: np.ndarray | None, index: int | None = None) -> Random:
        """The generator of an image's next parameters.

        Args:
            pixels: the image; None will do if the index is given or there is no seed.
            index: its number in its dataset, if known.
        """
        if self._counter is None:
            return self._fresh_generator()
        if index is not None:
            image = _digest(b"index", int(index))
        elif pixels is not None:
            image = _digest(b"content", *pixels.shape, *_checksums(pixels))
        else:
            raise TypeError("With a seed, draws belong to an image: give it, or its index.")
        count = self._counter.count(image)
        return Random(_digest(b"draw", self.seed, self._counter.epoch, image, count))

    def _fresh_generator(self) -> Random:
        process = os.getpid()
        if self._fresh is None or self._fresh[0] != process:  # after a fork
            self._fresh = process, Random(os.urandom(32))
        return self._fresh[1]


def _checksums(pixels: np.ndarray) -> tuple[int, int]:
    """64 bits of checksum, twenty times as quick as a cryptographic digest."""
    content = np.ascontiguousarray(pixels)
    return igzip.crc32(content), igzip.adler32(content)


def _digest(*parts: object) -> int:
    """64 evenly spread bits."""
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=8).digest(), "little")
