"""Figures of one test set against scikit-learn, by hand, and the release's own program."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics as sk
from support.random_scores import random_labels, random_scores, threshold_of

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.corruptions.table import CORRUPTIONS
from medmnist_c.evaluation.metrics.test_set import balanced_error, classify, measure
from medmnist_c.evaluation.report.baseline import alexnet
from medmnist_c.evaluation.report.robustness import dataset_report

RELEASE = json.loads((Path(__file__).parents[2] / "reference" / "scores.json").read_text())


def one_test_set(dataset: str):
    _, scores = next(random_scores(dataset))
    return classify(dataset_info(dataset), random_labels(dataset), scores, threshold_of(dataset))


@pytest.mark.parametrize("dataset", CORRUPTIONS)
def test_the_same_scores_give_the_release_s_figures(dataset):
    info, labels = dataset_info(dataset), random_labels(dataset)
    measured = {
        config: {
            "balanced_error": balanced_error(classify(info, labels, scores, threshold_of(dataset)))
        }
        for config, scores in random_scores(dataset)
    }
    ours, theirs = dataset_report(measured, len(labels), alexnet()), RELEASE[dataset]
    near = {"abs": 1e-12, "rel": 0}
    assert ours.clean.metrics["balanced_error"].value == pytest.approx(theirs["clean"], **near)
    assert ours.summary.BE.value == pytest.approx(theirs["BE"], **near)
    assert ours.summary.rBE.value == pytest.approx(theirs["rBE"], **near)
    assert [one.name for one in ours.corruptions] == list(theirs["corruptions"])
    for one in ours.corruptions:
        their = theirs["corruptions"][one.name]
        errors = [found.value for found in one.by_severity().values()]
        assert errors == pytest.approx(their["errors"], **near)
        assert one.BE.value == pytest.approx(their["BE"], **near)
        assert one.rBE.value == pytest.approx(their["rBE"], **near)


def test_unstable_are_the_eleven_whose_baseline_hardly_drops():
    drops = {
        (dataset, name): alexnet().drop(dataset, name, (1, 2, 3, 4, 5))
        for dataset, names in CORRUPTIONS.items()
        for name in names
    }
    assert round(drops["pneumoniamnist", "contrast_up"], 4) == -0.0056
    assert round(drops["pneumoniamnist", "gamma_corr_up"], 4) == -0.0048
    assert sum(drop < 0.02 for drop in drops.values()) == 11


def test_several_classes_as_scikit_learn_has_it():
    test_set = one_test_set("bloodmnist")
    found = {name: one.value for name, one in measure(test_set).items()}
    labels, predicted = test_set.labels[:, 0], test_set.scores.argmax(axis=1)
    assert found["balanced_error"] == pytest.approx(
        1 - sk.balanced_accuracy_score(labels, predicted)
    )
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(labels, predicted))
    assert found["auc"] == pytest.approx(
        sk.roc_auc_score(labels, test_set.scores, multi_class="ovr", average="macro")
    )
    assert found["worst_class_recall"] == pytest.approx(
        min(sk.recall_score(labels, predicted, average=None))
    )
    assert found["nll"] == pytest.approx(sk.log_loss(labels, test_set.scores))
    assert found["brier"] == pytest.approx(sk.brier_score_loss(labels, test_set.scores))
    assert "kappa" not in found


def test_two_classes_as_scikit_learn_has_it():
    test_set = one_test_set("breastmnist")
    found = {name: one.value for name, one in measure(test_set).items()}
    labels, yes = test_set.labels[:, 0], test_set.scores[:, 1]
    assert found["balanced_error"] == 1 - sk.balanced_accuracy_score(labels, yes > 0.5)
    assert found["auc"] == pytest.approx(sk.roc_auc_score(labels, yes))
    assert found["brier"] == pytest.approx(sk.brier_score_loss(labels, yes))


def test_several_labels_as_scikit_learn_has_it():
    test_set = one_test_set("chestmnist")
    found = {name: one.value for name, one in measure(test_set).items()}
    columns = range(14)
    assert found["auc"] == pytest.approx(sk.roc_auc_score(test_set.labels, test_set.scores))
    for name, function in (("nll", sk.log_loss), ("brier", sk.brier_score_loss)):
        each = [function(test_set.labels[:, k], test_set.scores[:, k]) for k in columns]
        assert found[name] == pytest.approx(np.mean(each))
    recalls = [sk.recall_score(test_set.labels, test_set.predicted, average=None, pos_label=1)]
    recalls += [sk.recall_score(1 - test_set.labels, 1 - test_set.predicted, average=None)]
    assert found["worst_class_recall"] == pytest.approx(np.min(recalls))


def test_kappa_of_ordinal_data_as_scikit_learn_has_it():
    test_set = one_test_set("retinamnist")
    expected = sk.cohen_kappa_score(test_set.labels, test_set.predicted, weights="quadratic")
    assert measure(test_set)["kappa"].value == pytest.approx(expected)


def test_calibration_error_by_hand():
    """Two bins: 0.6 said, 1 of 2 right; 0.9 said, 2 of 2 right: (2 * 0.1 + 2 * 0.1) / 4."""
    scores = np.array([[0.4, 0.6], [0.4, 0.6], [0.1, 0.9], [0.9, 0.1]])
    labels = np.array([[1], [0], [1], [0]])
    test_set = classify(dataset_info("breastmnist"), labels, scores, 0.5)
    assert measure(test_set)["ece"].value == pytest.approx(0.1)


def test_a_class_without_an_image_is_marked():
    scores = np.full((3, 8), 0.05) + 0.6 * np.eye(8)[[0, 1, 1]]
    test_set = classify(dataset_info("bloodmnist"), np.array([[0], [1], [0]]), scores, 0.5)
    found = measure(test_set)
    assert found["balanced_error"].value == 0.25  # over the two classes there are
    assert "no image of" in found["balanced_error"].note
    assert found["auc"].value is None and "no image of" in found["auc"].note
    assert "no image of" in found["worst_class_recall"].note


def test_the_interval_of_accuracy_is_the_binomial_s_by_class():
    """Variance sum_k n_k p_k (1 - p_k) / N²; 1000 resamples know its root within some 2 %."""
    test_set = one_test_set("bloodmnist")
    accuracy = measure(test_set)["accuracy"]
    variance = sum(
        one.sum() * test_set.correct[one].mean() * (1 - test_set.correct[one].mean())
        for one in (test_set.labels == k for k in range(8))
    )
    value, (low, high) = accuracy.value, accuracy.interval()
    assert np.std(accuracy.draws) == pytest.approx(variance**0.5 / 200, rel=0.07)
    inside = (accuracy.draws >= low) & (accuracy.draws <= high)
    assert low < value < high and inside.mean() >= 0.95


@pytest.mark.parametrize("dataset", ["breastmnist", "retinamnist", "bloodmnist", "chestmnist"])
def test_every_interval_is_about_its_figure(dataset):
    found = measure(one_test_set(dataset))
    for name in set(found) - {"ece", "worst_class_recall"}:
        low, high = found[name].interval()
        assert low < found[name].value < high, name
        assert abs(np.mean(found[name].draws) - found[name].value) < np.std(found[name].draws)
