"""Both tables from tiny trainings: killed anywhere they come out the same, with the right numbers."""

import os
import random
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("accelerate")
pytest.importorskip("torch")

from support.experiment_runs import (
    CPU,
    experiment,
    result_bytes,
    started,
    tiny,
)

from medmnist_c.corruptions.table import corruptions_of, groups_of
from medmnist_c.evaluation.metrics.names import PRIMARY
from medmnist_c.experiments.reproduce import reproduce, table_of
from medmnist_c.experiments.runs import Run
from medmnist_c.experiments.scoring import kept_reports
from medmnist_c.models.load import load_model

KILLS = int(os.environ.get("MEDMNIST_C_KILLS", "2"))  # 10 for the whole proof
DATASETS = ["breastmnist", "retinamnist"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """Both tables of two datasets, two networks, two seeds."""
    output = tmp_path_factory.mktemp("runs")
    lines: list[str] = []
    for table in ("table2", "table3"):
        reproduce(experiment(table, output, tiny()), CPU, lines.append, scoring_workers=0)
    assert any("of training left" in line for line in lines)
    return output


def test_both_tables_are_written(finished):
    protocol = tiny()
    folder = finished / protocol.name
    for table in ("table2", "table3"):
        for ending in ("csv", "tex", "md", "html"):
            assert (folder / f"{table}.{ending}").stat().st_size > 200
    page = (folder / "table2.html").read_text()
    assert "small:residual" in page and "assumed" in page
    frame = pd.read_csv(folder / "table2.csv")
    assert set(frame["dataset"]) == {*DATASETS, "mean"}
    assert set(frame["seeds"].dropna()) == {2}


def test_its_folder_is_where_it_was_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = experiment("table2", Path("runs"), tiny())
    monkeypatch.chdir("/")
    assert asked.folder(asked.runs[0]).is_relative_to(tmp_path / "runs")


def test_the_numbers_are_those_of_the_reports(finished):
    protocol = tiny()
    told = kept_reports(experiment("table3", finished, protocol).passes)
    row = next(
        one
        for one in table_of(experiment("table3", finished, protocol)).rows
        if (one.dataset, one.way) == ("retinamnist", "targeted")
    )
    by_seed = []
    for seed in protocol.runs.seeds:
        folds = []
        for group in groups_of("retinamnist"):
            run = Run("retinamnist", "small:plain", "targeted", seed, group)
            report = told[run]
            names = {one.name for one in report.datasets["retinamnist"].corruptions}
            assert names == set(corruptions_of("retinamnist", group))  # tested on it alone
            table = report.table("retinamnist", PRIMARY)
            folds.append(np.mean([table[name, s].value for name in names for s in range(1, 6)]))
        by_seed.append(np.mean(folds))
    figure = row.figures["k-fold", "error"]
    assert figure.mean == pytest.approx(np.mean(by_seed))
    assert figure.sd == pytest.approx(np.std(by_seed, ddof=1))


def test_be_against_the_own_baseline_is_one_for_itself(finished):
    table = table_of(experiment("table2", finished, tiny()))
    row = next(
        one for one in table.rows if (one.dataset, one.way) == ("retinamnist", "small:plain")
    )
    assert row.figures["all", "BE (own)"].mean == pytest.approx(1)
    assert row.figures["all", "BE (release)"] is None  # five images are no whole test set


def test_what_is_finished_is_not_done_again(finished):
    before = result_bytes(finished)
    times = {path: path.stat().st_mtime_ns for path in finished.rglob("weights.safetensors")}
    lines: list[str] = []
    reproduce(experiment("table2", finished, tiny()), CPU, lines.append, scoring_workers=0)
    assert lines[0] == "8 runs, 8 of them finished"
    assert result_bytes(finished) == before
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_a_runs_folder_is_a_model(finished):
    protocol = tiny()
    folder = Run("breastmnist", "small:plain", "none", 1).folder(finished, protocol)
    model = load_model(f"run:{folder}", "breastmnist", device="cpu")
    assert "32 x 32" in model.facts.preprocessing
    with pytest.raises(ValueError, match="trained for breastmnist, not for retinamnist"):
        load_model(f"run:{folder}", "retinamnist")
    with pytest.raises(ValueError, match="no finished training"):
        load_model(f"run:{folder.parent}", "breastmnist")


def test_killed_at_random_moments_all_bytes_are_the_same(tmp_path):
    protocol = tiny(datasets=["breastmnist"], seeds=[1], table3_augmentations=["targeted"])
    begun = time.monotonic()
    process = started("table3", tmp_path / "whole", protocol)
    process.join()
    assert process.exitcode == 0
    whole_s = time.monotonic() - begun
    draws = random.Random(21)
    for _ in range(KILLS):
        process = started("table3", tmp_path / "killed", protocol)
        process.join(draws.uniform(0.02, 1.6 / (KILLS + 1)) * whole_s)  # spread over all of it
        process.kill()
        process.join()
    process = started("table3", tmp_path / "killed", protocol)
    process.join()
    assert process.exitcode == 0
    assert result_bytes(tmp_path / "killed") == result_bytes(tmp_path / "whole")


def test_two_processes_share_the_runs(tmp_path):
    protocol = tiny(datasets=["breastmnist"])
    both = [started("table2", tmp_path, protocol) for _ in range(2)]
    for process in both:
        process.join()
        assert process.exitcode == 0
    all_times = list(tmp_path.rglob("times.jsonl"))
    assert len(all_times) == 4
    for times in all_times:
        assert len(times.read_text().splitlines()) == protocol.training.epochs  # once
