"""Train, validation and test: by `load_dataset`, in the cache, over HTTP, under a seed."""

import re
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from datasets import load_dataset, load_dataset_builder
from support.http_server import serving
from support.medmnist_files import medmnist_arrays, write_npz

from medmnist_c import corrupt
from medmnist_c.builder.configs import CorruptedConfig, all_configs, config_named
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.source import clean, clean_cache
from medmnist_c.builder.source.clean import find_clean_source, open_clean
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.testset.spec import TestSetSpec

pytestmark = pytest.mark.datasets

DATASET = "dermamnist"
COUNTS = {"train": 7, "val": 5, "test": 6}
ARRAYS = medmnist_arrays(DATASET, COUNTS["test"], train=COUNTS["train"], val=COUNTS["val"])
IN_NPZ = {"train": "train", "validation": "val", "test": "test"}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_npz(folder / dataset_info(DATASET).file_name, ARRAYS)
    return folder


def pixels(dataset) -> list[np.ndarray]:
    return [np.asarray(row["image"]) for row in dataset]


@pytest.mark.parametrize("streaming", [False, True])
def test_clean_splits_are_those_of_the_file(streaming, data_dir, tmp_path):
    how = {"data_dir": data_dir, "cache_dir": tmp_path, "streaming": streaming}
    loaded = load_dataset("medmnist_c", f"{DATASET}_clean", splits=["validation", "train"], **how)
    assert list(loaded) == ["train", "validation"]
    for split, dataset in loaded.items():
        assert np.array_equal(pixels(dataset), ARRAYS[f"{IN_NPZ[split]}_images"])
        labels = [[row["label"]] for row in dataset]
        assert np.array_equal(labels, ARRAYS[f"{IN_NPZ[split]}_labels"])
        assert [row["index"] for row in dataset] == list(range(len(labels)))


def test_the_test_split_alone_is_what_it_was(data_dir, tmp_path):
    """Its identity, in which the splits have no part, and the folder of its copy."""
    builder = load_dataset_builder(
        "medmnist_c", f"{DATASET}_clean", data_dir=data_dir, cache_dir=tmp_path
    )
    assert list(builder.info.splits) == ["test"]
    spec = TestSetSpec(config_named(f"{DATASET}_clean"), ImageSource(data_dir=data_dir))
    assert builder.config.identities == [spec.identity()]
    assert clean.copy_folder(spec.clean_source(), tmp_path).name == (
        f"{DATASET}-{spec.clean_source().digest}"
    )


def test_identities_of_today():
    """Written down before there were splits and sizes: what is published under them is not made anew."""
    source = ImageSource(sample=True)
    found = {
        name: TestSetSpec(config_named(name), source).identity()
        for name in ("bloodmnist_clean", "dermamnist_shot_noise_3", "octmnist_pixelate_1")
    }
    assert found == IDENTITIES


IDENTITIES = {
    "bloodmnist_clean": "977bdecfc6d1aa9a",
    "dermamnist_shot_noise_3": "919ef9903ccebde0",
    "octmnist_pixelate_1": "5b4d39d3593352a5",
}


@pytest.mark.parametrize("corruption", ["gaussian_noise", "motion_blur", "characters"])
def test_each_split_has_draws_of_its_own(corruption, tmp_path):
    """One image in all three splits: its draws differ; the test split's are as before splits."""
    image = ARRAYS["test_images"][:1]
    arrays = {f"{split}_images": image for split in ("train", "val", "test")}
    arrays |= {f"{split}_labels": ARRAYS["test_labels"][:1] for split in ("train", "val", "test")}
    write_npz(tmp_path / dataset_info(DATASET).file_name, arrays)
    loaded = load_dataset(
        "medmnist_c",
        f"{DATASET}_{corruption}_5",
        splits=("train", "validation", "test"),
        seed=3,
        data_dir=tmp_path,
        cache_dir=tmp_path,
    )
    made = {split: pixels(dataset)[0] for split, dataset in loaded.items()}
    assert len({one.tobytes() for one in made.values()}) == 3
    assert np.array_equal(made["test"], corrupt(image[0], DATASET, corruption, 5, seed=3))


def test_without_a_seed_a_corruption_that_draws_is_refused_and_others_work():
    refused = []
    for name, config in all_configs().items():
        TestSetSpec(config, ImageSource())
        TestSetSpec(config, ImageSource(0), "train")
        try:
            TestSetSpec(config, ImageSource(), "train")
        except ValueError as error:
            refused.append(name)
            assert re.match(rf"{name} draws at random.*seed=0.* train images", str(error))
            assert "\n" not in str(error)
    assert refused == [
        name
        for name, config in all_configs().items()
        if isinstance(config, CorruptedConfig) and config.entry.algorithm.draws
    ]
    assert len(refused) == 200


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"split": "train"}, r'splits=\("test",\), which has no train.*splits=\("train", "test"\)'),
        ({"split": "test+validation"}, r'splits=\("validation", "test"\), split=.test\+validation'),
        ({"split": ["test", "train[:50%]"]}, r'ask for it by .*splits=\("train", "test"\)'),
        ({"split": "val"}, "is called 'validation'"),
        ({"splits": ("val",)}, "no split 'val'; there are train, validation, test"),
        ({"splits": ("tests",)}, "did you mean 'test'"),
        ({"splits": ()}, "splits is empty; name one or more of"),
        ({"splits": 3}, "splits is a sequence"),
        ({"splits": [None]}, "A split is a string"),
        (
            {"splits": ("train",), "sample": True},
            "sample has test images of 224 .* no train",
        ),
    ],
)
@pytest.mark.parametrize("streaming", [False, True])
def test_splits_that_are_not_there_get_one_sentence(how, words, streaming, data_dir, tmp_path):
    where = {} if "sample" in how else {"data_dir": data_dir}
    with pytest.raises((ValueError, TypeError, OSError), match=words) as caught:
        load_dataset(
            "medmnist_c",
            f"{DATASET}_clean",
            cache_dir=tmp_path,
            streaming=streaming,
            **how,
            **where,
        )
    assert "\n" not in str(caught.value)


def test_a_file_without_the_split_says_so(tmp_path):
    arrays = {name: array for name, array in ARRAYS.items() if not name.startswith("val")}
    write_npz(tmp_path / dataset_info(DATASET).file_name, arrays)
    find_clean_source(DATASET, tmp_path, "train")
    with pytest.raises(clean.CleanDataError, match=r"holds no val_images\.npy; fetch"):
        find_clean_source(DATASET, tmp_path, "validation")


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_over_http_only_the_members_of_the_split_are_fetched(
    split, data_dir, tmp_path, monkeypatch
):
    counts = {"train_count": 7, "validation_count": 5, "test_count": 6}
    info = replace(dataset_info(DATASET), **counts)
    monkeypatch.setattr(clean, "dataset_info", lambda name, size: info)
    monkeypatch.setattr(clean_cache, "dataset_info", lambda name, size: info)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(data_dir) as server:
        monkeypatch.setenv(clean.MIRROR, server.url)
        found = open_clean(find_clean_source(DATASET, None, split), tmp_path)
    assert np.array_equal(
        list(found.checked_images(0, info.count(split))), ARRAYS[f"{IN_NPZ[split]}_images"]
    )
    path = data_dir / info.file_name
    names = (f"{IN_NPZ[split]}_images.npy", f"{IN_NPZ[split]}_labels.npy")
    members = [zipfile.ZipFile(path).getinfo(name).compress_size for name in names]
    assert sum(members) < server.body_bytes < sum(members) + 4096
