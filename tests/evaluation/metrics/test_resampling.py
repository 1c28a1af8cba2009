"""Resamples: what adds up to what, what is shared, and the intervals they give."""

import numpy as np
import pytest
from scipy.stats import beta
from sklearn.metrics import roc_auc_score

from medmnist_c.evaluation.metrics.auc import macro_auc
from medmnist_c.evaluation.metrics.uncertainty.intervals import auc_draws, error_draws, loss_draws
from medmnist_c.evaluation.metrics.uncertainty.resampling import RESAMPLES, resamples

COUNTS = (40, 25, 90)
LABELS = np.repeat(np.arange(3), COUNTS)[:, None]
RNG = np.random.default_rng(7)
SEVERAL = (RNG.random((300, 4)) < 0.3).astype(int)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def interval(draws):
    return np.percentile(draws, (2.5, 97.5), axis=0)


def test_weights_of_a_class_add_up_to_its_images():
    found = resamples(LABELS, 3)
    assert found.weights.shape == (RESAMPLES, len(LABELS)) and (found.weights >= 0).all()
    assert found.totals == pytest.approx(np.tile(COUNTS, (RESAMPLES, 1)), rel=1e-4)
    assert found.size == len(LABELS)


def test_weights_of_images_with_several_labels_add_up_to_the_images():
    found = resamples(SEVERAL, 4)
    assert found.weights.sum(axis=1) == pytest.approx(np.full(RESAMPLES, 300), rel=1e-4)
    assert found.size == 300
    assert found.counts[:4] + found.counts[4:] == pytest.approx(300)


def test_the_same_at_every_call_whatever_was_asked_before(rng):
    first = resamples(LABELS, 3)
    wrong = rng.random(len(LABELS)) < 0.2
    told = first.error_rates(wrong, corrupted=True, model=1)
    again = resamples(LABELS, 3)
    again.error_rates(~wrong, corrupted=False, model=0)
    np.random.default_rng(0).random(10)
    assert (again.error_rates(wrong, corrupted=True, model=1) == told).all()


def test_spread_of_a_mean_is_that_of_statistics(rng):
    """s / sqrt(n) with s² over n - 1, for a class of 25."""
    values = rng.random((len(LABELS), 1)) * (LABELS == 1)
    draws = resamples(LABELS, 3).sums(values)[:, 0] / 25
    own = values[LABELS[:, 0] == 1, 0]
    assert draws.mean() == pytest.approx(own.mean(), rel=0.02)
    assert draws.std() == pytest.approx(own.std(ddof=1) / 5, rel=0.07)


@pytest.mark.parametrize(("wrong_of", "classes"), [(0, 2), (1, 2), (12, 2), (40, 2)])
def test_error_of_one_of_two_classes_is_close_to_jeffreys(wrong_of, classes):
    labels = np.repeat([0, 1], [40, 100])[:, None]
    wrong = np.arange(140) < wrong_of
    rates = resamples(labels, classes).error_rates(wrong, corrupted=False)[:, 0]
    low, high = beta(wrong_of + 0.5, 40 - wrong_of + 0.5).ppf((0.025, 0.975))
    assert interval(rates) == pytest.approx([low, high], abs=0.02)


def test_no_error_seen_has_an_interval_and_so_has_no_difference_seen():
    found = resamples(LABELS, 3)
    right = np.zeros(len(LABELS), bool)
    clean, mild, other = (
        error_draws(found, right, corrupted=corrupted, model=model)["balanced_error"]
        for corrupted, model in ((False, 0), (True, 0), (True, 1))
    )
    assert interval(clean)[1] > 0.01
    for apart in (mild - clean, other - mild):
        low, high = interval(apart)
        assert low < 0 < high and high - low < 0.1


def test_two_test_sets_share_their_images(rng):
    """What both find hard cancels out in the difference."""
    found = resamples(LABELS, 3)
    hard = rng.random(len(LABELS)) < 0.3
    harder = hard | (rng.random(len(LABELS)) < 0.03)
    a = error_draws(found, hard, corrupted=True)["balanced_error"]
    b = error_draws(found, harder, corrupted=True)["balanced_error"]
    assert (b - a).std() < 0.4 * a.std()


@pytest.mark.parametrize("labels", [LABELS, SEVERAL])
def test_draws_are_about_the_figures(rng, labels):
    classes = 3 if labels.shape[1] == 1 else 4
    found = resamples(labels, classes)
    wrong = rng.random(labels.shape) < 0.3
    wrong = wrong[:, 0] if labels.shape[1] == 1 else wrong
    draws = error_draws(found, wrong, corrupted=True)
    if labels.shape[1] == 1:
        expected = np.mean([wrong[labels[:, 0] == one].mean() for one in range(3)])
    else:
        expected = np.mean(
            [
                (wrong[labels[:, k] == 1, k].mean() + wrong[labels[:, k] == 0, k].mean()) / 2
                for k in range(4)
            ]
        )
    assert draws["balanced_error"].mean() == pytest.approx(expected, abs=0.01)
    assert draws["accuracy"].mean() == pytest.approx(1 - wrong.mean(), abs=0.01)


def test_a_class_without_images_is_left_out():
    found = resamples(LABELS, 4)
    wrong = np.arange(len(LABELS)) % 4 == 0
    assert np.isnan(found.error_rates(wrong, corrupted=True)[:, 3]).all()
    draws = error_draws(found, wrong, corrupted=True)
    assert np.isfinite(draws["balanced_error"]).all()
    expected = np.mean([wrong[LABELS[:, 0] == one].mean() for one in range(3)])
    assert draws["balanced_error"].mean() == pytest.approx(expected, abs=0.01)


def test_images_of_a_group_are_drawn_together():
    """Thirty copies of each of ten images say no more than the ten."""
    ten = np.tile([0, 1], 5)[:, None]
    wrong = np.array([0, 0, 1, 0, 0, 1, 0, 0, 1, 0], bool)
    labels, groups = np.repeat(ten, 30, axis=0), np.repeat(np.arange(10), 30)
    many = np.repeat(wrong, 30)
    spread = {
        "groups": resamples(labels, 2, groups=groups).error_rates(many, corrupted=True).std(axis=0),
        "images": resamples(labels, 2).error_rates(many, corrupted=True).std(axis=0),
        "ten": resamples(ten, 2).error_rates(wrong, corrupted=True).std(axis=0),
    }
    assert spread["groups"] == pytest.approx(spread["ten"], rel=0.3)
    assert (spread["groups"] > 3 * spread["images"]).all()


def test_groups_of_one_image_change_little(rng):
    wrong = rng.random(len(LABELS)) < 0.2
    spread = [
        resamples(LABELS, 3, groups=groups).error_rates(wrong, corrupted=True).std(axis=0)
        for groups in (None, [f"patient {n}" for n in range(len(LABELS))])
    ]
    assert spread[0] == pytest.approx(spread[1], rel=0.1)


def test_a_part_of_the_images_counts_for_the_whole():
    found = resamples(LABELS, 3, class_counts=(400, 50, 50))
    wrong = LABELS[:, 0] == 0
    draws = error_draws(found, wrong, corrupted=True)
    assert found.size == 500
    assert draws["accuracy"].mean() == pytest.approx(0.2, abs=0.02)
    assert draws["balanced_error"].mean() == pytest.approx(1 / 3, abs=0.02)


def test_a_loss_has_an_interval_about_it(rng):
    losses = rng.exponential(size=len(LABELS))
    draws = loss_draws(resamples(LABELS, 3), losses, 1.0, corrupted=True)
    low, high = interval(draws)
    assert low < losses.mean() < high
    assert draws.std() == pytest.approx(losses.std() / len(LABELS) ** 0.5, rel=0.25)


def test_area_of_a_weighted_sample_to_first_order(rng):
    """Against scikit-learn's weighted area in each of some resamples."""
    truth = np.eye(3, dtype=bool)[LABELS[:, 0]]
    scores = rng.normal(size=truth.shape) + truth
    found = resamples(LABELS, 3)
    area = macro_auc(truth, scores)
    draws = area.value - found.sums(area.losses[:, None])[:40, 0] / len(LABELS)
    exact = [
        np.mean([roc_auc_score(truth[:, k], scores[:, k], sample_weight=own) for k in range(3)])
        for own in found.weights[:40]
    ]
    assert draws == pytest.approx(exact, abs=0.01)
    assert np.corrcoef(draws, exact)[0, 1] > 0.99
    low, high = interval(auc_draws(found, area, corrupted=True))
    assert low < area.value < high <= 1


@pytest.mark.parametrize("labels", [LABELS[:, 0], np.zeros((5, 2), int)])
def test_labels_of_another_shape_are_refused(labels):
    with pytest.raises(ValueError, match="N x 1 or N x 3"):
        resamples(labels, 3)


def test_groups_of_another_length_are_refused():
    with pytest.raises(ValueError, match="155 images"):
        resamples(LABELS, 3, groups=[1, 2])
