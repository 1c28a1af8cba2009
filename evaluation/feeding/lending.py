"""Memory for one batch after the other, used again as soon as nobody has anything of it any more."""

import numpy as np


class BatchMemory:
    """Lends arrays of one size. A model may keep its batch: then the next one is of other memory."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._back: list[np.ndarray] = []

    def lend(self) -> np.ndarray:
        """uint8, of any content. It comes back when the last array or tensor that views it is gone."""
        memory = self._back.pop() if self._back else np.empty(self._size, np.uint8)
        return np.asarray(_Lent(memory, self._back))


class _Lent:
    """Owns memory for the arrays that view it."""

    def __init__(self, memory: np.ndarray, back: list[np.ndarray]) -> None:
        self.__array_interface__ = memory.__array_interface__
        self._memory, self._back = memory, back

    def __del__(self) -> None:
        self._back.append(self._memory)
