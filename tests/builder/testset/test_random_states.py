"""Kept states of random streams: taken only when they are what was kept, for that very place."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from random import Random

import numpy as np
import pytest

from medmnist_c.builder import files
from medmnist_c.builder.testset import random_states as stream_states
from medmnist_c.builder.testset.random_states import StateFolder
from medmnist_c.corruptions.random.streams import unpacked_stream

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


def crafted(position: int, word: int | None = None) -> np.ndarray:
    state = STATE.copy() if word is None else np.full(625, word, np.uint32)
    state[-1] = position
    return state


FORGED = [crafted(625), crafted(630), crafted(2**31 - 1), crafted(2**32 - 1), crafted(0, word=0)]


@pytest.mark.parametrize("state", FORGED)
def test_item_10_a_crafted_state_with_the_right_checksum_is_taken_away(state, states, tmp_path):
    only_file(tmp_path).write_bytes(states._content(KEY, state.astype("<u4").tobytes()))
    assert states.get(KEY) is None and len(states) == 0
    for stream in ("legacy", "python"):
        with pytest.raises(ValueError, match="no state of a Mersenne twister"):
            unpacked_stream(stream, state)


@pytest.mark.datasets
@pytest.mark.parametrize(
    "position", [5000, *(pytest.param(far, marks=pytest.mark.long) for far in (625, 2**31 - 1))]
)
def test_item_10_a_crafted_state_never_reaches_compiled_code(position, tmp_path):
    """The very images as without it, from a process of its own: it would be killed."""
    program = (
        "import sys\n"
        "from medmnist_c import MedMNISTC\n"
        "how = dict(sample=True, cache_dir=sys.argv[1], config_name='organsmnist_shot_noise_2')\n"
        "rows = MedMNISTC(**how).as_streaming_dataset('test')\n"
        "print([hash(r['image'].tobytes()) for r in rows])\n"
    )

    def images() -> str:
        return subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)],
            cwd="/",
            env=os.environ | {"PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    right = images()
    kept = list(tmp_path.rglob("*.state"))
    assert kept
    for path in kept:
        stream, _, place = path.stem.partition("-")
        states = StateFolder(path.parent.parent)
        forged = crafted(position).astype("<u4").tobytes()
        path.write_bytes(states._content((stream, int(place)), forged))
    assert images() == right


def test_item_17_what_a_killed_writer_left_is_taken_away(states, tmp_path):
    folder = only_file(tmp_path).parent
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    left = folder / f".python-000000012.state.{files._host()}.{ended.pid}-1.tmp"
    mine = folder / f".python-000000012.state.{files._host()}.{os.getpid()}-1.tmp"
    for path in (left, mine):
        path.write_text("half")
    states["python", 13] = STATE
    assert not left.exists() and mine.exists()


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
