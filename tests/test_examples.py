"""The examples run. (That of bloodmnist needs the release's own ink blots, which are not ours.)"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest
from support.medmnist_files import medmnist_arrays, write_npz

import medmnist_c

pytest.importorskip("torch")

REPOSITORY = Path(__file__).parent.parent
EXAMPLE = REPOSITORY / "examples" / "train_augmented.py"


@pytest.mark.long
def test_three_ways_of_training_are_compared(tmp_path):
    arrays = medmnist_arrays("breastmnist", 12, train=128, val=64)
    arrays["test_labels"][:, 0] = np.arange(12) % 2
    # What tells the classes apart is easily learnt: the brightness.
    for split in ("train", "test"):
        arrays[f"{split}_images"] //= 2
        arrays[f"{split}_images"] += 110 * arrays[f"{split}_labels"][:, :, None]
    write_npz(tmp_path / "breastmnist_224.npz", arrays)
    made = tmp_path / "made"
    command = [sys.executable, str(EXAMPLE), "breastmnist", "--data-dir", str(tmp_path)]
    command += ["-o", str(made), "--epochs", "4", "--seeds", "1", "--workers", "0"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = (made / "REPORT.md").read_text().splitlines()
    header, rows = lines[4], [line.split(" | ") for line in lines[6:]]
    assert header == "| balanced error, % | none | TargetedAugmentation | TargetedAugMix |"
    assert [row[0].lstrip("| ") for row in rows][:4] == [
        "clean",
        "mean over corruptions",
        "pixelate",
        "jpeg_compression",
    ]
    assert len(rows) == 2 + 7
    clean = dict(zip(header.split(" | ")[1:], rows[0][1:], strict=True))
    assert float(clean["none"].split()[0]) < 25
    for way in ("none", "TargetedAugmentation", "TargetedAugMix"):
        report = json.loads((made / f"{way}_0.json").read_text())
        assert len(report["datasets"]["breastmnist"]["corruptions"]) == 7


def on_the_sample(function: Callable[..., Any], **few: Any) -> Callable[..., Any]:
    """The same function, which takes the images inside the package where it would fetch some."""

    def called(*arguments: Any, **options: Any) -> Any:
        made_already = arguments[0] in ("./derma", "imagefolder")
        return function(*arguments, **options, **({} if made_already else {"sample": True, **few}))

    return called


def test_the_readmes_python_runs(tmp_path, monkeypatch):
    """All of it, from top to bottom, as in a checkout; the model that it shows is scored."""
    readme = (REPOSITORY / "README.md").read_text("utf-8")
    shutil.copytree(REPOSITORY / "docs", tmp_path / "docs")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(medmnist_c, "build", on_the_sample(medmnist_c.build))
    few = {"corruptions": "pixelate", "severities": [1]}
    monkeypatch.setattr(medmnist_c, "evaluate", on_the_sample(medmnist_c.evaluate, **few))
    with monkeypatch.context() as patched:
        patched.setattr(datasets, "load_dataset", on_the_sample(datasets.load_dataset))
        seen: dict[str, Any] = {}
        for block in re.findall(r"```python\n(.*?)```", readme, re.S):
            exec(block, seen)
    assert seen["row"]["image"].size == (224, 224) and len(seen["ds"]) == 7
    assert len(seen["names"]) == 4
    assert seen["augmented"].size == seen["image"].size
    assert [image["image"].size for image in seen["hard"]] == [seen["image"].size]
    report = json.loads((tmp_path / "my_model" / "report.json").read_text())
    assert "bloodmnist" in report["datasets"]


@pytest.mark.skipif(not (REPOSITORY / ".git").exists(), reason="no checkout, so nothing to ignore")
def test_what_the_readmes_two_commands_write_is_ignored_by_git():
    readme = (REPOSITORY / "README.md").read_text("utf-8")
    first, second = re.findall(r"```bash\n(.*?)```", readme, re.S)[:2]
    written = [".venv/bin/python", *re.findall(r" -o (\S+)", first + second)]
    assert len(written) == 3
    ignored = subprocess.run(
        ["git", "check-ignore", *written], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert ignored.stdout.split() == written, ignored.stderr
