"""Resampling images: how often each is drawn, and sums over what is drawn.

A resample draws N of the N images with replacement. It is kept as N counts, so that any statistic
that is a function of sums over images costs one matrix product for all resamples. The draws depend
on N alone: every test set of a dataset, and every model, gets the same ones, which makes differences
paired. (Efron & Tibshirani, An Introduction to the Bootstrap, 1993: percentile intervals.)
"""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from threadpoolctl import ThreadpoolController

RESAMPLES = 1000
_SEED = 20240617
_TOGETHER = 100  # resamples in one product: their counts as float64 stay at some ten megabytes


@lru_cache(maxsize=1)
def resampled_counts(images: int) -> np.ndarray:
    """How often each resample has each image, uint8, RESAMPLES x N; the same at every call.

    No image is drawn 256 times: the chance of that is below 1e-500 for any N from 2 on the
    benchmark has; for smaller N all the draws together are fewer.
    """
    rng = np.random.default_rng([_SEED, images])
    counts = np.empty((RESAMPLES, images), np.uint8)
    for row in counts:
        row[:] = np.bincount(rng.integers(0, images, images), minlength=images)
    counts.flags.writeable = False
    return counts


def resampled_sums(columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Sums over the images of each resample.

    Args:
        columns: arrays N x k of what is to be added up.

    Returns:
        For each, RESAMPLES x k, float64.
    """
    names = list(columns)
    stacked = np.concatenate([columns[name] for name in names], axis=1, dtype=np.float64)
    counts = resampled_counts(len(stacked))
    sums = np.empty((RESAMPLES, stacked.shape[1]))
    with _threads().limit(limits=1, user_api="blas"):
        for start in range(0, RESAMPLES, _TOGETHER):
            some = slice(start, start + _TOGETHER)
            np.matmul(counts[some].astype(np.float64), stacked, out=sums[some])
    edges = np.cumsum([columns[name].shape[1] for name in names])[:-1]
    return dict(zip(names, np.split(sums, edges, axis=1), strict=True))


@lru_cache(maxsize=1)
def _threads() -> ThreadpoolController:
    """Of BLAS: products this small are slower in threads that wait for each other on busy cores, and
    in one thread sums are added up in the same order on any number of cores."""
    return ThreadpoolController()
