"""A fixed part of a test set: which images, and what they count for."""

import numpy as np
import pytest

from medmnist_c.evaluation.metrics.subset import equal_shares, image_weights, subset

COUNTS = (66, 103, 220, 23, 223, 1341, 29)
LABELS = np.random.default_rng(0).permutation(np.repeat(np.arange(7), COUNTS))[:, None]


def test_the_same_images_at_every_call_and_others_for_another_name_or_limit():
    found = subset(LABELS, "dermamnist", 300)
    assert (found == subset(LABELS, "dermamnist", 300)).all()
    assert len(found) == 300 and (np.diff(found) > 0).all()
    assert not np.array_equal(found, subset(LABELS, "dermamnist_b", 300))
    assert not np.isin(subset(LABELS, "dermamnist", 299), found).all()


def test_classes_have_equal_shares_as_far_as_they_have_images():
    taken = np.bincount(LABELS[subset(LABELS, "dermamnist", 300), 0])
    assert taken.tolist() == [50, 49, 50, 23, 50, 50, 29] or sorted(taken)[:2] == [23, 29]
    assert taken[[3, 6]].tolist() == [23, 29] and np.ptp(taken[[0, 1, 2, 4, 5]]) <= 1


@pytest.mark.parametrize(
    ("available", "limit", "expected"),
    [([5, 5, 5], 9, [3, 3, 3]), ([1, 9, 9], 9, [1, 4, 4]), ([2, 2, 2], 6, [2, 2, 2])],
)
def test_equal_shares(available, limit, expected):
    assert equal_shares(available, limit) == expected


def test_more_than_there_are_is_all():
    assert (subset(LABELS, "dermamnist", 5000) == np.arange(2005)).all()


def test_several_labels_keep_their_shares():
    labels = (np.random.default_rng(1).random((5000, 6)) < [0.5, 0.2, 0.1, 0.1, 0.05, 0.3]).astype(
        int
    )
    found = subset(labels, "chestmnist", 500)
    assert len(np.unique(found)) == 500
    assert labels[found].mean(axis=0) == pytest.approx(labels.mean(axis=0), abs=0.02)


def test_weights_give_the_shares_of_the_whole():
    part = LABELS[subset(LABELS, "dermamnist", 300)]
    weights = image_weights(part, np.array(COUNTS))
    shares = np.bincount(part[:, 0], weights=weights) / weights.sum()
    assert shares == pytest.approx(np.array(COUNTS) / 2005)
    assert weights.sum() == pytest.approx(300)


def test_too_small_a_limit_is_refused():
    with pytest.raises(ValueError, match="7 classes; 5 are too few"):
        subset(LABELS, "dermamnist", 5)
    with pytest.raises(ValueError, match="at least one image"):
        subset(LABELS, "dermamnist", 0)
