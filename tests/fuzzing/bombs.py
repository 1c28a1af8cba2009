"""Small files that ask for much memory, read by a process that may have little.

Run as `python -m fuzzing.bombs FOLDER`; prints how each was refused.
"""

import io
import resource
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from medmnist_c.builder.configs import select
from medmnist_c.builder.source.clean import find_clean_source
from medmnist_c.builder.source.npz import LocalFile, find_members
from medmnist_c.builder.source.sample import SAMPLE_FOLDER
from medmnist_c.builder.testset.random_states import StateFolder
from medmnist_c.builder.testset.reference_comparison import compare_with_reference
from medmnist_c.corruptions.stain_masks import reference_masks

HUGE = 96 << 20  # bytes
ROOM = 40 << 20  # for the readers, beyond what the process has after its imports


def header(shape: tuple[int, ...], descr: str = "|u1") -> bytes:
    file = io.BytesIO()
    form = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, form)
    return file.getvalue()


def write(path: Path, **members: tuple[bytes, int]) -> Path:
    """An npz of members that consist of a header and of so many zeros, all of it declared."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, (start, zeros) in members.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                member.write(start)
                for written in range(0, zeros, 1 << 20):
                    member.write(bytes(min(1 << 20, zeros - written)))
    return path


def sparse(path: Path, size: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)
    return path


def read_all(path: Path) -> None:
    for member in find_members(LocalFile(path), ("test_images.npy",)):
        assert member.header
        for _ in member.content():
            pass


def bombs(folder: Path) -> dict[str, Callable[[], object]]:
    """Make them, and say how each is read; every one is refused."""
    count = find_clean_source("octmnist", SAMPLE_FOLDER).count
    long_labels = write(
        folder / "labels" / "octmnist_224.npz",
        test_images=(header((2, 224, 224)), 2 * 224 * 224),
        test_labels=(header((HUGE, 1)), HUGE),
    )
    lying = folder / "lying.npz"
    write(lying, test_images=(header((600,)), HUGE))
    lying.write_bytes(_declare(lying.read_bytes(), 728))
    no_header = write(folder / "no_header.npz", test_images=(b"", HUGE))
    entries = folder / "entries.npz"
    with zipfile.ZipFile(entries, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(15_000):
            archive.writestr("test_images.npy", b"")
    write(
        folder / "release" / "octmnist" / "pixelate.npz",
        test_images=(header((5 * count, 224, 224)), 5 * count * 224 * 224),
        test_labels=(header((HUGE, 1)), HUGE),
    )
    state = StateFolder(folder / "octmnist-0")
    sparse(folder / "octmnist-0" / "stream_states" / "python-000000005.state", HUGE)
    masks = sparse(folder / "inks.npz", HUGE)

    def verify() -> None:
        one = select(("octmnist_pixelate_1",))
        found = compare_with_reference(
            folder / "release", one, sample=True, cache_dir=folder / "cache"
        )
        raise OSError(next(iter(found)).missing)

    return {
        "labels": lambda: find_clean_source("octmnist", long_labels.parent),
        "lying": lambda: read_all(lying),
        "no header": lambda: read_all(no_header),
        "entries": lambda: read_all(entries),
        "release": verify,
        "state": lambda: state["python", 5],
        "masks": lambda: reference_masks(masks),
    }


def _declare(data: bytes, size: int) -> bytes:
    """The first member's size, as the directory states it, replaced."""
    changed = bytearray(data)
    place = changed.index(b"PK\1\2") + 24
    changed[place : place + 4] = size.to_bytes(4, "little")
    return bytes(changed)


def main() -> None:
    readers = bombs(Path(sys.argv[1]))
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    for name, read in readers.items():
        try:
            read()
        except (OSError, ValueError, KeyError) as error:
            print(f"{name}: {type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
