"""`fetch`: what a machine without a network needs, carried there in a folder."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from datasets import load_dataset
from support.http_server import serving
from support.medmnist_files import medmnist_arrays, write_npz

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.errors import CleanDataError
from medmnist_c.builder.source import clean, download, portable
from medmnist_c.builder.source.portable import fetch
from medmnist_c.corruptions import stain_masks

pytestmark = pytest.mark.datasets

DATASET = "breastmnist"  # the smallest: 156 test images, as many as the official file has
INFO = dataset_info(DATASET)
ARRAYS = medmnist_arrays(
    DATASET, INFO.test_count, train=INFO.train_count, val=INFO.validation_count
)
MEDMNIST_C = Path(sys.executable).with_name("medmnist-c")


@pytest.fixture(scope="module")
def official(tmp_path_factory) -> Path:
    return write_npz(tmp_path_factory.mktemp("official") / dataset_info(DATASET).file_name, ARRAYS)


@pytest.fixture
def server(official, monkeypatch):
    with serving(official.parent) as state:
        monkeypatch.setenv(clean.MIRROR, state.url)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield state


def test_item_8_fetch_gets_all_that_a_machine_without_a_network_needs(server, tmp_path):
    folder = tmp_path / "carried"
    done = subprocess.run(
        [MEDMNIST_C, "fetch", DATASET, "-o", folder],
        cwd=tmp_path,
        env=os.environ | {"HF_HOME": str(tmp_path / "here")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{folder / 'breastmnist_224.npz'}  ")
    assert server.body_bytes < 0.99 * (sum(a.nbytes for a in ARRAYS.values()))
    shutil.move(folder, tmp_path / "there")
    program = (
        "import sys, medmnist_c, datasets\n"
        "rows = datasets.load_dataset('medmnist_c', 'breastmnist_clean', split='test',\n"
        "    data_dir=sys.argv[1], cache_dir=sys.argv[2])\n"
        "print([row['image'].tobytes().hex() == row_hex for row, row_hex in\n"
        "    zip(rows, sys.stdin.read().split(), strict=True)].count(True))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "there", tmp_path / "cache"],
        input="\n".join(image.tobytes().hex() for image in ARRAYS["test_images"]),
        cwd="/",
        env=os.environ | {"HF_HUB_OFFLINE": "1", clean.MIRROR: "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "156"


def test_item_8_other_splits_only_where_they_are_asked_for(server, tmp_path):
    (path,) = fetch([DATASET], tmp_path)
    names = ["test_images.npy", "test_labels.npy"]
    assert zipfile.ZipFile(path).namelist() == names
    count = len(server.requests)
    assert list(fetch([DATASET, DATASET], tmp_path)) == [path] and len(server.requests) == count
    list(fetch([DATASET], tmp_path, ["test", "train"]))
    assert zipfile.ZipFile(path).namelist() == ["train_images.npy", "train_labels.npy", *names]
    with np.load(path) as arrays:
        for name in arrays.files:
            assert np.array_equal(arrays[name], ARRAYS[name])
    assert not list(tmp_path.glob(".*.download")) and not list(tmp_path.glob(".*.tmp"))


def test_item_8_the_ink_blots_of_a_dataset_that_has_them(server, official, tmp_path, monkeypatch):
    content = b"ten blots in two sizes"
    (official.parent / "inks.npz").write_bytes(content)
    monkeypatch.setattr(stain_masks, "REFERENCE_URL", f"{server.url}/inks.npz")
    monkeypatch.setattr(stain_masks, "REFERENCE_BYTES", len(content))
    monkeypatch.setattr(stain_masks, "REFERENCE_SHA256", hashlib.sha256(content).hexdigest())
    few = replace(dataset_info("bloodmnist"), test_count=2)
    write_npz(official.parent / few.file_name, medmnist_arrays("bloodmnist", 2))
    with pytest.raises(CleanDataError, match="has 2 images, not 3421"):
        list(fetch(["bloodmnist"], tmp_path))
    infos = {"bloodmnist": few, DATASET: INFO}
    monkeypatch.setattr(portable, "dataset_info", lambda name, size: infos[name])
    fetched = list(fetch(["bloodmnist", DATASET], tmp_path))
    assert [one.name for one in fetched] == [few.file_name, "breastmnist_224.npz", "inks.npz"]
    assert fetched[-1].read_bytes() == content


def test_item_8_a_broken_connection_costs_what_was_under_way(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "POLICY", download.RetryPolicy(tries=1))
    server.cut_after = 1_000_000
    with pytest.raises(CleanDataError, match=r"medmnist-c fetch DATASET -o FOLDER.*inks\.npz"):
        list(fetch([DATASET], tmp_path))
    assert not (tmp_path / "breastmnist_224.npz").exists()
    server.cut_after = None
    list(fetch([DATASET], tmp_path))
    assert max(server.starts()) > 1_000_000


@pytest.mark.parametrize("name", ["octmnist_clean", "pathmnist_stain_deposit_1"])
def test_item_8_an_offline_error_names_the_command_and_the_ink_blots(name, tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    with pytest.raises(CleanDataError, match=r"medmnist-c fetch DATASET -o FOLDER.*inks\.npz"):
        load_dataset("medmnist_c", name, split="test", cache_dir=tmp_path)
