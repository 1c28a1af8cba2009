"""Probes: heads on features that are made once."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.medmnist_files import medmnist_arrays, write_npz

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.models.errors import ModelError
from medmnist_c.models.facts import facts_of
from medmnist_c.models.loaded import Encoder
from medmnist_c.models.probe.features import Features
from medmnist_c.models.probe.heads import trained_head
from medmnist_c.models.probe.probe import probe

pytest.importorskip("sklearn")
DATASET, TESTED = "breastmnist", 6


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory) -> Path:
    """A dataset whose classes differ in brightness."""
    folder = tmp_path_factory.mktemp("data")
    arrays = medmnist_arrays(DATASET, TESTED, train=24, val=8)
    for split in ("train", "val", "test"):
        labels = arrays[f"{split}_labels"]
        labels[:, 0] = np.arange(len(labels)) % 2
        arrays[f"{split}_images"] //= 1 + labels[:, :, None]
    write_npz(folder / "breastmnist_224.npz", arrays)
    return folder


class Counting:
    """Features of an image: means of its quarters, and a constant. Counts what it is shown."""

    def __init__(self) -> None:
        self.images = 0

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        self.images += len(batch)
        means = batch.reshape(len(batch), 2, 112, 2, 112).mean(axis=(2, 4)).reshape(-1, 4)
        return np.concatenate([means, np.full((len(batch), 1), 0.5)], axis=1)


def transform(image: Image.Image) -> np.ndarray:
    return np.asarray(image, np.float32) / 255


def encoder(embed: Counting, weights: str = "one") -> Encoder:
    return Encoder(embed, transform, 5, facts_of("mine", weights, "/ 255", "features", "cpu"))


def probed(embed, data_dir, features, heads=("linear",), weights="one", **how):
    few = {"corruptions": "pixelate", "severities": [1, 2], "num_workers": 0}
    return probe(
        encoder(embed, weights), DATASET, heads, data_dir=data_dir, features=features, **few, **how
    )


def test_heads_are_many_and_images_are_embedded_once(data_dir, tmp_path):
    embed = Counting()
    first = probed(embed, data_dir, tmp_path, predictions=tmp_path / "kept")
    assert embed.images == 24 + 8 + 3 * TESTED
    both = probed(embed, data_dir, tmp_path, ("linear", "knn"), predictions=tmp_path / "kept")
    assert embed.images == 24 + 8 + 3 * TESTED  # no image is embedded again
    assert list(both) == ["mine, linear", "mine, knn"]
    assert both["mine, linear"].to_json() == first["mine, linear"].to_json()
    for report in both.values():
        assert report.table(DATASET)["pixelate", 2].value == 0  # brightness tells the classes apart


def test_features_of_other_weights_are_never_taken(data_dir, tmp_path):
    embed = Counting()
    probed(embed, data_dir, tmp_path)
    probed(embed, data_dir, tmp_path, weights="two")
    assert embed.images == 2 * (24 + 8 + 3 * TESTED)


def test_damaged_features_are_made_anew(data_dir, tmp_path):
    embed = Counting()
    before = probed(embed, data_dir, tmp_path)
    files = sorted(tmp_path.rglob("*.npz"))
    assert len(files) == 5
    for file in files:
        content = bytearray(file.read_bytes())
        with np.load(file) as kept:
            content[content.index(kept["features"].tobytes())] ^= 1
        file.write_bytes(content)
    again = probed(embed, data_dir, tmp_path)
    assert embed.images == 2 * (24 + 8 + 3 * TESTED)
    assert {name: one.to_json() for name, one in again.items()} == {
        name: one.to_json() for name, one in before.items()
    }


def test_the_test_split_chooses_nothing(data_dir, tmp_path):
    """Other test labels give the same head: its scores do not change."""
    import pyarrow.parquet as pq

    other = tmp_path / "other"
    other.mkdir()
    arrays = dict(np.load(data_dir / "breastmnist_224.npz"))
    arrays["test_labels"] = 1 - arrays["test_labels"]
    write_npz(other / "breastmnist_224.npz", arrays)
    scores = []
    for number, place in enumerate((data_dir, other)):
        kept = tmp_path / f"kept{number}"
        probed(Counting(), place, tmp_path / f"features{number}", predictions=kept)
        (file,) = kept.rglob("breastmnist_clean.parquet")
        scores.append(pq.read_table(file)["scores"].to_pylist())
    assert scores[0] == scores[1]


def features(labels: np.ndarray, seed: int) -> Features:
    noise = np.random.default_rng(seed).normal(size=(len(labels), 6))
    signal = (
        labels @ np.eye(labels.shape[1], 6) if labels.shape[1] > 1 else np.eye(9, 6)[labels[:, 0]]
    )
    return Features((noise * 0.3 + 2 * signal).astype(np.float32), labels)


@pytest.mark.parametrize("head", ["linear", "knn"])
@pytest.mark.parametrize("dataset", ["retinamnist", "chestmnist"])
def test_probabilities_of_many_classes_and_of_many_labels(head, dataset):
    info = dataset_info(dataset)
    random = np.random.default_rng(0)
    shape = (200, len(info.labels)) if info.multi_label else (200, 1)
    labels = [random.integers(0, 2 if info.multi_label else 5, shape) for _ in range(3)]
    train, validation, test = (features(part, seed) for seed, part in enumerate(labels))
    made = trained_head(head, train, validation, info)
    scores = made.scores(test.features)
    assert scores.shape == (200, len(info.labels)) and (scores >= 0).all() and (scores <= 1).all()
    assert "200 validation images" in made.chosen
    if info.multi_label:
        assert ((scores > 0.5)[:, :6] == test.labels[:, :6]).mean() > 0.9
    else:
        assert np.allclose(scores.sum(axis=1), 1)
        assert (scores.argmax(axis=1) == test.labels[:, 0]).mean() > 0.9


def test_what_cannot_be_gets_one_sentence(data_dir, tmp_path):
    info = dataset_info("retinamnist")
    few = features(np.zeros((10, 1), int), 0)
    with pytest.raises(ModelError, match="no training images of '1'"):
        trained_head("linear", few, few, info)
    with pytest.raises(ModelError, match="no head 'forest'"):
        trained_head("forest", few, few, info)
    with pytest.raises(ModelError, match="at least one head"):
        probed(Counting(), data_dir, tmp_path, heads=())
    bad = Encoder(lambda batch: np.zeros(3), transform, 5, facts_of("bad", "w", "", "", "cpu"))
    with pytest.raises(ModelError, match=r"bad gives \(3,\) for 5 images"):
        probe(bad, DATASET, data_dir=data_dir, features=tmp_path, num_workers=0)
