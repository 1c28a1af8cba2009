"""Kept states of random streams: taken only when they are what was kept, for that very place."""

import shutil
from pathlib import Path
from random import Random

import numpy as np
import pytest

from medmnist_c.builder.testset import random_states as stream_states
from medmnist_c.builder.testset.random_states import StateFolder

KEY = ("python", 12)
STATE = np.array(Random(0).getstate()[1], np.uint32)


@pytest.fixture
def states(tmp_path) -> StateFolder:
    states = StateFolder(tmp_path / "octmnist-0123")
    states[KEY] = STATE
    return states


def only_file(tmp_path: Path) -> Path:
    (path,) = tmp_path.glob("*/stream_states/*")
    return path


def test_what_is_kept_is_found_by_another_process(states, tmp_path):
    again = StateFolder(tmp_path / "octmnist-0123")
    assert list(again) == [KEY]
    assert np.array_equal(again[KEY], STATE) and again[KEY].dtype == np.uint32


def one_bit(place: int):
    def harm(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[place] ^= 1
        path.write_bytes(data)

    return harm


@pytest.mark.parametrize(
    "harm",
    [
        *map(one_bit, (0, 40, -1)),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes() + b"x"),
        lambda path: path.write_bytes(b""),
        lambda path: np.save(path.open("wb"), STATE),
    ],
)
def test_a_damaged_state_is_taken_away(harm, states, tmp_path):
    harm(only_file(tmp_path))
    assert states.get(KEY) is None
    assert len(states) == 0
    states[KEY] = STATE
    assert np.array_equal(states[KEY], STATE)


def test_a_damaged_state_is_kept_anew(states, tmp_path):
    one_bit(-1)(only_file(tmp_path))
    states[KEY] = STATE
    assert np.array_equal(states[KEY], STATE)


def test_the_state_of_another_place_test_set_or_code_is_not_taken(states, tmp_path, monkeypatch):
    path = only_file(tmp_path)
    shutil.copy(path, path.with_name("python-000000013.state"))
    assert states.get(("python", 13)) is None
    shutil.copytree(tmp_path / "octmnist-0123", tmp_path / "octmnist-4567")
    assert StateFolder(tmp_path / "octmnist-4567").get(KEY) is None
    assert states.get(KEY) is not None
    monkeypatch.setattr(stream_states, "IMAGES_VERSION", "other")
    assert states.get(KEY) is None


def test_other_files_do_not_disturb(states, tmp_path):
    folder = only_file(tmp_path).parent
    for name in ("a-b-c.npz", "python-1 (copy).state", "-.state", ".python-1.state.host.1-1.tmp"):
        (folder / name).write_text("")
    assert list(states) == [KEY]


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path):
    (tmp_path / "file").write_text("")
    states = StateFolder(tmp_path / "file")
    states[KEY] = STATE
    assert states.get(KEY) is None and list(states) == []
