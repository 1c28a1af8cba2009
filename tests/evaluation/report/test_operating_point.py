"""Thresholds from clean validation images: chosen on these alone, told, and marked where they matter."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from sklearn.metrics import balanced_accuracy_score
from support.kept_reports import kept_report
from support.random_scores import configs_of, random_scores

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.cli import main
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.predictions.folder import PredictionFolder
from medmnist_c.evaluation.predictions.origin import CleanOrigin, ImagesOrigin, Origin
from medmnist_c.evaluation.predictions.rows import Predictions
from medmnist_c.evaluation.predictions.validation import ValidationSet
from medmnist_c.evaluation.report.baseline import alexnet, baseline_of
from medmnist_c.evaluation.report.model import OperatingPoint
from medmnist_c.evaluation.report.operating_point import choose, remark
from medmnist_c.evaluation.robustness_report import RobustnessReport
from medmnist_c.evaluation.score import score

VALIDATION_COUNT = 78  # of breastmnist


def table(labels: np.ndarray, scores: np.ndarray, corruption=None, severity=None) -> pa.Table:
    count = len(scores)
    return pa.table(
        {
            "dataset": ["breastmnist"] * count,
            "corruption": pa.array([corruption] * count, pa.string()),
            "severity": pa.array([severity] * count, pa.int8()),
            "index": np.arange(count),
            "label": labels[:, 0].tolist(),
            "scores": scores.tolist(),
        }
    )


def scores_of(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels and scores whose best threshold is far from 0.5."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, (count, 1))
    yes = np.clip(0.2 + 0.15 * labels[:, 0] + 0.1 * rng.standard_normal(count), 0, 1)
    return labels, np.stack([1 - yes, yes], axis=1)


@pytest.fixture
def file(tmp_path):
    """Predictions of all of breastmnist, and of its validation images beside them."""
    labels, _ = scores_of(156, 0)
    parts = []
    for number, config in enumerate(configs_of("breastmnist")):
        _, scores = scores_of(156, number)
        where = getattr(config, "corruption", None), getattr(config, "severity", None)
        parts.append(table(labels, scores, *where))
    pq.write_table(pa.concat_tables(parts), tmp_path / "scores.parquet")
    pq.write_table(
        table(*scores_of(VALIDATION_COUNT, 99)), tmp_path / "breastmnist_validation.parquet"
    )
    return tmp_path / "scores.parquet"


def told(report: RobustnessReport):
    one = report.datasets["breastmnist"]
    (point,) = one.operating_points
    return point, one.validation, one.remark


def test_thresholds_are_the_best_on_the_validation_images(file):
    report = score(file)
    point, images, _ = told(report)
    labels, scores = scores_of(VALIDATION_COUNT, 99)
    reached = balanced_accuracy_score(labels[:, 0], scores[:, 1] > point.thresholds[0])
    best = max(balanced_accuracy_score(labels[:, 0], scores[:, 1] > at) for at in scores[:, 1])
    assert point.kind == "tuned" and reached == pytest.approx(best)
    assert (images.count, images.official) == (VALIDATION_COUNT, VALIDATION_COUNT)
    assert told(score(file, threshold="validation")) == told(report)
    given = score(file, threshold=point.thresholds[0])
    assert given.datasets["breastmnist"].clean == report.datasets["breastmnist"].clean
    at_half = score(file, threshold=0.5).datasets["breastmnist"].clean.metrics["balanced_error"]
    assert (
        at_half.value > 0.4 > report.datasets["breastmnist"].clean.metrics["balanced_error"].value
    )
    for text in (report.html(), report.markdown().replace("\\", "")):
        assert "of best balanced accuracy on 78 clean validation images" in text
        assert f"{point.thresholds[0]:.4g}" in text
    assert RobustnessReport.from_dict(report.to_dict()).datasets == report.datasets


def test_test_labels_and_scores_are_not_read_in_choosing(file):
    before = told(score(file))
    rows = pq.read_table(file)
    turned = [1 - label for label in rows["label"].to_pylist()]
    changed = rows.set_column(rows.column_names.index("label"), "label", pa.array(turned))
    pq.write_table(changed, file)
    after = score(file)
    assert told(after) == before
    assert (
        after.datasets["breastmnist"].clean.metrics["balanced_error"].value > 0.5
    )  # they were read
    halved = [[1 - s[1] / 2, s[1] / 2] for s in rows["scores"].to_pylist()]
    pq.write_table(
        changed.set_column(rows.column_names.index("scores"), "scores", pa.array(halved)), file
    )
    assert told(score(file)) == before


def test_validation_scores_that_are_not_there_or_are_the_test_images(file):
    beside = file.with_name("breastmnist_validation.parquet")
    clean = pq.read_table(file).slice(0, VALIDATION_COUNT)
    for spoiled in (clean.drop_columns("label"), clean.set_column(0, "dataset", [["x"] * 78])):
        pq.write_table(spoiled, beside)
        with pytest.raises(
            PredictionError, match="is for the clean validation images of breastmnist"
        ):
            score(file)
    beside.unlink()
    with pytest.raises(PredictionError, match="keep them as breastmnist_validation"):
        score(file, threshold="validation")
    done = CliRunner().invoke(
        main, ["score", str(file), "-o", str(file.parent), "--threshold", "best"]
    )
    assert done.exit_code == 2 and "give 'validation' or numbers from 0 to 1" in done.output
    point, images, _ = told(score(file))
    assert point == OperatingPoint("given", (0.5,)) and images is None


def test_a_validation_file_of_test_scores_is_refused(tmp_path):
    store = PredictionFolder(tmp_path)
    images = ImagesOrigin("release", "d", CleanOrigin("s", "files"), "1")
    config = configs_of("breastmnist")[0]
    labels, scores = scores_of(VALIDATION_COUNT, 1)
    for one in (config, ValidationSet("breastmnist")):
        store.write(one, labels, scores, Origin(one.name, "m", images))
    with pytest.raises(PredictionError, match="are those of its test images"):
        score(tmp_path)


def test_a_folder_keeps_validation_predictions_which_are_no_test_set(tmp_path):
    kept_report(tmp_path, "plain")
    store = PredictionFolder(tmp_path / "predictions")
    before = store.configs()
    images = ImagesOrigin("release", "d", CleanOrigin("abc", "files"), "1")
    own = ValidationSet("breastmnist")
    store.write(own, *scores_of(50, 1), Origin(own.name, "plain", images))
    assert store.configs() == before
    report = score(store.path)
    point, validation, _ = told(report)
    assert point.kind == "tuned" and (validation.count, validation.digest) == (50, "abc")
    assert "on 50 of 78 clean validation images" in report.html()
    retina = report.datasets["retinamnist"]
    assert retina.operating_points == () and retina.remark is None and retina.validation is None


@pytest.mark.parametrize(
    ("dataset", "point", "words"),
    [
        (
            "chestmnist",
            OperatingPoint("given", (0.5,)),
            "on chestmnist are tuned, the model's are 0.5",
        ),
        (
            "chestmnist",
            OperatingPoint("given", (0.4,) * 14),
            "are given for each label; threshold='val",
        ),
        ("chestmnist", OperatingPoint("tuned", (0.1,) * 14), None),
        ("pneumoniamnist", OperatingPoint("tuned", (0.7,)), None),
        ("pneumoniamnist", OperatingPoint("given", (0.5,)), "are tuned, the model's are 0.5"),
        ("breastmnist", OperatingPoint("given", (0.5,)), "are not known, the model's are 0.5"),
        ("breastmnist", OperatingPoint("tuned", (0.5,)), "are not known, the model's are tuned"),
        ("bloodmnist", None, None),
    ],
)
def test_thresholds_of_another_kind_than_the_baseline_s_are_marked(dataset, point, words):
    found = remark(dataset_info(dataset), point, alexnet())
    assert found is None if words is None else words in found


def test_the_mark_stands_at_BE_and_goes_where_the_baseline_is_scored_alike(file):
    report = score(file, threshold=0.5)
    assert "\u2020 BE and rBE compare thresholds, too" in report.html()
    be = report.datasets["breastmnist"].summary.BE.value
    assert f"{be:.3f}\u2020" in report.html() and f"{be:.3f}\u2020" in report.markdown()
    alike = score(file, threshold=0.5, baseline=report)
    assert told(alike)[2] is None and "\u2020" not in alike.html()
    assert told(score(file, baseline=report))[2] is not None
    assert baseline_of(report).thresholds == {"breastmnist": "0.5"}


def test_several_labels_have_a_threshold_each():
    info = dataset_info("chestmnist")
    _, scores = next(random_scores("chestmnist"))
    labels = (np.random.default_rng(0).random(scores.shape) < scores).astype(np.int64)
    point = choose(info, None, Predictions(labels, scores))
    assert point.kind == "tuned" and len(set(point.thresholds)) == 14
