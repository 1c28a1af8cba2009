"""Readers on mutated and hostile input: a bounded, repeatable run (`trials/fuzz.py` runs longer)."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from fuzzing.evaluation import parquet, rows
from fuzzing.rules import folder, outcomes
from fuzzing.targets import TARGETS
from medmnist_c.evaluation.score import score

INPUTS = 120  # of the cheapest target


@pytest.mark.parametrize("name", TARGETS)
def test_right_or_refused_with_a_sentence(name):
    outcomes.clear()
    TARGETS[name].fuzz(INPUTS, derandomize=True)
    assert outcomes.total() >= INPUTS // TARGETS[name].cost


def test_small_files_that_ask_for_much_memory_are_refused(tmp_path):
    """In a process that may take 40 MB more, where each of them would take 96 MB or more."""
    done = subprocess.run(
        [sys.executable, "-m", "fuzzing.bombs", str(tmp_path)],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    refused = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    words = {
        "labels": "that of octmnist has 2 x 1 of integers",
        "lying": "declares 728 bytes and holds more",
        "no header": "no npy array",
        "entries": "test_images.npy twice",
        "release": "not that of 5 x",
        "state": "KeyError",
        "masks": "is not the reference's file",
    }
    assert refused.keys() == words.keys(), done.stderr
    for name, expected in words.items():
        assert expected in refused[name], refused[name]


def test_a_report_of_the_clean_test_set_alone_can_be_shown():
    """Found by fuzzing: the page divided by the number of corruptions."""
    columns = {name: values[:6] for name, values in rows().items()}
    with folder() as place:
        (place / "scores.parquet").write_bytes(parquet(pa.table(columns)))
        report = score(place / "scores.parquet")
    assert "Only the clean test set was evaluated" in report.html()
    assert "octmnist" in report.markdown()
