"""Other splits and sizes, built and pushed: under their own names, and never called the benchmark."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from datasets import load_dataset
from hub.process import running_hub
from support.medmnist_files import medmnist_arrays, write_npz

from medmnist_c.builder.configs import config_named
from medmnist_c.builder.parquet.build import build
from medmnist_c.builder.stored import StoredTestSet, in_order, stored_named
from medmnist_c.verification import verify

pytestmark = pytest.mark.datasets
SPLITS = ("train", "validation", "test")
NAMES = ["bloodmnist_clean", "bloodmnist_bubble_2"]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    for size, name in ((224, "bloodmnist_224.npz"), (64, "bloodmnist_64.npz")):
        write_npz(folder / name, medmnist_arrays("bloodmnist", 3, train=5, val=4, size=size))
    return folder


@pytest.fixture(scope="module")
def folder(data_dir, tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("built")
    how = {"data_dir": data_dir, "seed": 3, "num_proc": 1, "splits": SPLITS}
    assert len(build(NAMES, place, **how).made) == 6
    made = build(NAMES, place, size=64, **how).made
    assert "bloodmnist_bubble_2_64px-train" in made and len(made) == 6
    again = build(NAMES, place, size=64, **how)
    assert again.made == [] and len(again.kept) == 6
    return place


@pytest.mark.parametrize("size", [224, 64])
@pytest.mark.parametrize("name", NAMES)
def test_a_stock_reader_finds_each_split_under_its_name(name, size, folder, data_dir, tmp_path):
    ours = load_dataset(
        "medmnist_c", name, data_dir=str(data_dir), seed=3, splits=SPLITS, size=size
    )
    stored = StoredTestSet(config_named(name), size=size).config_name
    assert stored == (name if size == 224 else f"{name}_64px")
    theirs = load_dataset(str(folder), stored, cache_dir=str(tmp_path))
    assert {split: len(rows) for split, rows in theirs.items()} == {
        "train": 5,
        "validation": 4,
        "test": 3,
    }
    for split, rows in theirs.items():
        assert rows.features == ours[split].features
        for one, other in zip(rows, ours[split], strict=True):
            assert one["label"] == other["label"]
            assert np.array_equal(np.asarray(one["image"]), np.asarray(other["image"]))
            assert one["image"].size == (size, size)


def test_the_card_says_what_is_not_the_benchmark(folder):
    card = (folder / "README.md").read_text()
    _, head, text = card.split("---\n", 2)
    configs = {one["config_name"]: one["data_files"] for one in yaml.safe_load(head)["configs"]}
    assert set(configs) == {*NAMES, *(f"{name}_64px" for name in NAMES)}
    assert {file["split"] for file in configs["bloodmnist_clean"]} == set(SPLITS)
    assert "Not the published benchmark: `*_64px` (64 x 64 pixels)" in text
    assert "under a corruption they are no part of the benchmark" in text


def test_verify_compares_each_of_them(folder, data_dir):
    how = {"data_dir": data_dir, "seed": 3, "splits": SPLITS, "num_proc": 1}
    for size in (224, 64):
        found = list(verify(NAMES, folder=folder, size=size, **how))
        assert len(found) == 6 and all(one.equal for one in found)
    with pytest.raises(ValueError, match="leave splits and size out"):
        list(verify(NAMES[0], release=folder, splits=("test", "validation"), data_dir=data_dir))


def test_pushed_with_their_splits_and_read_by_a_stock_client(data_dir, tmp_path):
    push = (
        "import sys, medmnist_c\n"
        "for size in (224, 64):\n"
        "    done = medmnist_c.push('tester/splits', ['bloodmnist_clean'], data_dir=sys.argv[1],\n"
        "        splits=('validation', 'test'), size=size, seed=3, num_proc=1)\n"
        "    assert len(done.made) == 2, done\n"
    )
    read = (
        "import sys; sys.modules['medmnist_c'] = None\n"
        "from datasets import load_dataset\n"
        "for name, side in (('bloodmnist_clean', 224), ('bloodmnist_clean_64px', 64)):\n"
        "    for split, count in (('validation', 4), ('test', 3)):\n"
        "        ds = load_dataset('tester/splits', name, split=split)\n"
        "        assert len(ds) == count and ds[0]['image'].size == (side, side), (name, split)\n"
    )
    with running_hub(tmp_path / "hub") as hub:
        environment = hub.environment(tmp_path)
        for program in (push, read):
            done = subprocess.run(
                [sys.executable, "-c", program, str(data_dir)],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=240,
            )
            assert done.returncode == 0, done.stderr


def test_names():
    config = config_named("dermamnist_black_corner_3")
    for stored in (
        StoredTestSet(config),
        StoredTestSet(config, "train"),
        StoredTestSet(config, size=28),
        StoredTestSet(config, "validation", 128),
    ):
        assert stored_named(stored.name) == stored
        assert stored.is_published == (stored.name == config.name)
    for name in (
        "dermamnist_black_corner_9",
        "x",
        "dermamnist_clean-test",
        "dermamnist_clean_224px",
    ):
        found = stored_named(name)
        assert found is None or found.name != name
    names = [
        "octmnist_clean_64px",
        "octmnist_clean-train",
        "pathmnist_clean",
        "octmnist_clean",
        "?",
    ]
    assert [one.name for one in in_order(names)] == [
        "pathmnist_clean",
        "octmnist_clean",
        "octmnist_clean-train",
        "octmnist_clean_64px",
    ]
