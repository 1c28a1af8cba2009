"""`medmnist-c train` and `reproduce` on the command line, and a training on the Hub."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("accelerate")
pytest.importorskip("torch")

from medmnist_c.cli import main
from medmnist_c.experiments.card import push
from medmnist_c.experiments.errors import ExperimentError
from medmnist_c.experiments.protocol import load_protocol
from medmnist_c.experiments.runs import Run

pytest_plugins = ["hub.fixtures"]
SMOKE = ["--preset", "smoke", "--sample", "--device", "cpu"]


def said(*arguments, status=0) -> str:
    done = CliRunner().invoke(main, [str(one) for one in arguments])
    assert done.exit_code == status, done.output
    return done.output


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> tuple[Path, Path]:
    """The folder of all runs, and the run's own."""
    output = tmp_path_factory.mktemp("runs")
    what = ["--dataset", "breastmnist", "--architecture", "small:plain", "--seed", 4]
    told = said("train", *what, "-o", output, *SMOKE)
    return output, Path(re.search(r"--model run:(.+)", told)[1])


def test_a_trained_network_is_scored_by_its_folder(trained, tmp_path):
    few = ["--dataset", "breastmnist", "--corruption", "pixelate", "--severity", 1, "--sample"]
    told = said("evaluate", "--model", f"run:{trained[1]}", *few, "-o", tmp_path)
    assert "resized to 32 x 32" in told


def test_a_trained_network_goes_to_the_hub_with_its_card(trained, api, hub):
    run, protocol = Run("breastmnist", "small:plain", "none", 4), load_protocol("smoke")
    push(run, protocol, trained[1], trained[0], "someone/small-net", api)
    files = hub.repository("someone/small-net", repo_type="model")["files"]
    assert {"weights.safetensors", "model.json", "run.json", "README.md"} <= set(files)
    assert not [name for name in files if "checkpoint" in name or "times" in name]
    card = (trained[1] / "README.md").read_text()
    assert "| learning_rate | 0.001 | assumed | ours |" in card
    with pytest.raises(ExperimentError, match="Cannot push"):
        push(run, protocol, trained[1], trained[0], "no/such/name", api)


def test_the_cost_is_told_before_anything_is_trained(tmp_path):
    output = tmp_path / "runs"
    told = said("reproduce", "table2", "--dry-run", "-o", output, *SMOKE)
    # 64 images, 2 epochs; 24 of them in 1 + 35 and 1 + 40 test sets.
    assert "8 runs; shown to networks: 1,024 training, 768 validation and 7,392 test" in told
    assert re.search(r"small:plain: [\d,.]+ images a second trained", told)
    assert re.search(r"[\d.]+ hours if every epoch", told) and "GB" in told
    assert not output.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["table2", "--augmentation", "targeted"], "leave --augmentation out"),
        (["table3", "--architecture", "a", "--architecture", "b"], "give --architecture once"),
        (["table2", "--dataset", "breastmnits"], "There is no dataset 'breastmnits'"),
        (["table2", "--architecture", "small:plane"], "no small network 'plane'"),
        (["table3", "--augmentation", "randomaugment"], "There is no augmentation"),
    ],
)
def test_bad_input_is_one_sentence(arguments, words, tmp_path):
    told = said("reproduce", *arguments, "-o", tmp_path, *SMOKE, status=1)
    assert words in told and "Traceback" not in told
