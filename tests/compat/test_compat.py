"""A program written against the published package finds the same with the import changed.

`tests/reference/compat.json` is what it found with `medmnistc` 0.1.0 (`tools/reference/make_compat.py`).
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from make_compat import write_masks

from medmnist_c import compat
from medmnist_c.builder.source.sample import SAMPLE_FOLDER

TESTS = Path(__file__).parents[1]
THEIRS = json.loads((TESTS / "reference" / "compat.json").read_text("utf-8"))
# A defocus blur of radius 0.81: OpenCV's rounding errors decide there whether a flat area is one level
# darker, which differs from machine to machine; ours is exact (`corruptions/blur.py`).
LEFT_TO_ROUNDING = {("augment octmnist", 16)}
PROGRAM = (TESTS / "support" / "release_program.py").read_text("utf-8")


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("compat")
    (folder / "program.py").write_text(
        PROGRAM.replace("from medmnistc.", "from medmnist_c.compat.")
    )
    write_masks(folder / "masks.npz")
    done = subprocess.run(
        [sys.executable, "program.py", SAMPLE_FOLDER, folder / "out", folder / "masks.npz"],
        cwd=folder,
        env=os.environ | {"HF_DATASETS_CACHE": str(folder / "cache")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "out" / "found.json").read_text())


def test_the_program_knows_nothing_of_ours():
    assert "medmnist_c" not in PROGRAM and PROGRAM.count("from medmnistc.") == 7


@pytest.mark.parametrize("kind", ["lists", "groups", "rgb", "file", "item", "picture"])
def test_lists_files_items_and_pictures_are_the_same(ours, kind):
    if kind == "picture" and int(cv2.__version__.partition(".")[0]) > 4:
        pytest.skip("names are written by OpenCV, which writes otherwise from 5 on")
    theirs = {name: one for name, one in THEIRS.items() if name.split()[0] == kind}
    assert theirs
    for name, one in theirs.items():
        assert ours[name] == one, name


def test_augmented_images_are_the_same(ours):
    theirs = {name: one for name, one in THEIRS.items() if name.startswith("augment ")}
    assert len(theirs) == 12
    different = {
        (name, number)
        for name, images in theirs.items()
        for number, (one, other) in enumerate(zip(images, ours[name], strict=True))
        if one != other
    }
    assert different == LEFT_TO_ROUNDING


def test_parameters_are_the_same(ours):
    assert ours["parameters"].keys() == THEIRS["parameters"].keys()
    for name, one in THEIRS["parameters"].items():
        assert ours["parameters"][name] == pytest.approx(one, rel=1e-15)


def test_every_corruption_of_every_dataset_gives_the_same_image(ours):
    theirs = {name: one for name, one in THEIRS.items() if name.startswith("apply ")}
    assert len(theirs) == 131 * 2 * 5
    refused = {name for name, one in theirs.items() if one is None}
    assert all("/as it is/" in name for name in refused)  # grey images that it does not take
    different = [name for name, one in theirs.items() if one and ours[name] != one]
    assert different == []
    assert None not in {one for name, one in ours.items() if name.startswith("apply ")}


@pytest.mark.parametrize("kind", ["scores", "errors"])
def test_scores_are_the_same(ours, kind):
    theirs = {name: one for name, one in THEIRS.items() if name.startswith(kind)}
    assert len(theirs) == {"scores": 3, "errors": 2}[kind]

    def compare(one, other):
        assert type(one) is type(other)
        if isinstance(one, dict):
            assert one.keys() == other.keys()
            for name in one:
                compare(one[name], other[name])
        else:
            assert one == pytest.approx(other, rel=1e-9, abs=1e-12)

    for name, one in theirs.items():
        compare(ours[name], one)


def test_other_names_are_refused_as_there(tmp_path):
    with pytest.raises(AttributeError, match="has no attribute 'Augment'"):
        compat.Augment  # noqa: B018
    with pytest.raises(AssertionError, match="give train_corruptions="):
        compat.AugMedMNISTC()
    with pytest.raises(AssertionError, match="There is no dataset 'camelyon'"):
        compat.DatasetManager("clean", str(tmp_path)).create_dataset("camelyon")
    vis = compat.Visualizer(str(tmp_path), str(tmp_path), str(tmp_path))
    with pytest.raises(AssertionError, match="There is no dataset None"):
        vis.plot_extended()
    with pytest.raises(ValueError, match="severity is 1 to 5"):
        vis.plot_one_severity("octmnist", severity=0)
    impulse = compat.CORRUPTIONS_DS["chestmnist"]["impulse_noise"]
    with pytest.raises(AttributeError, match="set it, as in"):
        impulse.apply(np.zeros((64, 64, 3), np.uint8), severity=1)


def test_files_that_are_not_there_are_told_how_to_make(tmp_path):
    pytest.importorskip("torch")
    with pytest.raises(RuntimeError, match="There is no folder None; give as root="):
        compat.CorruptedMedMNIST("octmnist", "pixelate")
    with pytest.raises(RuntimeError, match=r"medmnist-c build 'octmnist_pixelate_\*' --format npz"):
        compat.CorruptedMedMNIST("octmnist", "pixelate", root=str(tmp_path))


def test_torch_is_imported_for_its_class_alone():
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from medmnist_c.compat import AugMedMNISTC, CORRUPTIONS_DS, DatasetManager, Evaluator\n"
        "from medmnist_c.compat import Visualizer\n"
        "import numpy as np\n"
        "np.random.seed(0)\n"
        "image = np.zeros((64, 64, 3), np.uint8)\n"
        "print(AugMedMNISTC(CORRUPTIONS_DS['chestmnist'])(image).shape)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "(64, 64, 3)\n", done.stderr
