"""Whether figures are of the whole benchmark: BE and rBE mean nothing over a part of it."""

from collections.abc import Collection, Mapping

from medmnist_c.builder.dataset_info import MedMNISTInfo
from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES

OTHER_IMAGES = "other"  # as `score` calls images that are not the benchmark's


def missing_images(info: MedMNISTInfo, count: int, images: str) -> str | None:
    """Why the images are not a whole test set of the benchmark, in words; None if they are.

    Args:
        info: of the dataset.
        count: images of each test set.
        images: which ones, as provenance has it.
    """
    if images == OTHER_IMAGES:
        return "images that are not the benchmark's"
    if count == info.test_count:
        return None
    return f"{count:,} of the {info.test_count:,} test images"


def missing_test_sets(dataset: str, severities: Mapping[str, Collection[int]]) -> str | None:
    """Which corrupted test sets lack, in words; None if none does.

    Args:
        dataset: its name.
        severities: those there are, by corruption.
    """
    every = CORRUPTIONS[dataset]
    if len(severities) < len(every):
        return f"{len(severities)} of {len(every)} corruptions"
    short = [name for name, found in severities.items() if len(found) < len(SEVERITIES)]
    return f"not all severities of {', '.join(short)}" if short else None
