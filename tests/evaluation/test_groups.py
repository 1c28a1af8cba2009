"""Images of one patient or volume are resampled as one, wherever their groups are told."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from medmnist_c.builder.configs import CleanConfig, CorruptedConfig
from medmnist_c.evaluation.errors import PredictionError, ReportError
from medmnist_c.evaluation.predictions.folder import PredictionFolder
from medmnist_c.evaluation.predictions.origin import CleanOrigin, ImagesOrigin, Origin
from medmnist_c.evaluation.report.comparison import compare
from medmnist_c.evaluation.robustness_report import RobustnessReport
from medmnist_c.evaluation.score import score

COUNT = 156
PATIENTS = np.arange(COUNT) // 6  # six images each, which the model sees alike
CONFIGS = (CleanConfig("breastmnist"), CorruptedConfig("breastmnist", "pixelate", 5))


def answers(seed: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Labels, and scores by test set; all images of a patient are hard, or none is."""
    rng = np.random.default_rng(seed)
    labels = (PATIENTS % 2)[:, None]
    found = []
    for _ in CONFIGS:
        p = np.clip(0.5 + 0.3 * (labels[:, 0] - 0.5) + 0.2 * rng.normal(size=26)[PATIENTS], 0, 1)
        p += 1e-3 * rng.random(COUNT)
        found.append(np.stack([1 - p / 1.001, p / 1.001], 1))
    return labels, found


def kept(folder, seed: int) -> PredictionFolder:
    store = PredictionFolder(folder)
    images = ImagesOrigin("release", None, CleanOrigin(None, "none"), None)
    labels, found = answers(seed)
    for config, scores in zip(CONFIGS, found, strict=True):
        store.write(config, labels, scores, Origin(config.name, f"m{seed}", images))
    return store


def tell(folder, groups, index=None) -> None:
    index = np.arange(len(groups)) if index is None else index
    pq.write_table(
        pa.table({"index": index, "groups": groups}), folder / "breastmnist_groups.parquet"
    )


def width(one) -> float:
    return one.high - one.low


def test_clusters_are_resampled_and_the_page_says_so(tmp_path):
    a, b = kept(tmp_path / "a", 1), kept(tmp_path / "b", 2)
    alone = [score(one.path) for one in (a, b)]
    assert "MedMNIST does not tell which are of one patient" in alone[0].markdown()
    apart = compare(*alone).datasets[0]
    for one in (a, b):
        tell(one.path, [f"patient {n}" for n in PATIENTS])
    grouped = [score(one.path) for one in (a, b)]
    told = grouped[0].datasets["breastmnist"]
    assert told.clusters == 26 and "26 groups of images" in grouped[0].html()
    for name in ("balanced_error", "auc", "brier"):
        now, before = (
            one.datasets["breastmnist"].clean.metrics[name] for one in (grouped[0], alone[0])
        )
        assert now.value == before.value and width(now) > 1.6 * width(before), name
    together = compare(*grouped).datasets[0]
    assert width(together.clean) > 1.6 * width(apart.clean)
    assert width(together.auc.clean) > 1.6 * width(apart.auc.clean)
    with pytest.raises(ReportError, match="other images"):
        compare(grouped[0], alone[1])
    assert RobustnessReport.from_json(grouped[0].to_json()).to_dict() == grouped[0].to_dict()


def test_a_file_carries_them_in_a_column(tmp_path):
    labels, found = answers(1)
    columns: dict[str, list] = {name: [] for name in ("dataset", "corruption", "severity", "index")}
    columns |= {"label": [], "scores": [], "groups": []}
    for config, scores in zip(CONFIGS, found, strict=True):
        corruption, severity = (
            getattr(config, "corruption", None),
            getattr(config, "severity", None),
        )
        columns["dataset"] += ["breastmnist"] * COUNT
        columns["corruption"] += [corruption] * COUNT
        columns["severity"] += [severity] * COUNT
        columns["index"] += range(COUNT)
        columns["label"] += labels[:, 0].tolist()
        columns["scores"] += scores.tolist()
        columns["groups"] += PATIENTS.tolist()
    path = tmp_path / "scores.parquet"
    pq.write_table(pa.table(columns), path)
    store = kept(tmp_path / "folder", 1)
    tell(store.path, PATIENTS)
    ours, theirs = (score(one).datasets["breastmnist"] for one in (path, store.path))
    assert ours.clusters == 26 and ours.clean == theirs.clean
    columns["groups"][-1] = 99  # in one test set only
    pq.write_table(pa.table(columns), path)
    with pytest.raises(PredictionError, match="other groups of them"):
        score(path)


def test_groups_that_do_not_fit_are_refused_in_one_sentence(tmp_path):
    store = kept(tmp_path, 1)
    for groups, index, told in (
        (np.arange(5), None, "groups of 5 images, and predictions of 156"),
        (np.arange(COUNT) / 2, None, "not all whole numbers, or all texts"),
        (PATIENTS, np.zeros(COUNT, int), "not each image from 0 to N - 1 once"),
        (np.arange(200), None, "more rows than breastmnist has test images"),
    ):
        tell(store.path, groups, index)
        with pytest.raises(PredictionError, match=told):
            score(store.path)
