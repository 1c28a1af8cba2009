"""The images of a test set: clean ones in, corrupted ones out."""

from collections.abc import Iterator, Mapping

import numpy as np

from medmnist_c.builder.configs import CleanConfig, Config, CorruptedConfig
from medmnist_c.builder.source.clean_cache import CleanImages
from medmnist_c.builder.testset.random_states import StateFolder
from medmnist_c.corruptions.random.seeded import seeded_stream
from medmnist_c.corruptions.reference import CACHE_EVERY, ReferenceStreams
from medmnist_c.corruptions.registry import apply


def reference_streams(clean: CleanImages) -> ReferenceStreams:
    """The reference's streams for a clean test set; states found are kept beside it."""
    return ReferenceStreams(
        clean.dataset,
        len(clean.images),
        clean.checked_images,
        StateFolder(clean.folder),
    )


def advance_to_start(clean: CleanImages, config: Config) -> None:
    """Find the reference's random state at a test set's first image, so that it is known later."""
    if isinstance(config, CorruptedConfig) and config.entry.algorithm.draws:
        reference_streams(clean).at(config.corruption, config.severity, 0)


def entry_points(clean: CleanImages, config: Config) -> list[int] | None:
    """Images at which the reference's draws can be entered at little cost; None for all of them."""
    if isinstance(config, CleanConfig) or config.entry.algorithm.draws is None:
        return None
    return reference_streams(clean).entry_points(config.corruption, config.severity)


def images(
    clean: CleanImages,
    config: Config,
    seed: int | None,
    start: int,
    stop: int,
    stain_masks: Mapping[int, np.ndarray],
) -> Iterator[np.ndarray]:
    """Images start ... stop - 1 of a test set, in order.

    Args:
        clean: the clean test set of `config.dataset`.
        config: which one.
        seed: None for the reference's draws, else a seed.
        start, stop: 0 <= start <= stop <= N.
        stain_masks: ten 0/1 masks by size; only read where the algorithm takes masks.

    Yields:
        uint8, of the clean images' shape.
    """
    originals = clean.checked_images(start, stop)
    if isinstance(config, CleanConfig):
        yield from originals
        return
    algorithm = config.entry.algorithm
    parameters = config.entry.parameters(config.severity)
    where = (config.corruption, config.severity)
    if algorithm.draws is None:
        for original in originals:
            yield apply(original, algorithm, parameters, None, stain_masks, clean.size)
    elif seed is not None:
        for index, original in enumerate(originals, start):
            stream = algorithm.draws.stream
            rng = seeded_stream(seed, clean.dataset, *where, index, stream, clean.split)
            yield apply(original, algorithm, parameters, rng, stain_masks, clean.size)
    else:
        streams = reference_streams(clean)
        rng = streams.at(*where, start)
        for index, original in enumerate(originals, start):
            yield apply(original, algorithm, parameters, rng, stain_masks)
            if (index + 1) % CACHE_EVERY == 0 or index + 1 == stop:
                streams.cache_state(*where, index + 1, rng)
