"""Operating points against a search through every threshold, and the rule for ties."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from medmnist_c.evaluation.metrics.thresholds import operating_point, operating_points


@pytest.mark.parametrize("digits", [1, 2, 16])
@pytest.mark.parametrize("seed", range(5))
def test_no_threshold_is_better(seed, digits):
    rng = np.random.default_rng(seed)
    positive = rng.random(90) < 0.1
    positive[:2] = True, False
    scores = np.round(np.clip(0.2 * positive + 0.7 * rng.random(90), 0, 1), digits)
    found = operating_point(positive, scores)
    told = [balanced_accuracy_score(positive, scores > t) for t in np.append(np.unique(scores), 1)]
    assert found.balanced_accuracy == pytest.approx(max(told))
    assert balanced_accuracy_score(positive, scores > found.threshold) == pytest.approx(max(told))
    assert (found.positives, found.negatives) == (positive.sum(), (~positive).sum())


def point(yes: list[float], no: list[float]) -> float:
    scores = np.array(yes + no)
    return operating_point(np.arange(len(scores)) < len(yes), scores).threshold


@pytest.mark.parametrize(
    ("yes", "no", "expected"),
    [
        ([0.8], [0.2], 0.5),  # the middle of the gap
        ([0.04], [0.02], 0.03),  # far from 0.5 where the scores are
        ([0.3, 0.9], [0.2, 0.8], 0.25),  # 0.25 and 0.85 are equally good and wide: the smaller
        ([0.3, 0.9], [0.2, 0.6], 0.75),  # equally good: the wider gap
        ([0.4, 0.4], [0.4, 0.1], 0.25),  # equal scores are not parted
        ([0.2], [0.7], 0.7),  # worse than chance: "no" to every image
        ([0.5], [0.5], 0.5),  # no skill
    ],
)
def test_rule(yes, no, expected):
    assert point(yes, no) == pytest.approx(expected)


def test_neighbouring_floats_are_parted():
    low = 0.3
    high = np.nextafter(low, 1)
    threshold = point([high], [low])
    assert high > threshold and not low > threshold


@pytest.mark.parametrize("value", [0, 1])
def test_a_label_of_one_kind_keeps_a_half(value):
    found = operating_points(np.full((6, 1), value), np.linspace(0, 0.1, 6)[:, None])[0]
    assert found.threshold == 0.5 and found.balanced_accuracy is None


def test_each_label_has_its_own():
    labels = np.array([[1, 0], [1, 1], [0, 0], [0, 1]])
    scores = np.array([[0.9, 0.02], [0.8, 0.06], [0.1, 0.03], [0.2, 0.07]])
    assert [one.threshold for one in operating_points(labels, scores)] == pytest.approx(
        [0.5, 0.045]
    )


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match="N x L"):
        operating_points(np.zeros((4, 2)), np.zeros((4, 1)))
