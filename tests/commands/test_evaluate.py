"""`medmnist-c evaluate`: several models of several kinds over several datasets, in one command."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from support.medmnist_files import medmnist_arrays, write_npz

from medmnist_c.cli import main
from medmnist_c.models.name import label_and_name

torch = pytest.importorskip("torch")

CODE = """
import numpy as np
from medmnist_c.models.facts import facts_of
from medmnist_c.models.loaded import LoadedModel

def transform(image):
    return np.asarray(image, np.float32)

def known(predict):
    facts = facts_of("mine", "0123456789abcdef", "none", "in order", "cpu")
    return LoadedModel(predict, transform, facts=facts)

def model(dataset):
    def predict(batch):
        level = batch.reshape(len(batch), -1).mean(axis=1) / 255
        return np.stack([level, 1 - level], axis=1)
    return known(predict)

def means(dataset):
    return known(lambda batch: np.stack([batch.mean(axis=(1, 2)), batch.std(axis=(1, 2))], axis=1))

def unknown(dataset):
    def predict(images):
        level = images.reshape(len(images), -1).mean(axis=1) / 255
        return np.stack([level, 1 - level], axis=1)
    return predict
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for dataset, count in (("breastmnist", 6), ("pneumoniamnist", 8)):
        arrays = medmnist_arrays(dataset, count, train=16, val=6)
        for split in ("train", "val", "test"):
            arrays[f"{split}_labels"][:, 0] = np.arange(len(arrays[f"{split}_labels"])) % 2
        write_npz(folder / f"{dataset}_224.npz", arrays)
    (folder / "mine.py").write_text(CODE)
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 7, 7),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(4, 2),
    )
    example = torch.zeros(2, 3, 224, 224)
    torch.jit.trace(network.eval(), example).save(str(folder / "net.pt"))
    return folder


def run(place: Path, *arguments: str) -> str:
    few = ["--corruption", "pixelate", "--severity", "1", "--data-dir", str(place)]
    done = CliRunner().invoke(main, ["evaluate", *few, *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_models_of_three_kinds_over_two_datasets_by_one_command(place, tmp_path):
    pytest.importorskip("sklearn")
    names = [
        f"torch:{place}/net.pt",
        f"python:{place}/mine.py:model",
        f"probe:python:{place}/mine.py:means",
    ]
    asked = [one for name in names for one in ("--model", name)]
    asked += ["--dataset", "breastmnist", "--dataset", "pneumoniamnist", "-o", str(tmp_path)]
    output = run(place, *asked, "--head", "linear", "--head", "knn")
    found = {
        json.loads(path.read_text())["model"]["name"]: json.loads(path.read_text())
        for path in tmp_path.glob("*/report.json")
    }
    assert set(found) == {*names[:2], "mine, linear", "mine, knn"}
    for name, report in found.items():
        assert list(report["datasets"]) == ["breastmnist", "pneumoniamnist"], name
        assert name in output
        assert report["model"]["fingerprint"].startswith("weights ")
    assert run(place, *asked, "--head", "linear", "--head", "knn")  # all of it is kept


def test_models_are_called_in_reports_as_one_likes(place, tmp_path):
    pytest.importorskip("sklearn")
    asked = ["--dataset", "breastmnist", "-o", str(tmp_path)]
    asked += ["--model", f"Small net = torch:{place}/net.pt"]
    asked += ["--model", f"Means=probe:python:{place}/mine.py:means"]
    output = run(place, *asked)
    reports = [json.loads(path.read_text()) for path in tmp_path.glob("*/report.json")]
    assert {one["model"]["name"] for one in reports} == {"Small net", "Means, linear"}
    assert "Small net:" in output and "Means, linear:" in output
    twice = ["evaluate", *asked, "--model", f"Small net=torch:{place}/net.pt"]
    done = CliRunner().invoke(main, twice)
    assert done.exit_code == 1 and "same name" in done.output


@pytest.mark.parametrize(
    ("text", "label", "name"),
    [
        ("ResNet-50=timm:resnet50@a=b.pt", "ResNet-50", "timm:resnet50@a=b.pt"),
        ("my net = run:runs/lr=0.1", "my net", "run:runs/lr=0.1"),
        ("torch:lr=0.1.pt", "torch:lr=0.1.pt", "torch:lr=0.1.pt"),
        ("runs/lr=0.1", "runs/lr=0.1", "runs/lr=0.1"),
        ("=hf:x", "=hf:x", "=hf:x"),
    ],
)
def test_a_label_stands_before_the_first_equals_sign(text, label, name):
    assert label_and_name(text) == (label, name)


def test_a_model_without_a_digest_is_scored_a_dataset_at_a_time(place, tmp_path):
    name = f"python:{place}/mine.py:unknown"
    asked = ["--model", name, "-o", str(tmp_path), "--dataset", "breastmnist"]
    assert "breastmnist: clean" in run(place, *asked)
    done = CliRunner().invoke(
        main,
        ["evaluate", *asked, "--dataset", "pneumoniamnist", "--data-dir", str(place)],
    )
    assert done.exit_code == 1 and "run the command for each dataset" in done.output
