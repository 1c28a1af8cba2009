"""Hold made images against the files of the published release.

The release has one npz for each dataset and corruption, `{dataset}/{corruption}.npz`, whose
`test_images` and `test_labels` hold the five severities one after the other. It is read once, as a
stream: memory does not grow with it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from math import prod
from pathlib import Path

import numpy as np

from medmnist_c.builder.configs import Config, CorruptedConfig
from medmnist_c.builder.errors import CleanDataError
from medmnist_c.builder.files import absolute
from medmnist_c.builder.source.clean_cache import load_clean
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.source.npz import LocalFile, Member, find_members
from medmnist_c.builder.testset.spec import TestSet, TestSetSpec
from medmnist_c.corruptions.table import SEVERITIES


@dataclass
class Comparison:
    """A made test set beside the release's.

    Counts of images and of values (bytes; three a pixel of an RGB image), the largest difference
    in grey levels, and whether the labels agree. `missing` says why there is nothing to compare with.
    """

    name: str
    images: int = 0
    equal_images: int = 0
    values: int = 0
    equal_values: int = 0
    largest_difference: int = 0
    equal_labels: bool = True
    missing: str = ""

    @property
    def equal(self) -> bool:
        return not self.missing and self.equal_labels and self.equal_values == self.values

    def add(self, made: np.ndarray, theirs: np.ndarray) -> None:
        """Count one pair of images, uint8 of the same shape."""
        same = int(np.count_nonzero(made == theirs))
        self.images += 1
        self.values += made.size
        self.equal_values += same
        self.equal_images += same == made.size
        if same < made.size:
            difference = np.abs(made.astype(np.int16) - theirs)
            self.largest_difference = max(self.largest_difference, int(difference.max()))

    def __str__(self) -> str:
        if self.missing:
            return f"{self.name}: missing ({self.missing})"
        if self.equal:
            return f"{self.name}: equal ({self.images:,} images)"
        labels = "" if self.equal_labels else ", labels differ"
        return (
            f"{self.name}: different ({self.equal_images:,} of {self.images:,} images equal, "
            f"{self.equal_values / max(self.values, 1):.6%} of values, "
            f"by up to {self.largest_difference}{labels})"
        )


def verify_release(
    release: str | Path,
    test_sets: Iterable[Config],
    *,
    data_dir: str | Path | None = None,
    sample: bool = False,
    cache_dir: str | Path,
) -> Iterator[Comparison]:
    """Compare test sets, made as the release draws them, with the release's files.

    Args:
        release: folder of `{dataset}/{corruption}.npz`.
        test_sets: which ones; clean ones are passed over.
        data_dir, sample, cache_dir: as for `build`.

    Yields:
        One `Comparison` for each test set.
    """
    source = ImageSource(None, data_dir, sample)
    corrupted = [one for one in test_sets if isinstance(one, CorruptedConfig)]
    for (dataset, corruption), group in groupby(
        corrupted, lambda one: (one.dataset, one.corruption)
    ):
        wanted = {one.severity: one for one in group}
        path = absolute(release) / dataset / f"{corruption}.npz"
        try:
            members = find_members(LocalFile(path), ("test_images.npy", "test_labels.npy"))
            yield from _compare(members, wanted, source, cache_dir)
        except CleanDataError as error:
            for one in wanted.values():
                yield Comparison(one.name, missing=str(error))


def _compare(
    members: list[Member],
    wanted: dict[int, CorruptedConfig],
    source: ImageSource,
    cache_dir: str | Path,
) -> list[Comparison]:
    images, labels = members
    anyone = next(iter(wanted.values()))
    _check_headers(images, labels, TestSetSpec(anyone, source).open(cache_dir))
    count = images.header.shape[0] // len(SEVERITIES)
    their_labels = np.stack(list(_rows(labels))).reshape(images.header.shape[0], -1)
    theirs = _rows(images)
    found = []
    for severity in SEVERITIES:
        if severity not in wanted:
            for _ in islice(theirs, count):
                pass
            continue
        test_set = TestSetSpec(wanted[severity], source).open(cache_dir)
        clean = load_clean(test_set.clean_folder)
        comparison = Comparison(wanted[severity].name)
        span = slice((severity - 1) * count, severity * count)
        comparison.equal_labels = np.array_equal(their_labels[span], clean.labels)
        for made, image in zip(test_set.images(), islice(theirs, count), strict=True):
            comparison.add(made, image)
        found.append(comparison)
    for _ in theirs:  # to the end, where the file's checksum is looked at
        pass
    return found


def _check_headers(images: Member, labels: Member, test_set: TestSet) -> None:
    """Before anything is read: five times the clean test set, and no more."""
    clean = load_clean(test_set.clean_folder)
    shape, dtype = images.header.shape, images.header.dtype
    expected = (len(SEVERITIES) * test_set.count, *clean.images.shape[1:])
    if shape != expected or dtype != np.uint8:
        raise images.error(f"has shape {shape} of {dtype}, not that of 5 x {test_set.count} images")
    shape = labels.header.shape
    if shape[:1] != expected[:1] or prod(shape) != len(SEVERITIES) * clean.labels.size:
        raise labels.error(f"has shape {shape}, not that of 5 x {test_set.count} labels")


def _rows(member: Member) -> Iterator[np.ndarray]:
    """The rows of an array (along its first axis), from the stream of its bytes."""
    shape, dtype = member.header.shape, member.header.dtype
    size = prod(shape[1:]) * dtype.itemsize
    skip = member.header.size - shape[0] * size  # the npy header
    pending = b""
    for chunk in member.content():
        pending += chunk
        if skip:
            skipped = min(skip, len(pending))
            pending = pending[skipped:]
            skip -= skipped
        whole = len(pending) // size
        yield from np.frombuffer(pending, dtype, count=whole * size // dtype.itemsize).reshape(
            whole, *shape[1:]
        )
        pending = pending[whole * size :]
