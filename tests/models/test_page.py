"""docs/models.md: each program of the page is run as it stands there, on the sample."""

import importlib.util
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from support.checkpoints import LABELS, clip, hf, network, onnx, timm
from support.medmnist_files import medmnist_arrays, write_npz

import medmnist_c
from medmnist_c.evaluation.evaluate import evaluate
from medmnist_c.models.probe.probe import probe

torch = pytest.importorskip("torch")
PAGE = Path(__file__).parents[2] / "docs" / "models.md"
PIECES = re.findall(
    r"^#+ ([^\n]+)\n(?:(?!^#).)*?^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S
)
NEEDS = {
    "By name": "timm",
    "Probes: a frozen encoder and heads": "timm",
    "torchvision's transforms": "torchvision",
    "A checkpoint of transformers": "transformers",
    "A pipeline of transformers": "transformers",
    "ONNX": "onnxruntime",
    "CLIP, zero-shot": "transformers",
    "scikit-learn": "sklearn",
    "JAX": "jax",
}


def is_usable(library: str) -> bool:
    if library in ("timm", "torchvision"):
        try:
            importlib.import_module("torchvision")
        except (ImportError, RuntimeError):
            sys.modules["torchvision"] = None
            return False
    return importlib.util.find_spec(library) is not None


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """What the page's programs read."""
    place = tmp_path_factory.mktemp("page")
    torch.save(network(), place / "network.pt")
    arrays = medmnist_arrays("bloodmnist", 8, train=16, val=8)
    for split in ("train", "val", "test"):
        arrays[f"{split}_labels"][:, 0] = np.arange(len(arrays[f"{split}_labels"])) % 8
    write_npz(place / "bloodmnist_224.npz", arrays)
    for name, library, make in (
        ("timm", "timm", timm), ("my_checkpoint", "transformers", hf), ("my_clip", "transformers", clip),
        ("onnx", "onnxruntime", onnx),
    ):  # fmt: skip
        (place / name).mkdir()
        if is_usable(library):
            make(place / name)
    if (place / "timm" / "weights.pt").exists():
        (place / "timm" / "weights.pt").rename(place / "timm_weights.pt")
    if (place / "onnx" / "model.onnx").exists():
        for file in (place / "onnx").glob("model.onnx*"):
            file.rename(place / file.name)
    if is_usable("sklearn"):
        import joblib
        from sklearn.ensemble import RandomForestClassifier

        random = np.random.default_rng(0)
        forest = RandomForestClassifier(3, random_state=0)
        forest.fit(random.random((64, 256)), np.arange(64) % len(LABELS))
        joblib.dump(forest, place / "forest.joblib")
    return place


def test_the_page_has_a_program_for_each_way():
    assert [name for name, _ in PIECES] == [*list(NEEDS)[:2], "A torch module", *list(NEEDS)[2:]]
    for name, program in PIECES:
        lines = [line for line in program.splitlines() if line]
        assert len(lines) <= 6, name


@pytest.mark.parametrize("name", [name for name, _ in PIECES])
def test_the_programs_run(name, folder, monkeypatch):
    if not is_usable(NEEDS.get(name, "torch")):
        pytest.skip(f"needs {NEEDS[name]}")
    monkeypatch.chdir(folder)
    reports = []

    def on_the_sample(predict, dataset, **how):
        how = {"num_workers": 0} | how
        few = {"sample": True, "corruptions": "pixelate", "severities": 1}
        reports.append(evaluate(predict, dataset, **few, **how))
        return reports[-1]

    def on_a_few(encoder, dataset, **how):
        few = {"data_dir": folder, "corruptions": "pixelate", "severities": 1, "num_workers": 0}
        made = probe(encoder, dataset, **few, **how)
        reports.append(made[f"{encoder.facts.name}, linear"])
        return made

    monkeypatch.setattr(medmnist_c, "probe", on_a_few, raising=False)
    monkeypatch.setattr(medmnist_c, "evaluate", on_the_sample, raising=False)
    monkeypatch.setitem(medmnist_c._LATE, "evaluate", "none")
    spaces = {"medmnist_c": medmnist_c, "network": network().requires_grad_(False), "torch": torch}
    exec(dict(PIECES)[name], spaces)
    assert len(reports) == 1 and reports[0].datasets["bloodmnist"]
