"""Which reports the leaderboard takes, and why it refuses others."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.kept_reports import DATASETS, kept_report

from medmnist_c.corruptions.table import CORRUPTIONS
from medmnist_c.evaluation.errors import ReportError
from medmnist_c.evaluation.report.model import Estimate
from medmnist_c.evaluation.robustness_report import RobustnessReport
from medmnist_c.evaluation.score import score
from medmnist_c.evaluation.seeds import over_seeds
from medmnist_c.pages.errors import RefusedError
from medmnist_c.pages.leaderboard.entry import Entry
from medmnist_c.pages.leaderboard.figures import mean
from medmnist_c.pages.leaderboard.kinds import kind_of
from medmnist_c.pages.leaderboard.release import released_alexnet
from medmnist_c.pages.leaderboard.submission import read_submission, read_submissions


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Of a report that may go on the leaderboard."""
    made = {"name": "timm:resnet18@weights.pt", "classes": "in order"}
    place = tmp_path_factory.mktemp("whole")
    return kept_report(place, "whole", left_out="", fingerprint="weights 1", made=made)


def changed(folder: Path, to: Path, change: Callable[[dict], None]) -> Path:
    """The report with a change by hand."""
    plain = json.loads((folder / "report.json").read_text())
    change(plain)
    to.write_text(json.dumps(plain))
    return to


def test_a_whole_report_is_taken(folder):
    (report,), refused = read_submissions([folder])
    assert refused == []
    entry = Entry.of(report)
    assert (entry.name, entry.kind, set(entry.datasets)) == ("whole", "trained", set(DATASETS))
    for name in DATASETS:
        told, shown = report.datasets[name], entry.datasets[name]
        assert shown.clean == told.clean.metrics["balanced_error"]
        assert shown.over_all.BE == told.summary.BE
        for each in told.corruptions:
            assert shown.corruptions[each.name].error == each.means["balanced_error"]
            assert shown.corruptions[each.name].severities == tuple(each.by_severity().values())
        for group in told.groups:
            assert shown.groups[group.name].BE == group.BE
    assert not entry.overall  # ten datasets are missing


def test_several_trainings_are_one_model(folder, tmp_path):
    other = kept_report(tmp_path / "b", "whole", 0.2, left_out="", fingerprint="weights 2")
    over_seeds([folder, other]).save(tmp_path / "both")
    report = read_submission(tmp_path / "both")
    assert report.model.fingerprint.startswith("trainings ")
    assert Entry.of(report).trainings == 2


def at(*keys) -> Callable[[dict], dict]:
    def found(plain: dict) -> dict:
        for key in keys:
            plain = plain[key]
        return plain

    return found


RETINA = ("datasets", "retinamnist")
FIRST = (*RETINA, "corruptions", 0, "test_sets", 2, "metrics")


@pytest.mark.parametrize(
    ("where", "key", "value", "words"),
    [
        (("provenance",), "images", "seed 3", "images are 'seed 3', not the published"),
        (("provenance",), "images_version", "0", "version '0'"),
        (("provenance",), "confidence", 0.5, "intervals are of 50 %"),
        (("model",), "fingerprint", None, "no fingerprint"),
        (("model",), "name", " ", "no name"),
        (("baseline",), "name", "my own", "measured against 'my own'"),
        (RETINA, "partial", "4 images", "is no report as medmnist_c makes it"),
        ((*RETINA, "clean"), "count", 399, "different size"),
        ((*RETINA, "summary", "BE"), "value", 0.1, "BE of retinamnist is 0.1, its test sets give"),
        ((*RETINA, "summary", "rBE"), "value", None, "rBE of retinamnist is missing"),
        ((*RETINA, "summary", "BE"), "high", 0.0001, "ends before it begins"),
        ((*RETINA, "groups", 0, "BE"), "value", 0.2, "BE of digital"),
        ((*RETINA, "severities", 1, "means", "balanced_error"), "value", 0.0, "at severity 2"),
        ((*FIRST, "balanced_error"), "value", 0.0, "the mean under pixelate"),
        ((*FIRST, "accuracy"), "value", 0.98765, "the accuracy under pixelate 3"),
        ((*FIRST, "recall_1"), "value", 1.0, "the balanced error under pixelate 3"),
        ((*RETINA, "corruptions", 0), "baseline_balanced_error", 0.9, "AlexNet's error"),
        ((*RETINA, "corruptions", 1), "stable", False, "whether jpeg_compression is stable"),
        (RETINA, "corruptions", [], "incomplete: 0 of 8 corruptions"),
        (RETINA, "groups", [], "the number of means"),
        (("datasets", "breastmnist", "operating_points", 0), "thresholds", [0.41], "are given"),
        (("datasets", "breastmnist"), "operating_points", [], "lacks its thresholds"),
        (("datasets", "breastmnist", "operating_points", 0), "kind", "tuned", "tuned on 0 images"),
    ],
)
def test_forged_and_partial_ones_are_refused(folder, tmp_path, where, key, value, words):
    def change(plain: dict) -> None:
        at(*where)(plain)[key] = value

    path = changed(folder, tmp_path / "changed.json", change)
    with pytest.raises((RefusedError, ReportError), match=words) as refused:
        read_submission(path)
    assert str(path) in str(refused.value)


def test_partial_reports_and_other_files_are_refused(tmp_path):
    incomplete = kept_report(tmp_path / "a", "incomplete", fingerprint="weights 3")
    drawn = kept_report(tmp_path / "b", "drawn", left_out="", images="seed 1", fingerprint="w")
    (tmp_path / "text.json").write_text("no json")
    taken, refused = read_submissions([incomplete, drawn, tmp_path / "text.json", tmp_path / "no"])
    assert taken == []
    assert "not all severities of motion_blur" in refused[0]
    assert "seed 1" in refused[1] and "is no JSON" in refused[2] and "Cannot read" in refused[3]
    large = tmp_path / "large.json"
    with large.open("wb") as file:
        file.truncate(60_000_000)
    with pytest.raises(RefusedError, match="more than 50,000,000 bytes"):
        read_submission(large)


def test_a_model_is_there_once(folder, tmp_path):
    renamed = changed(folder, tmp_path / "a.json", lambda p: p["model"].update(name="another"))
    same = changed(folder, tmp_path / "b.json", lambda p: p["model"].update(fingerprint="w 9"))

    def of_other_images(plain: dict) -> None:
        plain["model"].update(name="third", fingerprint="w 10")
        plain["provenance"]["sources"]["retinamnist"]["digest"] = "f" * 16

    mixed = changed(folder, tmp_path / "c.json", of_other_images)
    taken, refused = read_submissions([folder, renamed, same, mixed])
    assert [one.name for one in taken] == ["whole"]
    for words, reason in zip(("fingerprint", "of that name", "others than"), refused, strict=True):
        assert words in reason


def test_thresholds_are_tuned_where_the_baselines_are(tmp_path):
    from support.random_scores import random_labels, random_scores

    from medmnist_c.evaluation.predictions.folder import PredictionFolder
    from medmnist_c.evaluation.predictions.origin import CleanOrigin, ImagesOrigin, Origin

    store = PredictionFolder(tmp_path / "predictions")
    images = ImagesOrigin("release", None, CleanOrigin(None, "random numbers"), "1")
    labels = random_labels("pneumoniamnist", 624)
    for config, scores in random_scores("pneumoniamnist", 624):
        store.write(config, labels, scores, Origin(config.name, "m", images, fingerprint="w"))
    score(tmp_path / "predictions").save(tmp_path)
    with pytest.raises(RefusedError, match=r"are 0\.5, those of AlexNet \(release\) tuned"):
        read_submission(tmp_path)


def test_the_published_alexnet():
    entry = released_alexnet()
    assert set(entry.datasets) == set(CORRUPTIONS) and entry.kind == "baseline"
    blood = entry.datasets["bloodmnist"]
    assert blood.clean.value == pytest.approx(0.018369, abs=1e-6)
    assert blood.corruptions["bubble"].error.value == pytest.approx(0.128988, abs=1e-6)
    assert Estimate(1.0) == entry.overall[""].BE and entry.overall["noise"].rBE == Estimate(1.0)


def test_means_over_datasets():
    found = mean([Estimate(0.2, 0.1, 0.4), Estimate(0.4, 0.4, 0.4)])
    assert (found.value, found.low, found.high) == pytest.approx((0.3, 0.25, 0.4))
    half = mean([Estimate(0.25, 0.1, 0.4), Estimate(0.5)])
    assert half == Estimate(0.375)
    assert mean([Estimate(0.2), Estimate(None)]) == Estimate(None)


def test_kinds_are_what_the_report_says(folder):
    model = RobustnessReport.load(folder).model
    for made, kind in (
        ({"name": "probe", "classes": "knn head on features"}, "probe"),
        ({"name": "open_clip:ViT-B-32/laion", "classes": "captions"}, "zero-shot"),
        ({"day": "2026-11-29"}, "trained"),
        ({}, "not told"),
    ):
        assert kind_of(type(model)("m", made=made), "not told") == kind
