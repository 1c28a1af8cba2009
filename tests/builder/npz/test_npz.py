"""`build --format npz`: the published archives' form, values and order, and never half a file."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import stored_digests
from click.testing import CliRunner
from support.medmnist_files import write_medmnist_file

from medmnist_c import build_npz
from medmnist_c.builder.errors import BuildError
from medmnist_c.builder.npz.archive import Array, comment_of, write_npz
from medmnist_c.builder.source.sample import SAMPLE_FOLDER
from medmnist_c.commands.build import build
from medmnist_c.corruptions.table import CORRUPTIONS

DIGESTS = stored_digests.read_digests(Path(__file__).parents[2] / "reference" / "digests.json")[1]


@pytest.mark.parametrize("dataset", CORRUPTIONS)
def test_all_files_hold_the_references_images_severity_by_severity(dataset, tmp_path):
    result = build_npz(dataset, tmp_path, sample=True, num_proc=1)
    assert result.made == [f"{dataset}/{corruption}" for corruption in CORRUPTIONS[dataset]]
    with np.load(SAMPLE_FOLDER / f"{dataset}_224.npz") as clean:
        images, labels = clean["test_images"], clean["test_labels"]
    for corruption in CORRUPTIONS[dataset]:
        with np.load(tmp_path / dataset / f"{corruption}.npz") as made:
            assert made.files == ["test_images", "test_labels"]
            made_images, made_labels = made["test_images"], made["test_labels"]
        assert made_images.shape == (5 * len(images), *images.shape[1:])
        assert made_images.dtype == np.uint8
        assert made_labels.dtype == labels.dtype
        assert np.array_equal(made_labels, np.concatenate([labels] * 5))
        for severity, part in enumerate(np.split(made_images, 5), 1):
            expected = DIGESTS[f"{dataset}_{corruption}_{severity}"]
            assert hashlib.sha256(part).hexdigest() == expected


def test_finished_files_are_kept_and_others_made_again(tmp_path):
    asked = ["octmnist_pixelate_*", "octmnist_contrast_down_*", "breastmnist_speckle_noise_*"]
    first = build_npz(asked, tmp_path, sample=True, num_proc=2)
    assert sorted(first.made) == sorted(
        name.removesuffix("_*").replace("_", "/", 1) for name in asked
    )
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.npz")}
    again = build_npz(asked, tmp_path, sample=True, num_proc=1)
    assert again.made == [] and sorted(again.kept) == sorted(first.made)
    cut = tmp_path / "octmnist" / "pixelate.npz"
    cut.write_bytes(cut.read_bytes()[:-1])
    assert build_npz(asked, tmp_path, sample=True, num_proc=1).made == ["octmnist/pixelate"]
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.npz")} == before
    other = build_npz(asked[2:], tmp_path, sample=True, seed=3, num_proc=1)
    assert other.made == ["breastmnist/speckle_noise"]
    assert (tmp_path / "breastmnist" / "speckle_noise.npz").read_bytes() not in before.values()


@pytest.mark.long
def test_killed_it_leaves_no_half_file_and_goes_on(tmp_path):
    write_medmnist_file(tmp_path, "bloodmnist", 60, seed=0)
    names = ["bloodmnist_saturate_*", "bloodmnist_motion_blur_*", "bloodmnist_defocus_blur_*"]
    how = ["--data-dir", str(tmp_path), "--num-proc", "1", "--format", "npz"]
    command = [sys.executable, "-m", "medmnist_c.cli", "build", *names, *how, "-o"]

    def files(folder: Path) -> dict[str, str]:
        paths = folder.rglob("*")
        return {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in paths
            if path.is_file()
        }

    subprocess.run([*command, tmp_path / "whole"], cwd="/", check=True, capture_output=True)
    process = subprocess.Popen(
        [*command, tmp_path / "killed"], cwd="/", stderr=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not list((tmp_path / "killed").rglob("*.npz")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    whole = files(tmp_path / "whole")
    there = {name: one for name, one in files(tmp_path / "killed").items() if name.endswith(".npz")}
    assert len(there) < 3 and there.items() <= whole.items()
    subprocess.run([*command, tmp_path / "killed"], cwd="/", check=True, capture_output=True)
    assert files(tmp_path / "killed") == whole and len(whole) == 3


def test_memory_does_not_depend_on_the_number_of_images(tmp_path):
    import tracemalloc

    row = np.zeros((224, 224, 3), np.uint8)
    peaks = []
    for count in (20, 400):
        tracemalloc.start()
        with (tmp_path / "made.npz").open("wb") as file:
            rows = (row for _ in range(count))
            write_npz(file, [Array("test_images", (count, *row.shape), row.dtype, rows)], "text")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 1_000_000
    assert comment_of(tmp_path / "made.npz") == "text"
    with np.load(tmp_path / "made.npz") as made:
        assert made["test_images"].shape == (400, 224, 224, 3)


def test_rows_that_are_too_few_are_no_file(tmp_path):
    with (
        (tmp_path / "made.npz").open("wb") as file,
        pytest.raises(ValueError, match="test_labels has"),
    ):
        labels = np.zeros((4, 1), np.uint8)
        write_npz(file, [Array("test_labels", (5, 1), labels.dtype, [labels])], "")


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["octmnist_pixelate_3"], "ask for 'octmnist_pixelate_*', not for severity 3 alone"),
        (["octmnist_clean"], "have no clean test sets"),
        (["oct_pixelate"], "No configuration matches 'oct_pixelate'"),
        (["octmnist", "--scheduler", "tcp://a:1"], "leave out --scheduler"),
        (["octmnist", "-o", "s3://bucket"], "s3://bucket is no folder of this machine"),
    ],
)
def test_bad_input_is_one_sentence(arguments, sentence, tmp_path):
    output = [] if "-o" in arguments else ["-o", str(tmp_path / "out")]
    said = CliRunner().invoke(build, [*arguments, *output, "--format", "npz", "--sample"])
    assert said.exit_code == 1 and sentence in said.output and "Traceback" not in said.output
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "octmnist").write_text("a file, where a folder should be")
    with pytest.raises(BuildError, match=r"Cannot write .*octmnist/pixelate.npz"):
        build_npz("octmnist_pixelate_*", tmp_path, sample=True, num_proc=1)
