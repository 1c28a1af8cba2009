"""Images made by processes: the same predictions for any number of them, models together or alone."""

import multiprocessing
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from support.medmnist_files import write_medmnist_file
from support.transforms import broken, no_array, of_two_lengths, small, small_tensor

from medmnist_c.builder.configs import select
from medmnist_c.builder.parquet.build import build
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.evaluate import evaluate
from medmnist_c.evaluation.feeding import blocks
from medmnist_c.evaluation.feeding.pool import Pool, _Worker
from medmnist_c.evaluation.model import Model

WHICH = {
    "corruptions": ["pixelate", "shot_noise", "characters", "gaussian_noise"],
    "severities": [1, 4],
}


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_medmnist_file(folder, "dermamnist", 40)
    return folder


@pytest.fixture(autouse=True)
def short_parts(monkeypatch):
    monkeypatch.setattr(blocks, "_LONGEST", 16)


def stripes(images: np.ndarray) -> np.ndarray:
    """Seven classes from the brightness of seven stripes; a batch's scores depend on its images only."""
    parts = np.asarray(images, dtype=np.float64).reshape(len(images), 7, -1).mean(axis=2) + 1
    return parts / parts.sum(axis=1, keepdims=True)


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.parquet")}


def test_the_predictions_are_the_same_for_any_number_of_workers(data, tmp_path):
    kept = []
    for workers in (0, 1, 3):
        folder = tmp_path / str(workers)
        how = {"data_dir": data, "predictions": folder, "num_workers": workers, "batch_size": 12}
        evaluate(stripes, "dermamnist", **how, **WHICH)
        kept.append(files_of(folder))
    assert len(kept[0]) == 10 and kept[0] == kept[1] == kept[2]


def test_batches_that_a_model_keeps_stay_as_they_were(data):
    kept, sums = [], []

    def keeping(images: np.ndarray) -> np.ndarray:
        kept.append(images[1:])
        sums.append(int(images[1:].sum()))
        return stripes(images)

    how = {"data_dir": data, "corruptions": "pixelate", "severities": 1, "batch_size": 8}
    evaluate(keeping, "dermamnist", num_workers=1, **how)
    assert [int(one.sum()) for one in kept] == sums and len(set(sums)) > 5


def test_models_in_one_pass_are_each_as_alone(data, tmp_path):
    torch = pytest.importorskip("torch")

    def dark(images: np.ndarray) -> np.ndarray:
        images //= 2  # what one does to its images is nothing to the others
        return stripes(images)

    def tensors(images) -> object:
        assert isinstance(images, torch.Tensor) and images.shape[1:] == (3, 8, 8)
        return stripes(images.permute(0, 2, 3, 1)[:, :7])

    models = {
        "dark": dark,
        "plain/one": Model(stripes, batch_size=7),
        "resized": Model(lambda x: stripes(x), transform=small, batch_size=20),
        "tensor": Model(tensors, transform=small_tensor),
        "pil": Model(lambda x: stripes(np.stack([np.asarray(one) for one in x])), pil=True),
    }
    how = {"data_dir": data, **WHICH}
    reports = evaluate(models, "dermamnist", **how, num_workers=2, predictions=tmp_path / "all")
    assert [report.name for report in reports.values()] == list(models) == list(reports)
    folders = dict(zip(models, ["dark", "plain%2Fone", "resized", "tensor", "pil"], strict=True))
    for name, model in models.items():
        alone = tmp_path / "alone" / folders[name]
        evaluate(model, "dermamnist", **how, model_name=name, predictions=alone)
        assert files_of(alone) == files_of(tmp_path / "all" / folders[name])


def test_only_what_a_model_has_not_been_asked_is_made(data, tmp_path):
    calls = []

    def counted(name: str):
        return lambda images: calls.append(name) or stripes(images)

    how = {"data_dir": data, "predictions": tmp_path, "corruptions": "pixelate", "num_workers": 1}
    evaluate({"a": counted("a")}, "dermamnist", severities=1, **how)
    calls.clear()
    evaluate({"a": counted("a"), "b": counted("b")}, "dermamnist", severities=[1, 2], **how)
    # "a" is asked about the first images, too, to know it again; "b" about validation images.
    assert (calls.count("a"), calls.count("b")) == (2, 4)


def test_published_test_sets_are_read_by_workers(data, tmp_path):
    names = ["dermamnist_clean", "dermamnist_pixelate_1", "dermamnist_pixelate_2"]
    build(select(names), tmp_path / "set", data_dir=data, num_proc=1)
    which = {"corruptions": "pixelate", "severities": [1, 2], "num_workers": 2}
    read = evaluate(stripes, "dermamnist", repo=str(tmp_path / "set"), **which)
    made = evaluate(stripes, "dermamnist", data_dir=data, **which)
    for metric in ("balanced_error", "auc", "nll"):  # what needs validation images is not in both
        assert read.table("dermamnist", metric) == made.table("dermamnist", metric)


def test_a_transform_that_cannot_be_sent_runs_here(data):
    running = (0 for _ in range(1000))  # nothing can send a generator

    def transform(image):
        return small(image) + next(running)

    how = {"data_dir": data, "corruptions": "pixelate", "severities": 1}
    with pytest.warns(UserWarning, match="cannot be sent to worker processes"):
        told = evaluate(stripes, "dermamnist", transform=transform, num_workers=1, **how)
    plain = evaluate(stripes, "dermamnist", transform=small, num_workers=1, **how)
    assert told.datasets == plain.datasets


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize(
    ("transform", "words"),
    [
        (broken, r"The transform failed at image 0 of dermamnist_clean \(RuntimeError: no way\)"),
        (no_array, "gives a dict, not an array or a tensor"),
        (
            of_two_lengths,
            "gives . of <f8 for one image and . of <f8 for another",
        ),
    ],
)
def test_bad_transforms_are_told_in_one_sentence(transform, words, workers, data):
    with pytest.raises(PredictionError, match=words) as error:
        evaluate(stripes, "dermamnist", transform=transform, num_workers=workers, data_dir=data)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("models", "how", "words"),
    [
        (stripes, {"num_workers": -1}, "num_workers is a whole number from 0 on"),
        (stripes, {"num_workers": 1.5}, "num_workers is a whole number from 0 on"),
        (stripes, {"transform": small, "pil": True}, "either transform=.* or pil=True"),
        ({}, {}, "at least one model"),
        ({"": stripes}, {}, "name is a few words"),
        ({"a": Model(stripes, batch_size=0)}, {}, "batch_size is a whole number"),
        ({"a": stripes}, {"model_name": "b"}, "leave model_name out"),
    ],
)
def test_bad_choices(models, how, words):
    with pytest.raises(ValueError, match=words):
        evaluate(models, "dermamnist", sample=True, **how)


SCRIPT = """
import numpy as np, sys
from medmnist_c import evaluate
print("script", flush=True)
SIZE = 14
def transform(image):
    return np.asarray(image.resize((SIZE, SIZE)))
def predict(images):
    assert images.shape[1:] == (14, 14, 3), images.shape
    return np.full((len(images), 7), 1 / 7)
report = evaluate(predict, "dermamnist", data_dir=sys.argv[1], corruptions="pixelate",
                  severities=1, transform=transform, num_workers=2)
print(report.name)
"""


def test_a_script_needs_no_guard(data, tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, tmp_path / "script.py", data],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["script", "predict"]


def test_the_wait_for_results_lets_a_signal_in():
    """Nothing wakes it if the signal goes to another thread: it must end by itself."""
    ours, theirs = multiprocessing.Pipe()
    later = threading.Timer(5, theirs.close)
    later.start()
    Pool([_Worker(None, ours)]).collect()  # else it waits until the other end closes, and says so
    assert later.is_alive()
    later.cancel()
