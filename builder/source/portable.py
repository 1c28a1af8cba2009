"""What a machine without a network needs, in one folder: to be given as `data_dir` there.

{folder}/{dataset}_224.npz    the images and labels of the asked splits and size, as MedMNIST+ has them
{folder}/inks.npz             the reference's ink blots, where a dataset has stain_deposit
"""

import contextlib
import zipfile
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from medmnist_c.builder.dataset_info import PUBLISHED_SIZE, MedMNISTInfo, dataset_info
from medmnist_c.builder.disk import check_space, locked, writing_into
from medmnist_c.builder.errors import CleanDataError
from medmnist_c.builder.files import atomic_write, folder_to_write, remove_stale
from medmnist_c.builder.source.clean import from_official_file
from medmnist_c.builder.source.download import again_if_changed, fetch_file
from medmnist_c.builder.source.npz import ByteSource, LocalFile, Member, find_members
from medmnist_c.builder.splits import (
    PUBLISHED,
    Split,
    chosen_splits,
    images_member,
    labels_member,
)
from medmnist_c.corruptions import stain_masks
from medmnist_c.corruptions.table import CORRUPTIONS


def fetch(
    datasets: Iterable[str],
    folder: str | Path,
    splits: str | Iterable[str] = (PUBLISHED,),
    size: int = PUBLISHED_SIZE,
) -> Iterator[Path]:
    """Fetch what test sets of these datasets are made of, into a folder that can be carried away.

    Only the asked splits are fetched. What is there is kept; a broken connection or a kill costs only
    what was under way.

    Args:
        datasets: names, e.g. "dermamnist".
        folder: made if it is not there.
        splits: "train", "validation", "test"; the published benchmark needs "test" only.
        size: of the images, 28, 64, 128 or 224 pixels a side.

    Yields:
        The path of each file, as soon as it is there.

    Raises:
        UnknownNameError: no such dataset or split.
        CleanDataError: a file cannot be fetched, trusted or written.
        ValueError: the folder is called as the package is.
    """
    folder = folder_to_write(folder)
    wanted = chosen_splits(splits)
    infos = [dataset_info(name, size) for name in dict.fromkeys(datasets)]
    for info in infos:
        target = folder / info.file_name
        with writing_into(folder):
            folder.mkdir(parents=True, exist_ok=True)
            remove_stale(folder)
            with locked(folder / f".{info.name}.lock"):
                if not _is_there(target, wanted):
                    again_if_changed(partial(_fetch, info, target, wanted))
        yield target
    if any(
        entry.algorithm.takes_masks for info in infos for entry in CORRUPTIONS[info.name].values()
    ):
        yield fetch_file(
            stain_masks.REFERENCE_URL,
            stain_masks.REFERENCE_SHA256,
            stain_masks.REFERENCE_BYTES,
            folder / stain_masks.REFERENCE_FILE,
        )


def _arrays(splits: Iterable[Split]) -> tuple[str, ...]:
    return tuple(name(split) for split in splits for name in (images_member, labels_member))


def _is_there(target: Path, splits: Iterable[Split]) -> bool:
    with contextlib.suppress(CleanDataError):
        return bool(find_members(LocalFile(target), _arrays(splits)))
    return False


def _fetch(info: MedMNISTInfo, target: Path, splits: Iterable[Split]) -> None:
    counts = {images_member(split): info.count(split) for split in splits}

    def write(origin: ByteSource, downloads: Path | None) -> None:
        members = find_members(origin, _arrays(splits))
        for member in members:
            count = (*member.header.shape, 0)[0]
            if count != (expected := counts.get(member.name, count)):
                raise member.error(f"has {count} images, not {expected}")
        check_space(target.parent, sum(member.size for member in members))
        _write(members, target)

    from_official_file(info, target.with_name(f".{target.stem}.download"), write)


def _write(members: list[Member], target: Path) -> None:
    """An npz of some members, each held against its checksum; stored as they are, ready to be read."""
    with atomic_write(target) as file, zipfile.ZipFile(file, "w") as archive:
        for member in members:
            with archive.open(zipfile.ZipInfo(member.name), "w", force_zip64=True) as out:
                for chunk in member.content():
                    out.write(chunk)
