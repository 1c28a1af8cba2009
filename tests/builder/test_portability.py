"""What Windows and macOS lack, as far as it can be tried without them."""

import os
from pathlib import Path

import fsspec
import pytest

from medmnist_c.builder import disk, files
from medmnist_c.builder.executor import processes
from medmnist_c.builder.parquet.output_folder import OutputFolder


def test_windows_syncs_files_but_no_folders(tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.write_bytes(b"content")
    opened = []
    really_open = os.open

    def windows_open(path, flags):
        if str(path) == str(tmp_path):
            raise PermissionError("Windows opens no folder")
        opened.append(flags)
        return really_open(path, flags)

    monkeypatch.setattr(disk.os, "open", windows_open)
    with monkeypatch.context() as windows:
        windows.setattr(disk.os, "name", "nt")
        disk.sync(tmp_path)
        disk.sync(file)
    assert opened == [os.O_RDWR]
    with pytest.raises(PermissionError):
        disk.sync(tmp_path)


def test_on_windows_no_process_is_asked_by_a_signal(tmp_path, monkeypatch):
    aside = tmp_path / f".file.{files._host()}.{os.getpid()}-1.tmp"
    aside.touch()

    def kill(process, signal):
        raise AssertionError("this would end the process")

    monkeypatch.setattr(files.os, "kill", kill)
    with monkeypatch.context() as windows:
        windows.setattr(files.os, "name", "nt")
        fresh = files.is_stale(aside)
        os.utime(aside, (0, 0))
        old = files.is_stale(aside)
    assert (fresh, old) == (False, True)
    with pytest.raises(AssertionError):
        files.is_stale(aside)


def test_cores_where_the_system_does_not_say_which(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert processes.available_cores() == os.cpu_count()


def test_a_file_is_closed_before_it_is_put_elsewhere(monkeypatch):
    """Windows does not open a file that is open for writing."""
    memory = fsspec.filesystem("memory")
    put_file = type(memory).put_file
    seen = []

    def put(self, lpath, rpath, **options):
        handles = Path("/proc/self/fd")
        if handles.is_dir():
            assert lpath not in [os.readlink(one) for one in handles.iterdir() if one.is_symlink()]
        seen.append(lpath)
        return put_file(self, lpath, rpath, **options)

    monkeypatch.setattr(type(memory), "put_file", put)
    place = OutputFolder.at("memory://portability")
    with place.write("folder/file.txt") as file:
        file.write(b"content")
    assert place.read("folder/file.txt") == b"content"
    assert len(seen) == 1
    assert not Path(seen[0]).exists()


def test_an_address_of_a_local_folder(tmp_path):
    place = OutputFolder.at(f"file://{tmp_path}/with space")
    with place.write("a/b.txt") as file:
        file.write(b"content")
    assert (tmp_path / "with space" / "a" / "b.txt").read_bytes() == b"content"
