"""Memory that processes share. It has no name, so nothing of it outlives them, killed or not."""

import mmap
import os
import secrets
import sys
import tempfile
from multiprocessing import reduction
from typing import Any

import numpy as np


class SharedMemory:
    """Bytes that this process and those it is sent to read and write.

    It can only be sent to a process as that is started. Pages are taken as they are first written.
    """

    def __init__(self, size: int) -> None:
        if sys.platform == "win32":  # a mapping goes when the last process with it ends
            self._name = f"medmnist_c-{secrets.token_hex(16)}"
            self._map = mmap.mmap(-1, size, tagname=self._name)
            return
        descriptor = _unnamed_file()
        try:
            os.ftruncate(descriptor, size)
            self._map = mmap.mmap(descriptor, size)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def __getstate__(self) -> dict[str, Any]:
        if sys.platform == "win32":
            return {"size": len(self._map), "at": self._name}
        return {"size": len(self._map), "at": reduction.DupFd(self._descriptor)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        if sys.platform == "win32":
            self._map = mmap.mmap(-1, state["size"], tagname=state["at"])
            return
        self._descriptor = state["at"].detach()
        self._map = mmap.mmap(self._descriptor, state["size"])

    def array(self) -> np.ndarray:
        """All of it, uint8; the memory stays as long as the array does."""
        return np.frombuffer(self._map, np.uint8)

    def close(self) -> None:
        """Nothing more is sent; the memory goes with the last array of it."""
        if sys.platform != "win32":
            os.close(self._descriptor)


def _unnamed_file() -> int:
    if hasattr(os, "memfd_create"):  # not bound by the size of /dev/shm, small in containers
        return os.memfd_create("medmnist_c images")
    descriptor, path = tempfile.mkstemp(prefix="medmnist_c_")
    os.unlink(path)
    return descriptor
