"""Whether figures are of the whole benchmark: BE and rBE mean nothing over a part of it."""

from collections.abc import Collection, Mapping
from math import sqrt

import numpy as np

from medmnist_c.builder.dataset_info import MedMNISTInfo
from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES
from medmnist_c.evaluation.predictions.origin import PartOrigin

OTHER_IMAGES = "other"  # as `score` calls images that are not the benchmark's


def missing_images(
    info: MedMNISTInfo, count: int, images: str, cost: str | None = None
) -> str | None:
    """Why the images are not a whole test set of the benchmark, in words; None if they are.

    Args:
        info: of the dataset.
        count: images of each test set.
        images: which ones, as provenance has it.
        cost: of a part, as `part_cost` says it.
    """
    if images == OTHER_IMAGES:
        return "images that are not the benchmark's"
    if count == info.test_count:
        return None
    told = f"{count:,} of the {info.test_count:,} test images"
    return told if cost is None else f"{told}, {cost}"


def part_cost(labels: np.ndarray, part: PartOrigin) -> str:
    """What it costs to look at a part only, in words: how much wider the interval of a balanced error is
    than with all images, were all classes equally hard.

    Args:
        labels: class numbers of the part, N x 1, or N x L of 0 and 1.
        part: of what.
    """
    wider = sqrt(part.count / len(labels))
    if part.class_counts:
        whole = np.array(part.class_counts)
        here = np.bincount(labels[:, 0], minlength=len(whole))
        wider = sqrt((1 / here[here > 0]).sum() / (1 / whole[here > 0]).sum())
    return f"a fixed part, whose intervals are about {wider:.1f} times as wide as those of all"


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
