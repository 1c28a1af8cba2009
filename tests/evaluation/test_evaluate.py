"""A model scored end to end on the sample: a plain function, a checkpoint, a killed process."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.medmnist_files import medmnist_arrays, write_medmnist_file, write_npz

from medmnist_c.builder import files
from medmnist_c.builder.configs import select
from medmnist_c.builder.parquet.build import build
from medmnist_c.corruptions.table import CORRUPTIONS
from medmnist_c.evaluation.configs import chosen_configs
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.evaluate import evaluate
from medmnist_c.evaluation.prefetch import prefetched
from medmnist_c.evaluation.robustness_report import RobustnessReport
from medmnist_c.evaluation.score import score

COMMAND = Path(sys.executable).with_name("medmnist-c")


def brightness(images: np.ndarray) -> np.ndarray:
    """Two classes: the brighter, the more likely the second."""
    yes = images.reshape(len(images), -1).mean(axis=1) / 255
    return np.stack([1 - yes, yes], axis=1)


def test_a_plain_function_over_the_whole_list():
    seen = []

    def predict(images):
        seen.append((images.dtype, images.shape))
        return brightness(images)

    report = evaluate(predict, "breastmnist", sample=True, batch_size=2)
    one = report.datasets["breastmnist"]
    assert set(seen) == {(np.dtype("uint8"), (n, 224, 224, 1)) for n in (2, 1)}
    assert [c.name for c in one.corruptions] == list(CORRUPTIONS["breastmnist"])
    assert all(len(c.test_sets) == 5 for c in one.corruptions) and not one.summary.complete
    assert [g.name for g in one.groups] == ["digital", "noise", "blur", "color"]
    assert report.name == "predict" and report.predictions is None
    assert report.provenance.images == "release"
    assert one.partial == "5 of the 156 test images"  # the sample never has a BE
    assert one.summary.BE.value is one.groups[0].rBE.value is one.corruptions[0].BE.value is None
    assert RobustnessReport.from_json(report.to_json()).to_dict() == report.to_dict()


def test_item_17_what_a_killed_evaluation_left_half_written_is_taken_away(tmp_path):
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    how = {"sample": True, "corruptions": "pixelate", "severities": 1, "predictions": tmp_path}
    evaluate(brightness, "breastmnist", **how)
    whole = sorted(tmp_path.rglob("*"))
    name = f".breastmnist_clean.parquet.{files._host()}.{ended.pid}-{ended.pid}.tmp"
    (tmp_path / "breastmnist" / name).write_text("half")
    evaluate(brightness, "breastmnist", **how)
    assert sorted(tmp_path.rglob("*")) == whole


def test_item_18_severities_and_batch_size_may_be_whole_numbers_of_numpy():
    how = {"sample": True, "corruptions": "pixelate"}
    one = evaluate(brightness, "breastmnist", severities=np.int64(3), batch_size=np.int64(2), **how)
    assert one.datasets == evaluate(brightness, "breastmnist", severities=3, **how).datasets


def test_a_clean_file_that_changes_on_the_way_is_never_mixed_in(tmp_path):
    def predict(images):
        if len(calls) == 1:  # in the first test set after the clean one
            write_medmnist_file(tmp_path, "breastmnist", 6, seed=1)
        calls.append(len(images))
        return brightness(images)

    calls = []
    how = {"data_dir": tmp_path, "predictions": tmp_path / "kept", "corruptions": "pixelate"}
    write_medmnist_file(tmp_path, "breastmnist", 6, seed=0)
    with pytest.raises(PredictionError, match="breastmnist has changed since"):
        evaluate(predict, "breastmnist", **how)
    assert len(calls) == 2
    write_medmnist_file(tmp_path, "breastmnist", 6, seed=0)
    report = evaluate(predict, "breastmnist", **how)
    assert len(calls) == 2 + 1 + 5  # clean, validation; the same model? the five of pixelate
    straight = evaluate(brightness, "breastmnist", **how | {"predictions": tmp_path / "new"})
    assert report.datasets == straight.datasets


def test_pil_rgb_and_several_datasets():
    def predict(images):
        assert all(isinstance(one, Image.Image) and one.mode == "RGB" for one in images)
        return np.full((len(images), widths.pop(0)), 0.5)

    widths = [14, 14, 2, 2]
    which = {"corruptions": "pixelate", "severities": 5, "sample": True, "pil": True, "rgb": True}
    report = evaluate(predict, ["chestmnist", "breastmnist"], **which)
    assert list(report.datasets) == ["chestmnist", "breastmnist"] and not widths


def test_what_is_kept_gives_the_same_report_and_is_not_computed_anew(tmp_path):
    calls = []

    def predict(images):
        calls.append(len(images))
        return brightness(images)

    which = {"corruptions": ["pixelate", "speckle_noise"], "sample": True}
    first = evaluate(predict, "breastmnist", predictions=tmp_path / "p", **which)
    text = first.save(tmp_path).read_bytes()
    made = len(calls)
    again = evaluate(predict, "breastmnist", predictions=tmp_path / "p", **which)
    assert made == 11 and len(calls) == made + 1  # asked whether it is the same model
    assert again.save(tmp_path).read_bytes() == text
    assert score(tmp_path / "p").datasets == first.datasets
    for change in ({"seed": 7}, {"model_name": "another"}):
        with pytest.raises(PredictionError, match="give another folder"):
            evaluate(predict, "breastmnist", predictions=tmp_path / "p", **which, **change)


_SLOW = """
import sys, time
import numpy as np
from medmnist_c.evaluation.evaluate import evaluate

folder, pause = sys.argv[1], float(sys.argv[2])

def predict(images):
    print("call", flush=True)
    time.sleep(pause)
    yes = images.reshape(len(images), -1).mean(axis=1) / 255
    return np.stack([1 - yes, yes], axis=1)

evaluate(
    predict, "breastmnist", sample=True, corruptions=["pixelate", "contrast_down"],
    predictions=folder + "/predictions",
).save(folder)
"""


def run_slow(folder: Path, pause: float) -> subprocess.Popen:
    command = [sys.executable, "-c", _SLOW, str(folder), str(pause)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=folder
    )


def test_another_model_under_an_old_name_is_refused(tmp_path):
    """Old fault: a retrained model got its old report."""

    def trained(steepness: float):
        def predict(images):
            yes = np.clip(0.5 + steepness * (brightness(images)[:, 1] - 0.3), 0, 1)
            return np.stack([1 - yes, yes], axis=1)

        return predict

    how = {"corruptions": "pixelate", "sample": True, "predictions": tmp_path, "model_name": "net"}
    first = evaluate(trained(1), "breastmnist", severities=1, **how)
    assert first.model.fingerprint.startswith("answers ")
    with pytest.raises(PredictionError, match="another model that was called net, too"):
        evaluate(trained(1.5), "breastmnist", severities=1, **how)
    more = evaluate(trained(1), "breastmnist", severities=(1, 2), batch_size=2, **how)
    assert more.model.fingerprint == first.model.fingerprint
    (tmp_path / "breastmnist" / "breastmnist_clean.parquet").unlink()
    with pytest.raises(PredictionError, match="fingerprint 'answers"):
        evaluate(trained(1.5), "breastmnist", severities=1, **how)
    (tmp_path / "breastmnist" / "breastmnist_pixelate_1.parquet").unlink()
    (tmp_path / "breastmnist" / "breastmnist_pixelate_2.parquet").unlink()
    assert evaluate(trained(1.5), "breastmnist", severities=1, **how).datasets != first.datasets


def test_thresholds_come_from_the_validation_images_where_these_are_there(tmp_path):
    arrays = medmnist_arrays("breastmnist", 8, seed=3, val=12)
    write_npz(tmp_path / "breastmnist_224.npz", arrays)
    seen = []

    def predict(images):
        seen.append(len(images))
        return brightness(images)

    how = {"corruptions": "pixelate", "severities": 1, "data_dir": tmp_path}
    report = evaluate(predict, "breastmnist", **how)
    one = report.datasets["breastmnist"]
    assert seen == [8, 12, 8]  # clean, validation, pixelate
    (point,) = one.operating_points
    assert point.kind == "tuned" and (one.validation.count, one.validation.where) == (12, "files")
    assert one.validation.digest != report.provenance.sources["breastmnist"].digest
    assert "of best balanced accuracy on 12 of 78 clean validation images" in report.html()
    assert one.temperature is not None
    half = evaluate(predict, "breastmnist", threshold=0.5, **how).datasets["breastmnist"]
    assert half.operating_points[0].thresholds == (0.5,)
    with pytest.raises(PredictionError, match="need the model's scores for its clean validation"):
        evaluate(predict, "breastmnist", sample=True, threshold="validation")


def test_what_is_known_of_the_making_is_kept(tmp_path):
    how = {"corruptions": "pixelate", "severities": 1, "sample": True, "predictions": tmp_path}

    class Net:
        def __init__(self):
            self.fingerprint = "weights 1"
            self.provenance = {"device": "cpu", "dtype": "float32"}

        def __call__(self, images):
            return brightness(images)

    net = Net()
    made = evaluate(net, "breastmnist", **how).model
    assert made.fingerprint == "weights 1" and made.made["device"] == "cpu" and "day" in made.made
    assert score(tmp_path).model == made
    assert "weights 1" in score(tmp_path).html() and "float32" in score(tmp_path).markdown()
    net.fingerprint = "weights 2"
    with pytest.raises(PredictionError, match="with fingerprint 'weights 1', not 'weights 2'"):
        evaluate(net, "breastmnist", **how)


def test_killed_in_the_middle_it_goes_on_to_the_same_bytes(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    killed.mkdir()
    process = run_slow(killed, 0.3)
    deadline = time.monotonic() + 60
    while len(done := list(killed.rglob("*_[0-9].parquet"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    done = {path: path.stat().st_mtime_ns for path in killed.rglob("*.parquet")}
    assert 4 <= len(done) < 11 and not (killed / "report.json").exists()
    again = run_slow(killed, 0)
    asked = again.communicate()[0].count("call")
    assert asked == 11 - len(done) + 1 and again.returncode == 0  # one: is it the same model?
    assert {path: path.stat().st_mtime_ns for path in done} == done
    straight = run_slow(whole, 0)
    assert straight.communicate()[0].count("call") == 11
    assert (killed / "report.json").read_bytes() == (whole / "report.json").read_bytes()


def test_published_test_sets_are_streamed(tmp_path):
    build(
        select(("breastmnist_clean", "breastmnist_pixelate_[12]")),
        tmp_path / "set",
        sample=True,
        num_proc=1,
    )
    which = {"corruptions": "pixelate", "severities": (1, 2)}
    streamed = evaluate(brightness, "breastmnist", repo=str(tmp_path / "set"), **which)
    made = evaluate(brightness, "breastmnist", sample=True, **which)
    assert streamed.datasets == made.datasets
    assert streamed.provenance.sources["breastmnist"].where == "repository set"
    with pytest.raises(PredictionError, match="has no breastmnist_pixelate_3"):
        evaluate(
            brightness,
            "breastmnist",
            repo=str(tmp_path / "set"),
            corruptions="pixelate",
            severities=3,
        )


@pytest.mark.parametrize(
    ("predict", "words"),
    [
        (lambda x: np.full((len(x), 3), 1 / 3), "not 5 x 2: breastmnist has 2 classes"),
        (lambda x: np.full(len(x), 0.5), "have shape 5, not 5 x 2"),
        (lambda x: np.full((1, 2), 0.5), "have shape 1 x 2, not 5 x 2"),
        (lambda x: np.full((len(x), 2), np.nan), "hold nan"),
        (lambda x: brightness(x) * 9 - 4, "so they are logits.*logits=True"),
        (lambda x: brightness(x) / 2, "adds up to 0.5, not 1"),
        (lambda x: "scores", "no array of numbers"),
    ],
)
def test_bad_scores_are_told_in_one_sentence(predict, words):
    with pytest.raises(PredictionError, match=words) as error:
        evaluate(predict, "breastmnist", sample=True, corruptions="pixelate")
    assert "images 0 to 4 of breastmnist_clean" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("which", "words"),
    [
        ({"corruptions": "black_corner"}, "breastmnist has no corruption 'black_corner'"),
        ({"severities": 6}, "no severity 6"),
        ({"batch_size": 0}, "batch_size is a whole number from 1 on"),
        ({"threshold": 2}, "threshold is a probability"),
        ({"repo": "someone/medmnist_c"}, "either repo="),
        ({"predictions": "results/medmnist_c"}, "choose another name"),
    ],
)
def test_bad_choices(which, words):
    with pytest.raises(ValueError, match=words):
        evaluate(brightness, "breastmnist", sample=True, **which)


def test_test_sets_are_chosen_by_patterns():
    def names(*which) -> list[str]:
        return [one.name for one in chosen_configs(*which)]

    organs = names("organ*", "*_noise", 2)
    assert organs[0] == "organamnist_clean" and "organsmnist_speckle_noise_2" in organs
    assert {name.rsplit("_", 1)[1] for name in organs} == {"clean", "2"}
    assert names("breastmnist", None, None) == [one.name for one in select("breastmnist")]
    assert names(["derma*", "breastmnist"], ["pixelate", "black_*"], 1) == [
        "dermamnist_clean",
        "dermamnist_pixelate_1",
        "dermamnist_black_corner_1",
        "breastmnist_clean",
        "breastmnist_pixelate_1",
    ]
    for which, words in (
        (("organ?", None, None), "There is no dataset 'organ\\?'"),
        (("?" * 3000, None, None), "at most 200 characters"),
        (("organ*", "*" * 3000, None), "at most 200 characters"),
        (("organ*", "*_nose", None), r"has no corruption '\*_nose'"),
        ((["dermamnist", "breastmnist"], "black_corner", 1), "breastmnist has no corruption"),
    ):
        with pytest.raises(ValueError, match=words):
            names(*which)


def test_an_error_while_images_are_made_reaches_the_caller():
    def items():
        yield 1
        raise OSError("the disk")

    made = prefetched(items())
    assert next(made) == 1
    with pytest.raises(OSError, match="the disk"):
        next(made)


def test_importing_the_package_imports_no_scikit_learn():
    program = (
        "import sys, medmnist_c, medmnist_c.cli; "
        "print([n for n in ('sklearn', 'matplotlib', 'torch', 'transformers') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=os.sep
    )
    assert done.stdout.strip() == "[]"
