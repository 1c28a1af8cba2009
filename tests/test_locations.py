"""Where things lie: the same place to the end, and no home folder that there must be."""

import os
import pwd
from pathlib import Path

import numpy as np
import pytest
from datasets import load_dataset, load_dataset_builder
from support.dataset_rows import rows
from support.http_server import serving
from support.medmnist_files import write_medmnist_file

from medmnist_c import build, evaluate
from medmnist_c.builder.errors import CleanDataError
from medmnist_c.builder.source import clean

pytestmark = pytest.mark.datasets

NAME = "octmnist_pixelate_2"


@pytest.fixture
def elsewhere(tmp_path, monkeypatch) -> Path:
    """The current folder is `here`, with a clean file in `here/data`; another one to go to."""
    (tmp_path / "here" / "data").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    write_medmnist_file(tmp_path / "here" / "data", "octmnist", 6)
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "elsewhere"


RELATIVE = {"data_dir": "data", "cache_dir": "cache"}


def expected(tmp_path: Path) -> list:
    how = {"data_dir": tmp_path / "here" / "data", "cache_dir": tmp_path / "right"}
    return rows(load_dataset("medmnist_c", NAME, split="test", **how))


def test_item_14_a_stream_survives_a_change_of_folder(elsewhere, tmp_path, monkeypatch):
    stream = load_dataset("medmnist_c", NAME, split="test", streaming=True, **RELATIVE)
    monkeypatch.chdir(elsewhere)
    assert rows(stream) == expected(tmp_path)
    assert os.listdir(elsewhere) == []


def test_item_14_a_builder_survives_a_change_of_folder(elsewhere, tmp_path, monkeypatch):
    builder = load_dataset_builder("medmnist_c", NAME, **RELATIVE)
    monkeypatch.chdir(elsewhere)
    builder.download_and_prepare()
    assert rows(builder.as_dataset("test")) == expected(tmp_path)
    assert os.listdir(elsewhere) == []


def test_item_14_a_relative_hf_home_survives_a_change_of_folder(elsewhere, tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", "hf/datasets")
    stream = load_dataset("medmnist_c", NAME, split="test", streaming=True, data_dir="data")
    monkeypatch.chdir(elsewhere)
    assert rows(stream) == expected(tmp_path)
    assert os.listdir(elsewhere) == []


@pytest.mark.parametrize("cache", ["default", "hf/datasets"])
def test_item_14_an_evaluation_survives_a_model_that_changes_the_folder(
    cache, elsewhere, tmp_path, monkeypatch
):
    def predict(images):
        os.chdir(elsewhere)
        return np.full((len(images), 4), 0.25)

    if cache != "default":
        monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", cache)
    how = {"corruptions": "pixelate", "severities": 1, "data_dir": "data", "batch_size": 2}
    report = evaluate(predict, "octmnist", predictions="predictions", **how)
    kept = tmp_path / "here" / "predictions"
    assert (
        report.predictions == kept and len(list(kept.rglob("*.parquet"))) == 3
    )  # clean, validation, one corrupted
    assert os.listdir(elsewhere) == []


def test_item_14_build_takes_relative_folders(elsewhere, tmp_path):
    made = build(NAME, "out", num_proc=1, **RELATIVE)
    assert made.made == [NAME] and (tmp_path / "here" / "cache" / "medmnist_c_clean").is_dir()


@pytest.fixture
def no_home(monkeypatch) -> None:
    """As in a container whose user is a bare number."""

    def unknown(uid):
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    with pytest.raises(RuntimeError, match="Could not determine home"):
        Path.home()


def test_item_15_no_home_only_means_that_no_file_is_there(no_home, tmp_path, monkeypatch):
    """The file is fetched, as for anybody who has no `~/.medmnist`."""
    (tmp_path / "server").mkdir()
    with serving(tmp_path / "server") as server:
        monkeypatch.setenv(clean.MIRROR, server.url)
        with pytest.raises(OSError, match="404"):
            load_dataset("medmnist_c", NAME, split="test", cache_dir=tmp_path / "cache")
        assert [one["path"] for one in server.requests] == ["/octmnist_224.npz"]


def test_item_15_the_default_cache_without_a_home(no_home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", "~/.cache/huggingface/datasets")
    stream = load_dataset("medmnist_c", NAME, split="test", streaming=True, sample=True)
    assert len(rows(stream)) == stream.info.splits["test"].num_examples
    assert (tmp_path / "~" / ".cache" / "huggingface" / "datasets" / "medmnist_c_clean").is_dir()


def test_item_7_looking_at_configurations_leaves_no_lock_files(tmp_path):
    builder = load_dataset_builder("medmnist_c", NAME, sample=True, cache_dir=tmp_path)
    assert builder.info.splits["test"].num_examples > 0
    assert list(tmp_path.iterdir()) == []
    builder.download_and_prepare()
    again = load_dataset_builder("medmnist_c", NAME, sample=True, cache_dir=tmp_path)
    assert rows(again.as_dataset("test")) == rows(builder.as_dataset("test"))


def test_a_cache_that_cannot_be_a_folder_gets_one_sentence(elsewhere, tmp_path):
    (tmp_path / "here" / "cache").write_text("no folder")
    with pytest.raises(
        CleanDataError, match=r"^Cannot write into .*cache \(.*choose another cache"
    ):
        load_dataset("medmnist_c", NAME, split="test", **RELATIVE)
