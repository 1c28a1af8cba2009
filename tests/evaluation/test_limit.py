"""A fixed part of each test set: the whole's images, fewer of them, and never called complete."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from support.medmnist_files import write_medmnist_file
from support.random_scores import random_labels, random_scores

from medmnist_c.builder.configs import select
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.parquet.build import build
from medmnist_c.evaluation.errors import PredictionError, ReportError
from medmnist_c.evaluation.evaluate import evaluate
from medmnist_c.evaluation.metrics.auc import macro_auc, placements
from medmnist_c.evaluation.metrics.subset import subset
from medmnist_c.evaluation.metrics.test_set import classify, measure
from medmnist_c.evaluation.predictions.folder import PredictionFolder
from medmnist_c.evaluation.report.comparison import compare
from medmnist_c.evaluation.robustness_report import RobustnessReport
from medmnist_c.evaluation.score import score

HOW = {"corruptions": ["pixelate", "speckle_noise"], "severities": [5], "num_workers": 0}


def brightness(images: np.ndarray) -> np.ndarray:
    yes = images.reshape(len(images), -1).mean(axis=1) / 255
    return np.stack([1 - yes, yes], axis=1)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The whole and a part of one made dataset: their reports, and where they are."""
    folder = tmp_path_factory.mktemp("limit")
    write_medmnist_file(folder, "breastmnist", 30)
    how = HOW | {"data_dir": folder}
    whole = evaluate(brightness, "breastmnist", predictions=folder / "whole", **how)
    part = evaluate(brightness, "breastmnist", predictions=folder / "part", limit=12, **how)
    return folder, how, whole, part


def test_the_same_images_as_in_the_whole(kept):
    folder, _, whole, part = kept
    labels = pq.read_table(folder / "whole/breastmnist/breastmnist_clean.parquet")["label"]
    expected = subset(np.array(labels)[:, None], "breastmnist", 12)
    names = sorted(one.name for one in (folder / "part").rglob("*.parquet"))
    assert len(names) == 1 + 2 + 1  # and validation
    for name in names:
        of_whole, of_part = (
            pq.read_table(folder / one / "breastmnist" / name).to_pydict()
            for one in ("whole", "part")
        )
        if "validation" in name:
            assert of_part == of_whole
            continue
        assert of_part["index"] == expected.tolist()
        for column in ("label", "scores"):
            assert of_part[column] == [of_whole[column][index] for index in expected]
    assert part.model.fingerprint and part.datasets["breastmnist"].count == 12
    assert part.provenance.sources["breastmnist"].limit == 12
    assert whole.provenance.sources["breastmnist"].limit is None


def test_it_is_partial_says_what_that_costs_and_is_never_called_complete(kept):
    one = kept[3].datasets["breastmnist"]
    assert one.partial.startswith(
        "12 of the 156 test images, a fixed part, whose intervals are about"
    )
    assert not one.summary.complete and one.summary.BE.value is None
    assert "complete" not in kept[3].markdown() and "a fixed part" in kept[3].markdown()


def test_the_same_call_goes_on_and_another_limit_is_refused(kept, tmp_path):
    folder, how, _, part = kept
    again = evaluate(brightness, "breastmnist", predictions=folder / "part", limit=12, **how)
    assert again.to_dict() == part.to_dict()
    assert RobustnessReport.from_json(part.to_json()).to_dict() == part.to_dict()
    for limit, told in ((13, "with limit 12, not 13"), (None, "with limit 12, not None")):
        with pytest.raises(PredictionError, match=told):
            evaluate(brightness, "breastmnist", predictions=folder / "part", limit=limit, **how)
    more = evaluate(brightness, "breastmnist", limit=30, **how)  # which is all of them
    assert more.datasets == kept[2].datasets


def test_it_is_scored_again_and_compared_with_its_like_only(kept):
    folder, _, whole, part = kept
    for clean in ({}, {"data_dir": folder}):
        assert score(folder / "part", **clean).datasets == part.datasets
    assert compare(part, score(folder / "part")).datasets[0].mean.value == 0
    with pytest.raises(ReportError, match="scored on other images"):
        compare(whole, part)


def test_a_process_makes_the_same_and_published_images_can_be_limited(kept, tmp_path):
    _, how, _, part = kept
    built = how | {"num_workers": 1}
    assert evaluate(brightness, "breastmnist", limit=12, **built).datasets == part.datasets
    build(
        select(("breastmnist_clean", "breastmnist_pixelate_5")), tmp_path, sample=True, num_proc=1
    )
    which = {"corruptions": "pixelate", "severities": 5, "limit": 3}
    streamed = evaluate(brightness, "breastmnist", repo=str(tmp_path), **which)
    assert streamed.datasets == evaluate(brightness, "breastmnist", sample=True, **which).datasets
    assert streamed.datasets["breastmnist"].count == 3


def test_bad_limits_are_refused_in_one_sentence(kept):
    how = kept[1]
    for bad in (0, True, 2.5):
        with pytest.raises(ValueError, match="limit is a whole number of images from 1 on"):
            evaluate(brightness, "breastmnist", limit=bad, **how)
    with pytest.raises(PredictionError, match="limit=1 cannot be met: breastmnist has images of 2"):
        evaluate(brightness, "breastmnist", limit=1, **how)


def test_a_file_of_a_part_that_lies_is_refused(kept, tmp_path):
    store = PredictionFolder(kept[0] / "part")
    clean = store.configs()[0]
    found, origin = store.read(clean), store.origin(clean)
    other = PredictionFolder(tmp_path)
    for indices, told in (
        (np.zeros(12, int), "12 rows of 1 images"),
        (np.arange(12) * 3, "not one of 0 to 29"),
    ):
        other.write(clean, found.labels, found.scores, origin, indices)
        with pytest.raises(PredictionError, match=told):
            score(tmp_path)


def test_figures_of_a_part_count_classes_as_the_whole_does():
    """Every image of two classes stands for two: as if the whole had each of these twice."""
    info = dataset_info("retinamnist")
    labels, scores = (
        random_labels("retinamnist", 60),
        next(iter(random_scores("retinamnist", 60)))[1],
    )
    rare = np.isin(labels[:, 0], (0, 2))
    part = classify(
        info,
        labels,
        scores,
        0.5,
        class_counts=np.bincount(labels[:, 0], minlength=5) * np.array([2, 1, 2, 1, 1]),
    )
    twice = np.concatenate([np.arange(60), np.flatnonzero(rare)])
    whole = classify(info, labels[twice], scores[twice], 0.5)
    ours, theirs = measure(part), measure(whole)
    for name in ours:
        assert ours[name].value == pytest.approx(theirs[name].value, abs=1e-12), name


def test_weighted_placements_and_losses():
    rng = np.random.default_rng(0)
    scores, positive = rng.integers(0, 9, 50) / 9, rng.random(50) < 0.4
    times = rng.integers(1, 4, 50)
    repeated = np.repeat(np.arange(50), times)
    expected = placements(positive[repeated], scores[repeated])
    assert placements(positive, scores, times)[repeated] == pytest.approx(expected)
    weights = times * 50 / times.sum()
    members, columns = np.stack([positive, ~positive], 1), np.stack([scores, 1 - scores], 1)
    found = macro_auc(members, columns, weights)
    assert found.value == pytest.approx(macro_auc(members[repeated], columns[repeated]).value)
    assert (weights * found.losses).mean() == pytest.approx(0)
