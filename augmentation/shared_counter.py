"""How often each image has come, counted by all processes that work with one augmentation."""

import ctypes
import warnings
from multiprocessing.context import get_spawning_popen
from multiprocessing.sharedctypes import RawArray

CAPACITY = 1 << 19  # images told apart, in 4 MB
_LONGEST_SEARCH = 128  # cells; with three quarters of them taken most searches end long before
_COUNT_BITS = 24  # of a cell; the other 40 are the image's


class SharedCounter:
    """Counts by image, and the epoch, in memory shared with worker processes, however started.

    A hash table of 64-bit cells. There is no lock, which a killed worker could leave locked: only if two
    processes take the same free cell within about a microsecond one of the two counts is lost, and
    then one image repeats one of its draws.
    """

    def __init__(self) -> None:
        self._share(RawArray(ctypes.c_uint64, 1 + CAPACITY))

    def _share(self, memory: ctypes.Array) -> None:
        self._memory = memory
        self._cells = memoryview(memory).cast("B").cast("Q")  # the first cell holds the epoch

    def __getstate__(self) -> ctypes.Array | int:
        # A process being started shares the memory; any other copy only starts in the same epoch.
        return self._memory if get_spawning_popen() else self.epoch

    def __setstate__(self, state: ctypes.Array | int) -> None:
        if isinstance(state, int):
            self._share(RawArray(ctypes.c_uint64, 1 + CAPACITY))
            self.epoch = state
        else:
            self._share(state)

    @property
    def epoch(self) -> int:
        return self._cells[0]

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        """Begin an epoch: every count is 0 again, in all processes."""
        ctypes.memset(self._memory, 0, ctypes.sizeof(self._memory))
        self._cells[0] = epoch

    def count(self, image: int) -> int:
        """How often `image` (64 bits, evenly spread) was counted before; it is counted once more."""
        own = (image >> _COUNT_BITS or 1) << _COUNT_BITS
        for step in range(_LONGEST_SEARCH):
            index = 1 + (image + step) % CAPACITY
            cell = self._cells[index]
            if not cell:
                self._cells[index] = own + 1
                return 0
            if cell >> _COUNT_BITS == own >> _COUNT_BITS:
                self._cells[index] = cell + 1
                return cell - own
        warnings.warn(
            f"A seeded augmentation counts some {CAPACITY:,} different images, and more have come: "
            "the others get the same draws in every epoch unless set_epoch is called at each one.",
            stacklevel=2,
        )
        return 0
