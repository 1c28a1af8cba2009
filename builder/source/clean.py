"""Splits of clean MedMNIST+ datasets: where one comes from, and how it gets into the cache.

`{cache_dir}/medmnist_c_clean/{dataset}-{digest}` serves all configurations and processes. It is made
under a lock, in a folder beside it that is then renamed; `clean_cache.py` says what is in it.
"""

import contextlib
import hashlib
import json
import os
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import numpy as np

from medmnist_c.builder.dataset_info import PUBLISHED_SIZE, MedMNISTInfo, dataset_info
from medmnist_c.builder.disk import check_space, locked, sync, writing_into
from medmnist_c.builder.errors import OFFLINE_REMEDY, CleanDataError
from medmnist_c.builder.files import absolute, atomic_write
from medmnist_c.builder.settings import is_offline, progress_bar
from medmnist_c.builder.source.clean_cache import (
    CleanImages,
    copy_name,
    load_clean,
    write_copy,
)
from medmnist_c.builder.source.download import RemoteFile, again_if_changed, fetch_whole
from medmnist_c.builder.source.http import NoRanges, public_name
from medmnist_c.builder.source.npz import ByteSource, LocalFile, Member, NpzError, find_members
from medmnist_c.builder.source.sample import SAMPLE_FOLDER
from medmnist_c.builder.splits import PUBLISHED, Split, images_member, labels_member
from medmnist_c.builder.suggestions import shown

MIRROR = "MEDMNIST_C_MIRROR"  # environment variable: URL of a folder of MedMNIST+ files
CACHE_FOLDER = "medmnist_c_clean"


class CleanFileChanged(CleanDataError):
    """The file in data_dir has another content than when it was looked at."""


@dataclass(frozen=True)
class CleanSource:
    """Where a split of a clean dataset comes from.

    `digest` identifies the content, `count` is the number of images, `path` the file in data_dir;
    None stands for the official file, in `~/.medmnist` or on Zenodo. `size` is the side of the images
    in pixels.
    """

    dataset: str
    digest: str
    count: int
    path: Path | None = None
    split: Split = PUBLISHED
    size: int = PUBLISHED_SIZE

    @property
    def info(self) -> MedMNISTInfo:
        """Facts about the dataset, at this size."""
        return dataset_info(self.dataset, self.size)


def find_clean_source(
    dataset: str,
    data_dir: str | Path | None = None,
    split: Split = PUBLISHED,
    size: int = PUBLISHED_SIZE,
) -> CleanSource:
    """Where a split of the clean `dataset` comes from; no network, and no images are read.

    Args:
        dataset: e.g. "dermamnist".
        data_dir: folder with `{dataset}_224.npz`; None for the official file.
        split: whose images.
        size: 28 (the file `{dataset}.npz`), 64, 128 or 224.

    Raises:
        UnknownNameError: no such dataset.
        CleanDataError: the file is not in `data_dir`, or is not one of this dataset and size, or has
            no images of the split.
        TypeError: `data_dir` is no path.
    """
    info = dataset_info(dataset, size)
    if data_dir is None:
        return CleanSource(dataset, info.md5[:16], info.count(split), None, split, info.size)
    if not isinstance(data_dir, str | os.PathLike):
        raise TypeError(f"data_dir is the path of a folder, not {shown(data_dir)}.")
    path = absolute(data_dir) / info.file_name
    if Path(data_dir) == SAMPLE_FOLDER and (split, info.size) != (PUBLISHED, PUBLISHED_SIZE):
        raise CleanDataError(
            f"The package's sample has test images of {PUBLISHED_SIZE} pixels only, no {split} images "
            f"of {info.size}; leave sample out, or give data_dir= in its place."
        )
    if not os.path.lexists(path):
        raise CleanDataError(
            f"Cannot find {path}; put it there, from {public_name(info.url)}, or leave "
            "data_dir out to have what is needed of it fetched."
        )
    images, labels = _members(LocalFile(path), info, split)
    count = images.header.shape[0]
    return CleanSource(dataset, _digest(images, labels), count, path, split, info.size)


def copy_folder(source: CleanSource, cache_dir: str | Path) -> Path:
    """Where the copy of a clean test set lies in a cache folder, once it is made."""
    name = copy_name(source.dataset, source.digest, source.split, source.size)
    return absolute(cache_dir) / CACHE_FOLDER / name


def open_clean(source: CleanSource, cache_dir: str | Path) -> CleanImages:
    """The clean images, made first if it is not in `cache_dir` yet: extracted or fetched.

    Several processes may ask at once: one makes it. What is fetched of it survives a killed process.

    Raises:
        CleanDataError: it cannot be fetched, trusted or written.
    """
    folder = copy_folder(source, cache_dir)
    base = folder.parent
    with contextlib.suppress(CleanDataError):
        return load_clean(folder)
    info = source.info
    with writing_into(base, source.count * prod(info.image_shape)):
        base.mkdir(parents=True, exist_ok=True)
        with locked(base / f".{source.dataset}.lock"):
            with contextlib.suppress(CleanDataError):
                return load_clean(folder)  # another process was quicker
            again_if_changed(partial(_make, source, info, folder))
    return load_clean(folder)


def _make(source: CleanSource, info: MedMNISTInfo, folder: Path) -> None:
    """Make the copy, from the file in data_dir, in the home folder, or behind the URL.

    The lock is held, so whatever lies about unfinished belongs to no living process.
    """
    for stale in [folder, *folder.parent.glob(f".{source.dataset}-*.making")]:
        shutil.rmtree(stale, ignore_errors=True)
    if path := source.path or _home_file(info, folder.parent):
        _extract(LocalFile(path), source, info, folder)
        return
    if is_offline():
        raise CleanDataError(
            f"The clean {source.split} set of {info.name} is not in {folder.parent}, and "
            "HF_HUB_OFFLINE or HF_DATASETS_OFFLINE forbids fetching it; unset them, or "
            f"{OFFLINE_REMEDY}."
        )
    downloads = folder.with_name(f".{folder.name}.download")
    from_official_file(
        info, downloads, lambda origin, parts: _extract(origin, source, info, folder, parts)
    )


def from_official_file(
    info: MedMNISTInfo, downloads: Path, use: Callable[[ByteSource, Path | None], None]
) -> None:
    """Take something of the official file behind its URL.

    Args:
        info: whose file.
        downloads: folder for what is fetched, removed in the end; after a broken connection or a
            kill, the next call goes on from there.
        use: is given the file and the folder of its fetched parts; again, with the whole file and
            None, where the server answers no ranges.

    Raises:
        CleanDataError: it cannot be fetched or trusted.
    """
    url = _url(info)
    try:
        try:
            remote = RemoteFile(url, downloads)
            if remote.md5:
                _check_md5(remote, remote.md5, info)
            use(remote, downloads)
        except NoRanges:
            use(_fetch_checked(url, info, downloads), None)
    except NpzError:
        shutil.rmtree(downloads, ignore_errors=True)  # no use in going on with it
        raise
    shutil.rmtree(downloads, ignore_errors=True)


def _extract(
    origin: ByteSource,
    source: CleanSource,
    info: MedMNISTInfo,
    folder: Path,
    downloads: Path | None = None,
) -> None:
    """Write the checked copy aside and rename it. `downloads` is where fetched bytes go first."""
    images, labels = _members(origin, info, source.split)
    if source.path is None and images.header.shape[0] != source.count:
        raise images.error(f"has {images.header.shape[0]} images, not {source.count}")
    if source.path and _digest(images, labels) != source.digest:
        raise CleanFileChanged(f"{origin.name} has changed meanwhile; load the test set again.")
    making = folder.with_name(f".{folder.name}.making")
    making.mkdir()
    try:
        _check_space(making, [images, labels], downloads)
        check = partial(_check_labels, labels, info)
        write_copy(info, source.split, source.digest, images, labels, making, check)
        sync(making)
        os.rename(making, folder)
        sync(folder.parent)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _members(origin: ByteSource, info: MedMNISTInfo, split: Split) -> tuple[Member, Member]:
    """A split's images and labels in an npz; their headers are those of this dataset."""
    images, labels = find_members(origin, (images_member(split), labels_member(split)))
    shape, dtype = images.header.shape, images.header.dtype
    expected = ("N", *info.image_shape)
    if dtype != np.uint8 or shape[1:] != info.image_shape or not shape[0]:
        raise images.error(
            f"has shape {shape} of {dtype}; that of {info.name} has {_form(expected)} of uint8"
        )
    expected = (shape[0], len(info.labels) if info.multi_label else 1)
    shape, dtype = labels.header.shape, labels.header.dtype
    if dtype.kind not in "iu" or shape != expected:
        raise labels.error(
            f"has shape {shape} of {dtype}; that of {info.name} has {_form(expected)} of integers"
        )
    return images, labels


def _form(shape: tuple) -> str:
    return " x ".join(map(str, shape))


def _digest(images: Member, labels: Member) -> str:
    """16 hex digits for the content, from what the zip's directory says of it."""
    stated = [(member.crc, member.size) for member in (images, labels)]
    return hashlib.sha256(repr(stated).encode()).hexdigest()[:16]


def _check_space(folder: Path, members: list[Member], downloads: Path | None) -> None:
    needed = sum(member.size for member in members)
    if downloads:
        fetched = sum(part.stat().st_size for part in downloads.glob("*.part"))
        needed += max(0, sum(member.compressed_size for member in members) - fetched)
    with writing_into(folder.parent, needed):
        check_space(folder, needed)


def _check_labels(member: Member, info: MedMNISTInfo, labels: np.ndarray) -> None:
    largest = 1 if info.multi_label else len(info.labels) - 1
    if labels.min() < 0 or labels.max() > largest:
        raise member.error(
            f"has labels from {labels.min()} to {labels.max()}; those of {info.name} are 0 to "
            f"{largest}"
        )


def _home_file(info: MedMNISTInfo, base: Path) -> Path | None:
    """The official file in medmnist's own folder, if it is there and is that."""
    path = absolute("~/.medmnist") / info.file_name
    if not os.path.isfile(path):
        return None
    if _remembered_md5(path, base / f".{path.stem}.home.json") == info.md5:
        return path
    warnings.warn(
        f"{path} is not the official file (its MD5 is not {info.md5}), so the test set is fetched; "
        "give its folder as data_dir to use it all the same.",
        stacklevel=2,
    )
    return None


def _remembered_md5(path: Path, note: Path) -> str:
    """The MD5 of a file, which may take a minute, or what it was if the file has not changed."""
    stat = path.stat()
    file = {
        "path": str(path),
        "size": stat.st_size,
        "mtime_ns": stat.st_mtime_ns,
        "ctime_ns": stat.st_ctime_ns,  # not even a copy with the old file's times has its own
        "inode": stat.st_ino,
    }
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        known = json.loads(note.read_text("utf-8"))
        if known["file"] == file:
            return known["md5"]
    md5 = _md5(LocalFile(path))
    with atomic_write(note) as new:
        new.write(json.dumps({"file": file, "md5": md5}).encode())
    return md5


def _md5(file: LocalFile) -> str:
    md5 = hashlib.md5(usedforsecurity=False)
    title = f"MD5 of {file.path.name}"
    with progress_bar(total=file.size, unit="B", unit_scale=True, desc=title) as bar:
        for chunk in file.chunks(0, file.size, file.path.name):
            md5.update(chunk)
            bar.update(len(chunk))
    return md5.hexdigest()


def _url(info: MedMNISTInfo) -> str:
    """The official file's URL, or its URL on the mirror."""
    mirror = os.environ.get(MIRROR)
    if not mirror:
        return info.url
    parts = urlsplit(mirror)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise CleanDataError(
            f"The environment variable {MIRROR} is no http or https URL ({public_name(mirror)}); "
            "correct it, or unset it to fetch from Zenodo."
        )
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{info.file_name}"))


def _fetch_checked(url: str, info: MedMNISTInfo, downloads: Path) -> LocalFile:
    """The whole official file, from a server without ranges."""
    path = downloads / info.file_name
    downloads.mkdir(exist_ok=True)
    fetch_whole(url, path, info.file_name, _most_bytes(info))
    file = LocalFile(path)
    file.name = public_name(url)  # the copy is taken away in the end
    _check_md5(file, _md5(file), info)
    return file


def _most_bytes(info: MedMNISTInfo) -> int:
    """What the official file cannot be longer than: its arrays uncompressed, and a zip's own bytes."""
    content = info.image_count * (prod(info.image_shape) + 8 * len(info.labels))
    return content + content // 1000 + (1 << 16)


def _check_md5(file: ByteSource, md5: str, info: MedMNISTInfo) -> None:
    if md5 != info.md5:
        raise NpzError(file, f"has MD5 {md5}, not {info.md5}")
