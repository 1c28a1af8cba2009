"""Classwise, selective and calibration figures against scikit-learn, torch-uncertainty and by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, softmax
from scipy.stats import beta
from sklearn import metrics as sk

from medmnist_c.evaluation.metrics import calibration, classwise, selective

PEER = json.loads((Path(__file__).parents[2] / "reference" / "torch_uncertainty.json").read_text())
RNG = np.random.default_rng(5)
LABELS = RNG.integers(0, 4, 150)[:, None]
ANSWERS = np.where(RNG.random((150, 1)) < 0.6, LABELS, RNG.integers(0, 4, (150, 1)))
SEVERAL = (RNG.random((150, 3)) < 0.2).astype(int)
SAID = SEVERAL ^ (RNG.random((150, 3)) < 0.2)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


@pytest.mark.parametrize("case", PEER["cases"], ids=lambda case: str(len(case["labels"])))
def test_as_torch_uncertainty_has_it(case):
    labels, probabilities = np.array(case["labels"]), np.array(case["probabilities"])
    confidence, wrong = probabilities.max(axis=1), probabilities.argmax(axis=1) != labels
    found = {
        "aurc": selective.aurc(confidence, wrong),
        "augrc": selective.augrc(confidence, wrong),
        "risk_at_80": selective.risk_at_coverage(confidence, wrong),
        "ece": calibration.calibration_error(confidence, ~wrong),
        "adaptive_ece": calibration.adaptive_calibration_error(confidence, ~wrong),
    }
    assert found == pytest.approx(case["scores"], abs=2e-6)  # theirs are partly float32


def test_failure_and_detection_as_scikit_learn_has_it(rng):
    confidence, wrong = rng.random(90), rng.random(90) < 0.3
    assert selective.failure_auroc(confidence, wrong) == pytest.approx(
        sk.roc_auc_score(~wrong, confidence)
    )
    assert selective.failure_auroc(confidence, np.zeros(90, bool)) is None
    other = rng.random(70) ** 2
    both, corrupted = np.append(confidence, other), np.arange(160) >= 90
    assert selective.detection_auroc(confidence, other) == pytest.approx(
        sk.roc_auc_score(corrupted, -both)
    )


def test_equal_confidences_are_in_no_order(rng):
    """The mean over all orders, by drawing them."""
    confidence = np.array([0.9, 0.5, 0.5, 0.5, 0.1])
    wrong = np.array([False, True, False, False, True])
    apart = [confidence - 1e-6 * rng.permutation(5) for _ in range(3000)]
    for figure in (selective.aurc, selective.augrc):
        expected = np.mean([figure(one, wrong) for one in apart])
        assert figure(confidence, wrong) == pytest.approx(expected, abs=0.004)


def test_perfect_and_useless_confidence():
    wrong = np.arange(10) >= 7
    assert selective.risk_at_coverage(-np.arange(10.0), wrong, 0.7) == 0
    assert selective.risk_at_coverage(-np.arange(10.0), wrong, 1) == 0.3
    assert selective.aurc(np.zeros(10), wrong) == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("labels", "answers", "classes"), [(LABELS, ANSWERS, 4), (SEVERAL, SAID, 3)]
)
def test_recall_and_f1_as_scikit_learn_has_it(labels, answers, classes):
    found = classwise.recalls(labels, answers, classes)
    expected = sk.recall_score(labels, answers, average=None)
    assert [one.value for one in found] == pytest.approx(expected)
    assert all(one.low < one.value < one.high for one in found)
    f1 = sk.f1_score(labels, answers, average="macro")
    assert classwise.macro_f1(labels, answers, classes) == pytest.approx(f1)


def test_a_class_that_is_nowhere():
    assert classwise.recalls(LABELS, ANSWERS, 5)[4].value is None
    f1 = sk.f1_score(LABELS, ANSWERS, average="macro", labels=range(5), zero_division=0)
    assert classwise.macro_f1(LABELS, ANSWERS, 5) == pytest.approx(f1)


@pytest.mark.parametrize(("hits", "count", "low", "high"), [(0, 20, 0, None), (20, 20, None, 1)])
def test_a_fraction_at_its_limit(hits, count, low, high):
    found = classwise.proportion(hits, count)
    limits = beta(hits + 0.5, count - hits + 0.5).ppf((0.025, 0.975))
    assert found.low == pytest.approx(limits[0] if low is None else low)
    assert found.high == pytest.approx(limits[1] if high is None else high)


def test_reliability_by_hand():
    found = calibration.reliability(np.array([0.5, 0.6, 0.9, 1.0]), np.array([0, 1, 1, 1]), bins=2)
    assert [(one.low, one.high, one.count) for one in found] == [(0, 0.5, 1), (0.5, 1, 3)]
    assert (found[0].confidence, found[0].accuracy) == (0.5, 0)
    assert found[1].confidence == pytest.approx(2.5 / 3) and found[1].accuracy == 1
    assert calibration.reliability(np.array([0.9]), np.array([1]), bins=2)[0].accuracy is None


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_temperature_is_found(rng, temperature):
    logits = rng.normal(size=(20000, 4))
    labels = (softmax(logits, axis=1).cumsum(axis=1) < rng.random((20000, 1))).sum(axis=1)
    labels = np.minimum(labels, 3)[:, None]
    given = softmax(logits * temperature, axis=1)
    assert calibration.fit_temperature(labels, given) == pytest.approx(temperature, rel=0.04)
    back = calibration.scaled(given, temperature, multi_label=False)
    assert back == pytest.approx(softmax(logits, axis=1))
    assert (back.argmax(axis=1) == given.argmax(axis=1)).all()


def test_temperature_of_several_labels(rng):
    logits = rng.normal(size=(8000, 5)) - 1
    labels = (rng.random(logits.shape) < expit(logits)).astype(int)
    given = expit(2 * logits)
    assert calibration.fit_temperature(labels, given) == pytest.approx(2, rel=0.05)
    assert calibration.scaled(given, 2, multi_label=True) == pytest.approx(expit(logits))


def test_probabilities_of_0_and_1_have_a_temperature():
    given = np.eye(3)[[0, 1, 2, 0]]
    found = calibration.fit_temperature(np.array([[0], [1], [2], [1]]), given)
    assert 1 < found <= 100
    assert np.isfinite(calibration.scaled(given, found, multi_label=False)).all()
