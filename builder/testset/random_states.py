"""States of the reference's random streams, kept as small files beside the clean test set."""

import contextlib
import hashlib
import re
from collections.abc import Iterator, MutableMapping
from pathlib import Path

import numpy as np

from medmnist_c.builder.files import atomic_write, remove_stale
from medmnist_c.builder.versions import IMAGES_VERSION
from medmnist_c.corruptions.random.streams import is_state

_FOLDER = "stream_states"
_NAME = re.compile(r"(legacy|python)-([0-9]{1,15})\.state")
_STATE_BYTES = 625 * 4
_BYTES = hashlib.sha256().digest_size + _STATE_BYTES


class StateFolder(MutableMapping):
    """A mapping from (stream, index) to 625 uint32, one file each, shared by processes.

    A file is a SHA-256 and the state. The checksum also covers whose state it is. A damaged state, and
    one of another index, of other images or of another version, is removed and found anew. Whoever
    can write here can make the checksum, too, so the state is checked against what it can be.
    """

    def __init__(self, clean_folder: Path) -> None:
        self._folder = Path(clean_folder) / _FOLDER

    def _path(self, key: tuple[str, int]) -> Path:
        stream, index = key
        return self._folder / f"{stream}-{index:09d}.state"

    def _content(self, key: tuple[str, int], state: bytes) -> bytes:
        of = repr((self._folder.parent.name, IMAGES_VERSION, *key))
        return hashlib.sha256(of.encode() + state).digest() + state

    def __getitem__(self, key: tuple[str, int]) -> np.ndarray:
        path = self._path(key)
        with contextlib.suppress(OSError):
            if path.stat().st_size == _BYTES:
                content = path.read_bytes()
                packed = content[-_STATE_BYTES:]
                state = np.frombuffer(packed, "<u4").astype(np.uint32)
                if content == self._content(key, packed) and is_state(state):
                    return state
            path.unlink()
        raise KeyError(key)

    def __setitem__(self, key: tuple[str, int], state: np.ndarray) -> None:
        if key in self:
            return  # an index has one state
        with contextlib.suppress(OSError):  # they save time; a full or locked disk costs only that
            self._folder.mkdir(parents=True, exist_ok=True)
            remove_stale(self._folder)
            with atomic_write(self._path(key)) as file:
                file.write(self._content(key, state.astype("<u4").tobytes()))

    def __delitem__(self, key: tuple[str, int]) -> None:
        self._path(key).unlink()

    def __iter__(self) -> Iterator[tuple[str, int]]:
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                if found := _NAME.fullmatch(path.name):
                    yield found[1], int(found[2])

    def __len__(self) -> int:
        return sum(1 for _ in self)
