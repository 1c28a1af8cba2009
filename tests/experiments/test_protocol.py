"""The protocol is data: each line has its source, and another one has another name."""

import pytest

from medmnist_c.corruptions.table import groups_of
from medmnist_c.experiments.errors import ExperimentError
from medmnist_c.experiments.protocol import PRESETS, load_protocol
from medmnist_c.experiments.runs import Run, chosen, table2_runs, table3_runs

PAPER = """
[training]
{training}
[scoring]
test_batch_size = {{ value = 8, source = "mine", status = "assumed" }}
thresholds = {{ value = 0.5, source = "mine", status = "assumed" }}
[runs]
datasets = {{ value = ["breastmnist"], source = "mine", status = "assumed" }}
seeds = {{ value = [3], source = "mine", status = "assumed" }}
table2_architectures = {{ value = ["small:plain"], source = "mine", status = "assumed" }}
table2_baseline = {{ value = "small:plain", source = "mine", status = "assumed" }}
table3_architecture = {{ value = "small:plain", source = "mine", status = "assumed" }}
table3_augmentations = {{ value = ["none"], source = "mine", status = "assumed" }}
"""
TRAINING = {
    "pretrained": "false", "side": "32", "normalization": '"weights"', "optimizer": '"adamw"',
    "learning_rate": "1e-3", "weight_decay": "0", "schedule": '"cosine"', "epochs": "2",
    "patience": "5", "batch_size": "8", "loss": '"cross-entropy"', "precision": '"no"',
    "images": "{ train = 8 }",
}  # fmt: skip


def own_protocol(folder, **changed):
    lines = [
        f'{name} = {{ value = {value}, source = "mine", status = "assumed" }}'
        for name, value in (TRAINING | changed).items()
    ]
    path = folder / "mine.toml"
    path.write_text(PAPER.format(training="\n".join(lines)))
    return path


@pytest.mark.parametrize("preset", PRESETS)
def test_every_line_of_a_preset_says_where_it_is_from(preset):
    protocol = load_protocol(preset)
    assert protocol.name.startswith(f"{preset}-")
    lines = set(vars(protocol.training)) | set(vars(protocol.scoring)) | set(vars(protocol.runs))
    assert {name.partition(".")[2] for name in protocol.sources} == lines
    assert all(
        line.source and line.status in ("known", "assumed") for line in protocol.sources.values()
    )


def test_the_papers_runs():
    paper = load_protocol("paper")
    assert (paper.training.epochs, paper.training.learning_rate) == (100, 1e-4)
    assert len(table2_runs(paper)) == 12 * 5 * 3
    folds = sum(len(groups_of(dataset)) for dataset in paper.runs.datasets)
    runs = table3_runs(paper)
    assert len(runs) == 3 * (12 * 6 + 2 * folds)
    assert len({run.folder for run in runs}) == len({(run.dataset, run.name) for run in runs})


def test_another_training_has_another_name_and_other_runs_have_not(tmp_path):
    first = load_protocol(own_protocol(tmp_path))
    assert load_protocol(own_protocol(tmp_path)).name == first.name
    assert load_protocol(own_protocol(tmp_path, epochs="3")).name != first.name
    assert chosen(first, seeds=[1, 2], datasets=["dermamnist"]).name == first.name
    assert [run.seed for run in table2_runs(chosen(first, seeds=[1, 2]))] == [1, 2]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"epochs": "0"}, "epochs"),
        ({"epochs": '"ten"'}, "epochs"),
        ({"precision": '"int4"'}, "precision"),
        ({"momentum": "0.9"}, "momentum"),
    ],
)
def test_a_bad_line_is_named(tmp_path, changed, words):
    with pytest.raises(ExperimentError, match=rf"mine.*{words}"):
        load_protocol(own_protocol(tmp_path, **changed))


def test_what_there_is_not_is_named(tmp_path):
    with pytest.raises(ExperimentError, match=r"There is no preset 'papre'.*paper"):
        load_protocol("papre")
    for file in (tmp_path / "none.toml", "~no-one/none.toml", "~\0.toml"):
        with pytest.raises(ExperimentError, match="Cannot read"):
            load_protocol(file)
    with pytest.raises(ExperimentError, match=r"no augmentation 'tageted'.*targeted"):
        Run("breastmnist", "small:plain", "tageted", 1)
    with pytest.raises(ExperimentError, match="draws none"):
        Run("breastmnist", "small:plain", "none", 1, "noise")
    with pytest.raises(ExperimentError, match="no group"):
        Run("breastmnist", "small:plain", "targeted", 1, "task-specific")
