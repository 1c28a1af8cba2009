"""A folder for one trial: the source, the cache and the output, and what stands in their way."""

import contextlib
import hashlib
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.medmnist_files import write_medmnist_file

from medmnist_c.builder.source.npz import LocalFile, find_members

IMAGES = {"bloodmnist": 40, "organsmnist": 60}


@dataclass(frozen=True)
class Place:
    """`data` is given as data_dir, `cache` is the cache of `datasets`, `out` what `build` writes."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def source(self, dataset: str = "bloodmnist") -> Path:
        return self.data / f"{dataset}_224.npz"

    def copies(self, pattern: str = "bloodmnist-*") -> list[Path]:
        """The clean test sets in the cache."""
        return sorted((self.cache / "medmnist_c_clean").glob(pattern))

    def copied(self, name: str) -> Path:
        """A file of the clean test set of bloodmnist."""
        return self.copies()[0] / name

    def environment(self) -> dict[str, str]:
        return os.environ | {
            "HOME": str(self.folder),
            "HF_HOME": str(self.folder / "huggingface"),
            "HF_DATASETS_CACHE": str(self.cache),
            "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_OFFLINE": "1",
            "PYTHONWARNINGS": "ignore",
        }


def make_place(folder: Path, seed: int = 0) -> Place:
    """A place with its sources, small files in the MedMNIST+ layout."""
    place = Place(folder)
    for one in (place.data, place.cache, place.out):
        one.mkdir(parents=True)
    for dataset, count in IMAGES.items():
        write_medmnist_file(place.data, dataset, count, seed=seed)
    return place


def contents(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder, by its path; unfinished ones are left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.endswith(".tmp"):
            found[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def unlike(found: dict[str, str], right: dict[str, str]) -> set[str]:
    """Names of the test sets that `build` calls finished and that are not what they should be."""
    finished = {path.rpartition("/")[0] for path in found if path.endswith("/made.json")}
    return {
        path.split("/")[1]
        for path in {*found, *right}
        if path.rpartition("/")[0] in finished and found.get(path) != right.get(path)
    }


def flip(path: Path, seed: int = 0, *, last: bool = False) -> None:
    """Turn one bit of a file: the last byte's, or one anywhere."""
    data = bytearray(path.read_bytes())
    data[-1 if last else random.Random(seed).randrange(len(data))] ^= 16
    path.write_bytes(data)


def flip_images(path: Path) -> None:
    """Turn one bit of a source, in the middle of its test images."""
    data = bytearray(path.read_bytes())
    (member,) = find_members(LocalFile(path), ("test_images.npy",))
    data[member.start + member.compressed_size // 2] ^= 16
    path.write_bytes(data)


def cut(path: Path, part: float = 0.6) -> None:
    """Truncate a file in place."""
    os.truncate(path, int(path.stat().st_size * part))


def swap(one: Path, other: Path) -> None:
    """Two files change places."""
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


def set_times(folder: Path, seconds: float) -> None:
    """Give everything below a folder one time, in seconds since 1970."""
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (seconds, seconds), follow_symlinks=False)


def _mount(*arguments: object) -> None:
    subprocess.run(["mount", *map(str, arguments)], check=True)


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A disk of `size` ("2m") at a folder; `enlarge` makes room on it."""
    _mount("-t", "tmpfs", "-o", f"size={size}", "none", folder)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def enlarge(folder: Path) -> None:
    """Make room on a `small_disk`."""
    _mount("-o", "remount,size=512m", folder)


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder that nobody can write, not even root."""
    _mount("--bind", folder, folder)
    try:
        _mount("-o", "remount,bind,ro", folder)
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def may_mount() -> bool:
    return os.geteuid() == 0 and shutil.which("mount") is not None


def last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


def python(*arguments: object) -> list[str]:
    return [sys.executable, *map(str, arguments)]
