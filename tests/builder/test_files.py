"""Files are there whole or not at all, and what killed processes leave is told from what is at work."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from medmnist_c.builder.files import atomic_write, folder_to_write, is_stale


def name_of_process(folder: Path, process: int) -> Path:
    """What `atomic_write` of another process would have called its file."""
    with atomic_write(folder / "made"):
        (mine,) = folder.glob(".made.*.tmp")
    return mine.with_name(re.sub(rf"\.{os.getpid()}-", f".{process}-", mine.name))


def test_nothing_is_there_before_all_is(tmp_path):
    with pytest.raises(OSError, match="full"), atomic_write(tmp_path / "made") as file:
        file.write(b"half")
        assert not (tmp_path / "made").exists()
        (aside,) = tmp_path.iterdir()
        assert not is_stale(aside)
        raise OSError("full")
    assert not list(tmp_path.iterdir())


def test_what_a_process_leaves_that_has_ended(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    aside = name_of_process(tmp_path, process.pid)
    aside.touch()
    assert not is_stale(aside)
    process.kill()
    deadline = time.monotonic() + 10
    while not is_stale(aside) and time.monotonic() < deadline:  # nobody has asked for its end
        time.sleep(0.01)
    assert is_stale(aside)
    process.communicate()
    assert is_stale(aside)


def test_of_another_machine_after_a_day(tmp_path):
    aside = tmp_path / ".made.elsewhere.1-1.tmp"
    aside.touch()
    assert not is_stale(aside)
    os.utime(aside, (0, time.time() - 25 * 60 * 60))
    assert is_stale(aside)


def test_no_folder_is_called_as_the_package_but_a_checkout_of_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="choose another name"):
        folder_to_write("medmnist_c")
    Path("medmnist_c").mkdir()
    monkeypatch.chdir("medmnist_c")
    with pytest.raises(ValueError, match="choose another name"):
        folder_to_write(".")
    Path("__init__.py").touch()
    assert folder_to_write(".") == tmp_path / "medmnist_c"
    assert folder_to_write("results") == tmp_path / "medmnist_c" / "results"
