"""`build --from`: a suite of somebody's own images, whole or not there, and honest about what it is."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import datasets
import numpy as np
import pytest
from click.testing import CliRunner
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value, load_dataset
from PIL import Image
from support.custom_images import equal, image_folder, own_image, pixels

from medmnist_c import build_custom, corrupt
from medmnist_c.builder.errors import BuildError, CleanDataError
from medmnist_c.commands.build import build
from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES

pytestmark = pytest.mark.datasets

COUNT = 13
SOME = ["stain_deposit", "motion_blur"]


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> Path:
    return image_folder(tmp_path_factory.mktemp("own") / "slides", COUNT)


@pytest.fixture(scope="module")
def suite(images, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "suite"
    result = build_custom(images, "pathmnist", folder, seed=3, num_proc=2)
    assert len(result.made) == 1 + 5 * len(CORRUPTIONS["pathmnist"]) and result.kept == []
    assert "for RGB images; 5 of the 13 images here are grey" in result.remark
    return folder


def test_every_set_opens_without_our_code_and_equals_corrupt(images, suite, tmp_path):
    source = load_dataset(str(images), split="train")
    names = datasets.get_dataset_config_names(str(suite))
    wanted = [f"{name}_{s}" for name in CORRUPTIONS["pathmnist"] for s in SEVERITIES]
    assert sorted(names) == sorted(["clean", *wanted])
    for name in ("clean", *wanted[::7], "stain_deposit_5"):
        made = load_dataset(str(suite), name, split="train", cache_dir=tmp_path)
        assert made.features["label"] == source.features["label"]
        assert made["label"] == source["label"] and made["index"] == list(range(COUNT))
        expected = pixels(source)
        if name != "clean":
            corruption, severity = name.rsplit("_", 1)
            expected = [
                corrupt(image, "pathmnist", corruption, int(severity), seed=3, index=index)
                for index, image in enumerate(expected)
            ]
        assert equal(pixels(made), expected)


def test_the_card_says_what_it_is_not(images, suite):
    card = (suite / "README.md").read_text("utf-8")
    assert "**This is not MedMNIST-C.**" in card and "slides" in card
    assert "13 images of the split `train` (8 RGB, 5 grey)" in card
    assert "are for RGB images; 5 of the 13 images here are grey" in card
    assert str(images.parent) not in card and "$" not in card
    assert load_dataset(str(suite), split="train").num_rows == COUNT  # the clean images


def test_one_and_two_processes_kept_and_made_again(images, tmp_path):
    def make(folder, names, **how):
        return build_custom(images, "pathmnist", folder, corruptions=names, num_proc=1, **how)

    make(tmp_path / "a", SOME)
    first = make(tmp_path / "b", SOME[0])
    assert first.made == ["clean", *(f"stain_deposit_{s}" for s in SEVERITIES)]
    second = build_custom(images, "pathmnist", tmp_path / "b", corruptions=SOME, num_proc=2)
    assert second.kept == first.made and len(second.made) == 5
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    shard = next((tmp_path / "b" / "motion_blur_2").glob("*.parquet"))
    shard.write_bytes(shard.read_bytes()[:-1])
    assert make(tmp_path / "b", SOME).made == ["motion_blur_2"]
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert len(make(tmp_path / "b", SOME[1], seed=1).made) == 5
    assert "stain_deposit_1" not in (tmp_path / "b" / "README.md").read_text()  # of another seed


@pytest.mark.long
def test_killed_at_any_moment_it_goes_on_and_ends_the_same(images, tmp_path, monkeypatch):
    command = [sys.executable, "-m", "medmnist_c.cli", "build", "--from", str(images)]
    command += ["--like", "pathmnist", "--num-proc", "1", "-o"]
    for name in SOME:
        command[4:4] = ["--corruption", name]

    def start(folder: Path) -> subprocess.Popen:
        return subprocess.Popen(
            [*command, folder], cwd="/", stderr=subprocess.DEVNULL, start_new_session=True
        )

    assert start(tmp_path / "whole").wait(timeout=120) == 0
    for seen in ("clean", "stain_deposit_2"):
        process = start(tmp_path / "killed")
        deadline = time.monotonic() + 60
        while not (tmp_path / "killed" / seen).exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for folder in (tmp_path / "killed").iterdir():  # what says that it is whole is whole
            if (folder / "made.json").exists():
                ours, whole = contents(folder), contents(tmp_path / "whole" / folder.name)
                assert whole.items() <= ours.items()
    assert start(tmp_path / "killed").wait(timeout=120) == 0
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")


def test_other_columns_and_a_saved_data_set(tmp_path):
    features = Features(
        {
            "scan": datasets.Image(mode="RGB"),
            "mask": datasets.Image(),
            "index": Value("string"),
            "grade": [ClassLabel(names=["low", "high"])],
        }
    )
    rows = {
        "scan": [own_image(n) for n in range(4)],
        "mask": [own_image(n + 50) for n in range(4)],
        "index": [f"p{n}" for n in range(4)],
        "grade": [[0, 1]] * 4,
    }
    ds = Dataset.from_dict(rows, features=features)
    DatasetDict(train=ds.select([0]), test=ds).save_to_disk(tmp_path / "saved")
    how = {"column": "scan", "corruptions": "pixelate", "num_proc": 1}
    result = build_custom(tmp_path / "saved", "dermamnist", tmp_path / "out", **how)
    assert result.remark == ""
    made = load_dataset(str(tmp_path / "out"), "pixelate_4", split="test", cache_dir=tmp_path)
    assert list(made.features) == ["scan", "mask", "index", "grade"]
    assert made["index"] == ds["index"] and made["grade"] == ds["grade"]
    assert equal([np.asarray(r["mask"]) for r in made], [np.asarray(r["mask"]) for r in ds])
    expected = [corrupt(np.asarray(r["scan"]), "dermamnist", "pixelate", 4) for r in ds]
    assert equal([np.asarray(r["scan"]) for r in made], expected)


def test_images_that_cannot_be_used_are_named_before_anything_is_made(tmp_path):
    folder = image_folder(tmp_path / "own", 4) / "benign"
    (folder / "broken.png").write_bytes((folder / "000.png").read_bytes()[:200])
    own_image(1).convert("CMYK").save(folder / "print.jpg")
    Image.new("L", (20, 60)).save(folder / "small.png")
    with pytest.raises(
        ValueError, match="3 of 7 images of own cannot be used, nothing is made"
    ) as error:
        build_custom(tmp_path / "own", "pathmnist", tmp_path / "out", num_proc=1)
    for words in (
        r"(broken.png) cannot be read",
        "(print.jpg) has mode 'CMYK'",
        "(small.png) cannot",
    ):
        assert words in str(error.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["--like", "camelyon"], "There is no dataset 'camelyon'"),
        (
            ["--like", "dermamnist", "--corruption", "bubble"],
            "dermamnist has no corruption 'bubble'",
        ),
        (["--like", "dermamnist", "--split", "test"], "There is no split 'test'; there are train"),
        (
            ["--like", "dermamnist", "--column", "scan"],
            "There is no column 'scan'; there are 'image'",
        ),
        (["--like", "dermamnist", "--column", "label"], "does not hold images; the images are in"),
        ([], "Say whose corruptions with --like"),
        (["--like", "dermamnist", "--format", "npz"], "leave out --format npz"),
        (["--like", "dermamnist", "--sample", "pathmnist"], "leave out CONFIG, --sample"),
        (
            ["--like", "dermamnist", "--from", "/nowhere/at/all"],
            "There is no folder /nowhere/at/all",
        ),
    ],
)
def test_bad_arguments_are_one_sentence(arguments, sentence, images, tmp_path):
    source = [] if "--from" in arguments else ["--from", str(images)]
    said = CliRunner().invoke(build, [*source, *arguments, "-o", str(tmp_path / "out")])
    assert said.exit_code == 1 and sentence in said.output
    assert "Traceback" not in said.output and not (tmp_path / "out").exists()


def test_options_of_ones_own_images_need_them(tmp_path):
    for arguments, sentence in (
        (["octmnist_clean", "--like", "octmnist"], "Without --from, leave out --like"),
        ([], "Name test sets, such as 'derma*', or your own images with --from"),
    ):
        said = CliRunner().invoke(build, [*arguments, "-o", str(tmp_path / "out")])
        assert said.exit_code == 1 and sentence in said.output


def test_folders_without_images_or_in_the_way(images, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CleanDataError, match=r"The folder .*empty cannot be opened"):
        build_custom(tmp_path / "empty", "pathmnist", tmp_path / "out")
    with pytest.raises(BuildError, match="choose an output folder outside"):
        build_custom(images, "pathmnist", images / "out")
    with pytest.raises(ValueError, match="choose another name"):
        build_custom(images, "pathmnist", tmp_path / "medmnist_c")
    none = Dataset.from_dict({"image": []}, features=Features(image=datasets.Image()))
    (tmp_path / "files").mkdir()
    none.to_parquet(tmp_path / "files" / "test.parquet")
    names = ["files"]
    if int(datasets.__version__.partition(".")[0]) > 3:  # which cannot save an empty data set
        none.save_to_disk(tmp_path / "saved")
        names.append("saved")
    for name in names:
        with pytest.raises(CleanDataError, match=f"The folder .*{name} cannot be opened"):
            build_custom(tmp_path / name, "pathmnist", tmp_path / "out")
    assert not (tmp_path / "out").exists()
