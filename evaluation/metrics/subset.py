"""A fixed part of a test set, for a quick look: the same images for everybody.

With one label an image each class gets as equal a share as it has images for, since the balanced error
is as uncertain as its smallest class is; figures that are means over images weigh each class back to
its share in the whole (`class_counts` of `resamples`, `image_weights`). With several labels the images
are taken at equal distances from a list in which images of the same labels stand together.
"""

import hashlib

import numpy as np


def subset(labels: np.ndarray, dataset: str, limit: int) -> np.ndarray:
    """Indices of the images of the part, in rising order; all of them if there are no more than `limit`.

    Args:
        labels: class numbers, N x 1, or N x L of 0 and 1.
        dataset: its name; with `limit` it decides which images.
        limit: how many images, at least one for each class there is.

    Raises:
        ValueError: the limit is smaller than that.
    """
    count = len(labels)
    if limit >= count:
        return np.arange(count)
    if limit < 1:
        raise ValueError(f"A part has at least one image, not {limit}.")
    key = hashlib.sha256(f"{dataset} {limit}".encode()).digest()
    shuffled = np.random.default_rng(np.frombuffer(key, np.uint32)).permutation(count)
    if labels.shape[1] > 1:
        _, pattern = np.unique(labels, axis=0, return_inverse=True)
        listed = shuffled[np.argsort(pattern.reshape(-1)[shuffled], kind="stable")]
        return np.sort(listed[(np.arange(limit) * count) // limit])
    of_class = [shuffled[labels[shuffled, 0] == one] for one in np.unique(labels)]
    if limit < len(of_class):
        raise ValueError(f"{dataset} has images of {len(of_class)} classes; {limit} are too few.")
    shares = equal_shares([len(one) for one in of_class], limit)
    return np.sort(np.concatenate([one[:n] for one, n in zip(of_class, shares, strict=True)]))


def equal_shares(available: list[int], limit: int) -> list[int]:
    """How many of each class: as equal as what is available allows; `limit` in all."""
    shares, left = [0] * len(available), limit
    by_size = sorted(range(len(available)), key=lambda one: available[one])
    for position, one in enumerate(by_size):
        shares[one] = min(available[one], left // (len(available) - position))
        left -= shares[one]
    return shares


def image_weights(labels: np.ndarray, class_counts: np.ndarray) -> np.ndarray:
    """By how much each image of a part counts in means over images, N; they add up to N.

    Args:
        labels: class numbers of the part, N x 1.
        class_counts: images of each class in the whole, K.
    """
    here = np.bincount(labels[:, 0], minlength=len(class_counts))
    of_class = np.where(here > 0, class_counts, 0) / np.maximum(here, 1)
    weights = of_class[labels[:, 0]]
    return weights * (len(weights) / weights.sum())
