"""Two models swapped by chance, image by image: what differences look like if there are none."""

import numpy as np
import pytest

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.evaluation.metrics.auc import auc, macro_auc
from medmnist_c.evaluation.metrics.test_set import balanced_error, classify, error_parts
from medmnist_c.evaluation.metrics.uncertainty.resampling import RESAMPLES
from medmnist_c.evaluation.metrics.uncertainty.simultaneous import max_t_bands
from medmnist_c.evaluation.metrics.uncertainty.swaps import Swaps

LABELS = np.repeat([0, 1], [20, 40])[:, None]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_swaps_have_the_variance_of_signs(rng):
    parts = rng.normal(size=(60, 3)) + np.array([0, 0, 2])
    swaps = Swaps.of(parts, LABELS, None)
    assert swaps.differences.shape == (RESAMPLES, 3)
    assert swaps.differences.std(axis=0) == pytest.approx((parts**2).sum(axis=0) ** 0.5, rel=0.1)
    means = [parts[LABELS[:, 0] == one].mean(axis=0) for one in (0, 1)]
    assert swaps.of_means == pytest.approx(20 * means[0] ** 2 + 40 * means[1] ** 2)


def test_swaps_are_of_all_columns_at_once_and_the_same_at_every_call(rng):
    part = rng.normal(size=60)
    swaps = Swaps.of(np.stack([part, -2 * part], axis=1), LABELS, None)
    assert swaps.differences[:, 1] == pytest.approx(-2 * swaps.differences[:, 0], abs=1e-5)
    again = Swaps.of(part[:, None], LABELS, None)
    assert again.differences[:, 0] == pytest.approx(swaps.differences[:, 0], abs=1e-5)
    assert (Swaps.of(part[:, None], LABELS, None).differences == again.differences).all()
    other = Swaps.of(part[:, None], LABELS, None, number=1)
    assert abs(np.corrcoef(again.differences[:, 0], other.differences[:, 0])[0, 1]) < 0.15


def test_groups_are_swapped_as_wholes():
    groups = np.repeat(np.arange(30), 2)
    opposite = np.tile([1.0, -1.0], 30)[:, None]
    assert (Swaps.of(opposite, LABELS, groups).differences == 0).all()
    alike = np.ones((60, 1))
    assert Swaps.of(alike, LABELS, groups).differences.std() == pytest.approx(120**0.5, rel=0.1)


def test_with_several_labels_an_image_is_one(rng):
    labels, parts = rng.integers(0, 2, (50, 4)), rng.normal(size=(50, 1)) + 1
    assert Swaps.of(parts, labels, None).of_means == pytest.approx(50 * parts.mean() ** 2)


@pytest.mark.parametrize("dataset", ["breastmnist", "retinamnist", "chestmnist"])
def test_parts_add_up_to_the_balanced_error(dataset, rng):
    info = dataset_info(dataset)
    several = info.multi_label
    labels = rng.integers(0, 2 if several else len(info.labels), (90, 14 if several else 1))
    scores = rng.random((90, len(info.labels)))
    found = classify(info, labels, scores, 0.5)
    assert error_parts(found).sum() == pytest.approx(balanced_error(found).value)


def test_misplaced_images_are_the_placements_the_losses_are_around(rng):
    positive, scores = np.repeat([True, False], [30, 50]), rng.random(80)
    found = macro_auc(positive[:, None], scores[:, None])
    lost = 1 - auc(positive, scores)
    for kind in (positive, ~positive):
        assert found.misplaced[kind].sum() / 80 == pytest.approx(lost)
        assert np.ptp(found.misplaced[kind] - found.losses[kind]) == pytest.approx(0)


def test_equally_good_models_differ_in_one_of_twenty_comparisons(rng):
    """Few images and many test sets, where resamples alone show a difference too seldom."""
    differs = 0
    for _ in range(400):
        hard = rng.random((60, 1)) < 0.3  # for both models, in all test sets
        wrong = [(hard & (rng.random((60, 12)) < 0.6)).astype(float) for _ in range(2)]
        parts = (wrong[1] - wrong[0]) / 60
        weights = rng.dirichlet(np.ones(60), 300) * 60
        bands = max_t_bands(parts.sum(axis=0), weights @ parts, swaps=Swaps.of(parts, LABELS, None))
        differs += bands.differs.any()
    assert 8 <= differs <= 34  # 20 expected
