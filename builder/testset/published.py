"""What one published image is made with, found without making those before it where that can be."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

import numpy as np

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.errors import CleanDataError
from medmnist_c.builder.settings import cache_folder
from medmnist_c.builder.source.clean import copy_folder, find_clean_source
from medmnist_c.builder.source.clean_cache import load_clean
from medmnist_c.builder.testset.images import reference_streams
from medmnist_c.builder.testset.spec import reference_masks_file
from medmnist_c.corruptions import stain_masks
from medmnist_c.corruptions.random.streams import RandomStream
from medmnist_c.corruptions.reference import ReferenceStreams, depends_on_images
from medmnist_c.corruptions.table import CORRUPTIONS


def published_stream(
    dataset: str, corruption: str, severity: int, index: int
) -> RandomStream | None:
    """The reference's stream before an image's draws; None where nothing is drawn.

    Shot noise, and motion blur after it, draw as the images before have them draw: these are taken
    from the cache of clean images, if they are there, and drawn for, which may take minutes.

    Raises:
        ValueError: the images before are needed and not there.
    """
    if not CORRUPTIONS[dataset][corruption].algorithm.draws:
        return None
    if not depends_on_images(dataset, corruption):
        return _streams(dataset).at(corruption, severity, index)
    try:
        clean = load_clean(copy_folder(find_clean_source(dataset), cache_folder()))
    except CleanDataError:
        raise ValueError(
            f"What {corruption} of {dataset} draws depends on the images before, which are not in the "
            f'cache: load_dataset("medmnist_c", "{dataset}_{corruption}_{severity}") gives the '
            "published images, seed=0 a draw of this image alone."
        ) from None
    return reference_streams(clean).at(corruption, severity, index)


def published_masks(algorithm_takes_masks: bool) -> Mapping[int, np.ndarray]:
    """The reference's ink blots, from the cache or fetched; none where none are taken."""
    if not algorithm_takes_masks:
        return {}
    return stain_masks.reference_masks(reference_masks_file(cache_folder()))


@lru_cache(maxsize=2)
def _streams(dataset: str) -> ReferenceStreams:
    """Streams that need no images; the states found stay in memory."""
    return ReferenceStreams(dataset, dataset_info(dataset).test_count, _no_images, {})


def _no_images(start: int, stop: int) -> Iterator[np.ndarray]:
    raise AssertionError("nothing that depends on images is asked for here")
