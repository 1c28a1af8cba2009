"""Areas under ROC curves and DeLong's test against scikit-learn and the definitions."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from medmnist_c.evaluation.metrics.auc import (
    UNSEEN,
    auc,
    delong_error,
    delong_test,
    macro_auc,
    placements,
)


def random_case(seed: int, ties: bool):
    rng = np.random.default_rng(seed)
    positive = rng.random(80) < 0.3
    a, b = (positive * strength + rng.normal(size=80) for strength in (1.0, 1.6))
    return (positive, np.round(a, 1), np.round(b, 1)) if ties else (positive, a, b)


def pairwise(positive, scores):
    """The definition: 1 where a positive is above a negative, 1/2 where they tie."""
    apart = scores[positive][:, None] - scores[~positive]
    return (apart > 0) + 0.5 * (apart == 0)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_placements_are_means_over_pairs(seed, ties):
    positive, scores, _ = random_case(seed, ties)
    pairs, placed = pairwise(positive, scores), placements(positive, scores)
    assert placed[positive] == pytest.approx(pairs.mean(axis=1))
    assert placed[~positive] == pytest.approx(pairs.mean(axis=0))
    assert auc(positive, scores) == pytest.approx(roc_auc_score(positive, scores))


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_delong_by_covariances_of_components(seed, ties):
    """DeLong et al. 1988: S10 / m + S01 / n, the contrast (-1, 1)."""
    positive, a, b = random_case(seed, ties)
    pairs = [pairwise(positive, one) for one in (a, b)]
    s10 = np.cov([one.mean(axis=1) for one in pairs])
    s01 = np.cov([one.mean(axis=0) for one in pairs])
    contrast = np.array([-1, 1])
    variance = contrast @ (s10 / positive.sum() + s01 / (~positive).sum()) @ contrast
    found = delong_test(positive, a, b)
    difference = roc_auc_score(positive, b) - roc_auc_score(positive, a)
    assert found.difference == pytest.approx(difference)
    assert found.standard_error == pytest.approx(variance**0.5)
    assert found.p_value == pytest.approx(2 * norm.sf(abs(difference) / variance**0.5))


@pytest.mark.parametrize("seed", range(3))
def test_the_error_of_a_mean_auc_is_delongs_for_two_classes(seed):
    positive, a, b = random_case(seed, False)
    both = [macro_auc(positive[:, None], one[:, None]).losses for one in (a, b)]
    found = delong_error(both[1] - both[0], positive[:, None].astype(int))
    assert found == pytest.approx(delong_test(positive, a, b).standard_error)
    alone = delong_error(both[0], positive[:, None].astype(int), np.arange(80))
    assert alone == pytest.approx(delong_error(both[0], positive[:, None].astype(int)), rel=0.03)


def test_the_error_of_doubled_images_is_that_of_half_as_many():
    positive, a, _ = random_case(1, False)
    losses = macro_auc(positive[:, None], a[:, None]).losses
    twice, groups = np.repeat(losses, 2), np.repeat(np.arange(80), 2)
    labels = positive[:, None].astype(int)
    clustered = delong_error(twice, np.repeat(labels, 2, axis=0), groups)
    assert clustered == pytest.approx(delong_error(losses, labels, np.arange(80)))
    assert delong_error(twice, np.repeat(labels, 2, axis=0)) < 0.75 * clustered


def test_delong_of_equal_models():
    positive, a, _ = random_case(0, False)
    assert delong_test(positive, a, a).p_value == 1


def test_macro_area_and_what_each_image_takes_from_it():
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 4, 120)[:, None] == np.arange(4)
    scores = truth + rng.normal(size=truth.shape)
    found = macro_auc(truth, scores)
    assert found.value == pytest.approx(
        np.mean([roc_auc_score(truth[:, k], scores[:, k]) for k in range(4)])
    )
    assert found.losses.mean() == pytest.approx(0, abs=1e-12)
    assert (found.unseen >= 0).all()
    perfect = macro_auc(truth, truth.astype(float))
    assert perfect.value == 1 and perfect.losses == pytest.approx(0)
    kind = np.where(truth, truth.sum(axis=0), (~truth).sum(axis=0))
    lost = 1 - np.maximum(0.5, 1 - UNSEEN / kind)
    assert perfect.unseen == pytest.approx((lost * 120 / kind).mean(axis=1))


def test_one_kind_alone_has_no_area():
    with pytest.raises(ValueError, match="a positive and a negative"):
        auc(np.ones(3, bool), np.arange(3.0))
