"""What the package keeps in the cache folder of `datasets`: to look at it, and to be rid of it.

{cache_dir}/medmnist_c_clean/{dataset}-{digest}/      clean images, random states found among them
{cache_dir}/medmnist_c_clean/{dataset}-64-validation-{digest}/    those of another size and split
{cache_dir}/medmnist_c_clean/inks.npz                 the reference's ink blots
{cache_dir}/medmnist_c_clean/.*                       what killed downloads and extractions left
{cache_dir}/medmnist_c/{config}-images={identity}/    a test set as load_dataset prepared it
{cache_dir}/medmnist_c_push/                          shards that a killed push left
{cache_dir}/*_medmnist_c_*.lock                       empty lock files of `datasets`
"""

import contextlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from medmnist_c.builder.files import absolute
from medmnist_c.builder.hf.registration import NAME
from medmnist_c.builder.patterns import matcher
from medmnist_c.builder.source.clean import CACHE_FOLDER
from medmnist_c.builder.splits import SPLITS
from medmnist_c.corruptions.stain_masks import REFERENCE_FILE

_COPY = rf"([a-z]+)(?:-[0-9]+)?(?:-(?:{'|'.join(SPLITS)}))?-[0-9a-f]+"  # of clean images

CLEAN, PREPARED, BLOTS = "clean images", "prepared", "ink blots"
LEFTOVER, LOCK = "leftover", "lock file"


@dataclass(frozen=True)
class CacheEntry:
    """A file or folder in the cache.

    `kind` is one of the words above, `name` the dataset, the configuration or the file's name, `size`
    in bytes. `locks` are the files that a process holds while it makes the entry.
    """

    kind: str
    name: str
    path: Path
    size: int
    locks: tuple[Path, ...] = ()


def cache_entries(cache_dir: str | Path, pattern: str = "*") -> list[CacheEntry]:
    """What of this package lies in a cache folder, by kind and name.

    Args:
        cache_dir: the cache folder of `datasets`.
        pattern: shell-style wildcards over a dataset or a configuration, such as "derma*"; what
            belongs to no dataset is only listed for "*".

    Raises:
        TypeError: the pattern is no string.
        UnknownNameError: it is too long.
    """
    fits, folder = matcher(pattern), absolute(cache_dir)
    found = [
        *_clean(folder / CACHE_FOLDER),
        *_prepared(folder / NAME),
        *_pushed(folder / f"{NAME}_push"),
        *_lock_files(folder),
    ]
    return [
        one
        for one in sorted(found, key=lambda one: one.kind == LOCK)  # last: removing takes locks
        if fits(one.name) or fits(one.name.partition("_")[0])
    ]


def remove_entry(entry: CacheEntry) -> bool:
    """Remove an entry; False if a process is at work on it, and it was left.

    Raises:
        OSError: it cannot be removed.
    """
    with contextlib.ExitStack() as held:
        new = [path for path in entry.locks if not path.exists()]
        for path in entry.locks:
            lock = FileLock(path, timeout=0)
            try:
                held.enter_context(lock)
            except Timeout:
                return False
            if path.is_relative_to(entry.path):
                lock.release()  # it goes, too, which some systems allow of no open file
        if entry.path.is_dir():
            shutil.rmtree(entry.path)
        else:
            entry.path.unlink(missing_ok=True)
        for path in new:
            path.unlink(missing_ok=True)
    return True


def _clean(base: Path) -> Iterator[CacheEntry]:
    for path in _listed(base):
        if found := re.fullmatch(_COPY, path.name):
            yield _entry(CLEAN, found[1], path, base / f".{found[1]}.lock")
        elif path.name == REFERENCE_FILE:
            yield _entry(BLOTS, path.name, path, base / f".{path.name}.lock")
        elif path.name.endswith(".lock"):
            yield _entry(LOCK, path.name, path, path)
        elif path.name.startswith("."):
            stem = re.match(r"\.([a-z]+(?:\.npz)?)", path.name)
            yield _entry(LEFTOVER, path.name, path, *[base / f".{stem[1]}.lock"] if stem else [])


def _prepared(base: Path) -> Iterator[CacheEntry]:
    for path in _listed(base):
        locks = path.rglob("*.lock")
        yield _entry(PREPARED, path.name.partition("-images=")[0], path, *sorted(locks))


def _pushed(base: Path) -> Iterator[CacheEntry]:
    for path in _listed(base):
        if path.name.endswith(".lock"):
            yield _entry(LOCK, path.name, path, path)
        else:
            yield _entry(LEFTOVER, path.name, path, base / f"{path.name}.lock")


def _lock_files(folder: Path) -> Iterator[CacheEntry]:
    start = f"{(folder / NAME).as_posix().replace('/', '_')}_"  # as `datasets` calls them
    for path in _listed(folder):
        if path.name.startswith(start) and path.name.endswith(".lock"):
            yield _entry(LOCK, path.name, path, path)


def _listed(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _entry(kind: str, name: str, path: Path, *locks: Path) -> CacheEntry:
    return CacheEntry(kind, name, path, _size(path), locks)


def _size(path: Path) -> int:
    return sum(_bytes(file) for file in _files(path))


def _files(path: Path) -> Iterable[Path]:
    if not path.is_dir():
        return [path]
    return (Path(above) / name for above, _, names in os.walk(path) for name in names)


def _bytes(file: Path) -> int:
    with contextlib.suppress(FileNotFoundError):  # it may be taken away meanwhile
        return file.stat().st_size
    return 0
