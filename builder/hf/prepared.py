"""What `datasets` has prepared in its cache, held against checksums: Arrow files carry none.

A note beside the files says how long each is and what its CRC-32 is. Where they differ, what was
prepared is removed and made anew, in place of wrong labels or an error that would come back for ever.
Sizes are compared each time; every byte is read for `verification_mode="all_checks"`.
"""

import contextlib
import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import datasets
from filelock import FileLock

from medmnist_c.builder import igzip
from medmnist_c.builder.files import atomic_write
from medmnist_c.builder.source.npz import CHUNK

_NOTE = "whole.json"
_INFO = datasets.config.DATASET_INFO_FILENAME


class CheckedPreparation(datasets.ArrowBasedBuilder):
    """A builder that does not take damaged files for a prepared test set."""

    def _build_cache_dir(self) -> str:
        folder = super()._build_cache_dir()
        _remove_if_damaged(folder, every_byte=False)  # before the files are looked into
        return folder

    def download_and_prepare(
        self,
        output_dir: str | None = None,
        download_config: datasets.DownloadConfig | None = None,
        download_mode: datasets.DownloadMode | str | None = None,
        verification_mode: datasets.VerificationMode | str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        mode = datasets.VerificationMode(verification_mode or "basic_checks")
        every_byte = mode is datasets.VerificationMode.ALL_CHECKS
        _remove_if_damaged(output_dir or self._cache_dir, every_byte)
        super().download_and_prepare(
            output_dir, download_config, download_mode, mode, *args, **kwargs
        )

    def _save_info(self) -> None:
        super()._save_info()
        folder = Path(self._output_dir)
        if folder.is_dir():  # not an address elsewhere
            files = {path.name: _size_and_sum(path) for path in sorted(folder.iterdir())}
            with atomic_write(folder / _NOTE) as note:
                note.write(json.dumps(files).encode())


def _remove_if_damaged(path: str, every_byte: bool) -> None:
    """Remove a prepared folder that is not as its note says; `every_byte` of it, or its sizes."""
    folder = Path(path)
    if not (folder / _INFO).exists() or _is_whole(folder, every_byte):
        return
    with contextlib.suppress(OSError), FileLock(f"{folder}_builder.lock"):  # as `datasets` has it
        if not _is_whole(folder, every_byte):  # another process may have been quicker
            warnings.warn(f"{folder} is damaged; it is prepared anew.", stacklevel=4)
            shutil.rmtree(folder)


def _is_whole(folder: Path, every_byte: bool) -> bool:
    try:
        files = json.loads((folder / _NOTE).read_text("utf-8"))
        return _INFO in files and all(
            _size_and_sum(folder / name) == found
            if every_byte or name == _INFO
            else (folder / name).stat().st_size == found[0]
            for name, found in files.items()
        )
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return False


def _size_and_sum(path: Path) -> list[int]:
    crc = size = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            crc = igzip.crc32(chunk, crc)
            size += len(chunk)
    return [size, crc]
