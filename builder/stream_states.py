"""States of the release's random streams, kept as small files beside the clean test set."""

import contextlib
import os
import tempfile
import zipfile
from collections.abc import Iterator, MutableMapping
from pathlib import Path

import numpy as np

_FOLDER = "stream_states"


class StateFolder(MutableMapping):
    """A mapping from (stream, place) to 625 uint32, one file each, shared by processes.

    A file is written aside and renamed, and carries a checksum (it is a zip): what cannot be read
    back whole is taken away and found anew.
    """

    def __init__(self, clean_folder: Path) -> None:
        self._folder = Path(clean_folder) / _FOLDER

    def _path(self, key: tuple[str, int]) -> Path:
        stream, place = key
        return self._folder / f"{stream}-{place:09d}.npz"

    def __getitem__(self, key: tuple[str, int]) -> np.ndarray:
        path = self._path(key)
        try:
            with np.load(path) as file:
                state = file["state"]
            if state.shape != (625,) or state.dtype != np.uint32 or state[624] > 624:
                raise ValueError("not a state")
        except FileNotFoundError:
            raise KeyError(key) from None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            path.unlink(missing_ok=True)
            raise KeyError(key) from None
        return state

    def __setitem__(self, key: tuple[str, int], state: np.ndarray) -> None:
        path = self._path(key)
        if path.exists():
            return  # a place has one state; it was checked when written
        with contextlib.suppress(
            OSError
        ):  # states save time; a full or locked disk costs only that
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".tmp") as file:
                np.savez(file, state=state)
                file.flush()
                os.link(file.name, path)

    def __delitem__(self, key: tuple[str, int]) -> None:
        self._path(key).unlink()

    def __iter__(self) -> Iterator[tuple[str, int]]:
        if self._folder.is_dir():
            for path in self._folder.glob("*-*.npz"):
                stream, place = path.stem.split("-")
                yield stream, int(place)

    def __len__(self) -> int:
        return sum(1 for _ in self)
