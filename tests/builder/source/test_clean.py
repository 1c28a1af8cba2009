"""Clean test sets: found, fetched, checked, mapped; and whatever can be wrong with them."""

import hashlib
import json
import os
import pickle
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.http_server import Server, serving
from support.medmnist_files import medmnist_arrays, npy, write_medmnist_file, write_npz

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.errors import CleanDataError, UnknownNameError
from medmnist_c.builder.retry import RetryPolicy
from medmnist_c.builder.source import clean, download
from medmnist_c.builder.source.clean import find_clean_source, open_clean
from medmnist_c.builder.source.clean_cache import CleanImages, load_clean
from medmnist_c.builder.source.npz import LocalFile, find_members

OFFICIAL = "breastmnist"  # the smallest: 156 test images, as many as the official file has
ARRAYS = medmnist_arrays(OFFICIAL, dataset_info(OFFICIAL).test_count)


@pytest.fixture(scope="module")
def official(tmp_path_factory) -> Path:
    """Looks like the official file, but for its MD5."""
    folder = tmp_path_factory.mktemp("official")
    return write_npz(folder / dataset_info(OFFICIAL).file_name, ARRAYS)


@pytest.fixture
def server(official, tmp_path, monkeypatch):
    """The official file on a mirror, and no home folder."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(download, "POLICY", RetryPolicy(tries=3, first_s=0))
    served = tmp_path / "served"
    served.mkdir()
    shutil.copy(official, served)
    with serving(served) as state:
        monkeypatch.setenv("MEDMNIST_C_MIRROR", state.url)
        yield state


@pytest.fixture
def right_md5(official, monkeypatch):
    """Let the file be the official one by its MD5 too."""
    info = replace(dataset_info(OFFICIAL), md5=hashlib.md5(official.read_bytes()).hexdigest())
    monkeypatch.setattr(clean, "dataset_info", lambda name, size: info)


def open_official(tmp_path: Path) -> CleanImages:
    return open_clean(find_clean_source(OFFICIAL), tmp_path / "cache")


def is_official(test_set: CleanImages) -> bool:
    return np.array_equal(test_set.images, ARRAYS["test_images"]) and np.array_equal(
        test_set.labels, ARRAYS["test_labels"]
    )


def compressed_bytes(path: Path) -> int:
    members = find_members(LocalFile(path), ("test_images.npy", "test_labels.npy"))
    return sum(member.compressed_size for member in members)


def left(tmp_path: Path) -> set[str]:
    """Names in the cache, but for locks."""
    folder = tmp_path / "cache" / "medmnist_c_clean"
    names = {path.name for path in folder.iterdir()} if folder.exists() else set()
    return {name for name in names if not name.endswith(".lock")}


# Where it comes from


@pytest.mark.parametrize("dataset", ["bloodmnist", "octmnist", "chestmnist"])
@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_file_in_data_dir(dataset, compression, tmp_path):
    write_medmnist_file(tmp_path, dataset, 5, compression=compression)
    arrays = medmnist_arrays(dataset, 5)
    source = find_clean_source(dataset, tmp_path)
    assert source.count == 5
    test_set = open_clean(source, tmp_path / "cache")
    assert (test_set.dataset, test_set.digest) == (dataset, source.digest)
    for images_or_labels in ("images", "labels"):
        array = getattr(test_set, images_or_labels)
        assert not array.flags.writeable
        assert np.array_equal(array, arrays[f"test_{images_or_labels}"])
    assert isinstance(test_set.images, np.memmap)
    assert np.array_equal(list(test_set.checked_images(1, 4)), arrays["test_images"][1:4])
    assert sorted(path.name for path in test_set.folder.iterdir()) == [
        "test_images.crc",
        "test_images.npy",
        "test_labels.npy",
        "whole.json",
    ]


def test_the_digest_is_of_the_content(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_medmnist_file(tmp_path / folder, "octmnist", 3)
    os.utime(tmp_path / "b" / "octmnist_224.npz", (0, 0))
    digest = find_clean_source("octmnist", tmp_path / "a").digest
    assert find_clean_source("octmnist", str(tmp_path / "b")).digest == digest
    write_medmnist_file(tmp_path / "a", "octmnist", 3, seed=1)
    assert find_clean_source("octmnist", tmp_path / "a").digest != digest


def test_data_dir_wins_and_lacking_the_file_is_an_error(server, tmp_path, monkeypatch):
    write_medmnist_file(tmp_path, OFFICIAL, 2, seed=1)
    assert len(open_clean(find_clean_source(OFFICIAL, tmp_path), tmp_path / "cache").images) == 2
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "home").mkdir()
    assert find_clean_source(OFFICIAL, "~").count == 2
    for folder in (tmp_path / "home", tmp_path / "no/such/folder", "~no-one/x", "~\0"):
        with pytest.raises(
            CleanDataError, match=r"Cannot find .*breastmnist_224.npz; put it there"
        ):
            find_clean_source(OFFICIAL, folder)
    assert server.requests == []


def test_wrong_arguments():
    with pytest.raises(UnknownNameError):
        find_clean_source("breastmnis")
    with pytest.raises(TypeError, match="data_dir is the path of a folder, not 7"):
        find_clean_source(OFFICIAL, 7)


def test_the_home_file_if_its_md5_is_right(server, right_md5, official, tmp_path, monkeypatch):
    home = tmp_path / "home" / ".medmnist" / official.name
    home.parent.mkdir(parents=True)
    shutil.copy(official, home)
    assert is_official(open_official(tmp_path))
    assert server.requests == []

    # The MD5 is remembered, and found anew for another file, even one of the same size and times.
    shutil.rmtree(open_official(tmp_path).folder)
    with monkeypatch.context() as patch:
        patch.setattr(clean, "_md5", lambda file: "not looked at")
        shutil.rmtree(open_official(tmp_path).folder)
    stat = home.stat()
    write_npz(home, {**ARRAYS, "test_labels": 1 - ARRAYS["test_labels"]}, zipfile.ZIP_STORED)
    os.truncate(home, stat.st_size)
    os.utime(home, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with pytest.warns(UserWarning, match=f"{home} is not the official file"):
        assert is_official(open_official(tmp_path))
    assert server.requests != []


def test_zenodo_and_home_give_the_same_digest(tmp_path, monkeypatch):
    without = find_clean_source(OFFICIAL)
    home = tmp_path / ".medmnist"
    home.mkdir()
    write_medmnist_file(home, OFFICIAL, 3)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_clean_source(OFFICIAL) == without
    assert without.count == 156


# Over HTTP


def test_fetched_once_and_no_more_than_needed(server, official, tmp_path):
    assert is_official(open_official(tmp_path))
    needed = compressed_bytes(official)
    assert needed < server.body_bytes <= 1.02 * needed
    assert server.body_bytes < official.stat().st_size
    assert {request["path"] for request in server.requests} == {f"/{official.name}"}
    asked = len(server.requests)
    assert is_official(open_official(tmp_path))
    assert len(server.requests) == asked
    assert left(tmp_path) == {f"breastmnist-{dataset_info(OFFICIAL).md5[:16]}"}


def test_a_mirror_with_a_query(server, tmp_path, monkeypatch):
    monkeypatch.setenv("MEDMNIST_C_MIRROR", f"{server.url}/?token=1")
    assert is_official(open_official(tmp_path))
    assert {request["path"] for request in server.requests} == {"/breastmnist_224.npz?token=1"}


def test_resumed_after_cuts(server, official, tmp_path):
    server.cut_after, server.cuts = compressed_bytes(official) // 3, 2
    assert is_official(open_official(tmp_path))
    assert server.cuts == 0
    assert server.body_bytes <= 1.02 * compressed_bytes(official)


def test_resumed_in_the_next_call(server, official, tmp_path):
    server.cut_after = 1_000_000
    with pytest.raises(CleanDataError, match=r"connection was cut.*what has come is kept"):
        open_official(tmp_path)
    assert len(left(tmp_path)) == 1  # the download
    server.cut_after = None
    assert is_official(open_official(tmp_path))
    assert server.body_bytes <= 1.02 * compressed_bytes(official)


OPEN = (
    "import sys; from medmnist_c.builder.source.clean import find_clean_source, open_clean\n"
    f"test_set = open_clean(find_clean_source('{OFFICIAL}', *sys.argv[2:]), sys.argv[1])\n"
    "print(test_set.images.sum(dtype=int))\n"
)


def start(program: str, *arguments) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_resumed_after_a_killed_process(server, official, tmp_path):
    server.wait_s = 0.02
    process = start(OPEN, tmp_path / "cache")
    while server.body_bytes < compressed_bytes(official) // 2:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.kill()
    process.communicate()
    server.wait_s = 0
    (part,) = (tmp_path / "cache").rglob("test_images.npy.part")
    have = part.stat().st_size
    assert have > 0
    server.body_bytes = 0
    assert is_official(open_official(tmp_path))
    assert server.body_bytes + have <= 1.02 * compressed_bytes(official)


def test_two_processes_at_once_fetch_it_once(server, official, tmp_path):
    server.wait_s = 0.01
    processes = [start(OPEN, tmp_path / "cache") for _ in range(2)]
    outputs = [process.communicate() for process in processes]
    pixels = str(ARRAYS["test_images"].sum(dtype=int))
    assert [stdout.strip() for stdout, _ in outputs] == [pixels, pixels], outputs
    assert server.body_bytes <= 1.02 * compressed_bytes(official)


def test_a_file_that_changes_begins_anew(server, official, tmp_path):
    server.cut_after = 100_000
    with pytest.raises(CleanDataError, match="cut"):
        open_official(tmp_path)
    server.cut_after, server.etag = None, '"two"'
    other = medmnist_arrays(OFFICIAL, 156, seed=1)
    write_npz(server.folder / official.name, other)
    assert np.array_equal(open_official(tmp_path).images, other["test_images"])


def test_a_file_that_changes_all_the_time(server, tmp_path):
    server.etag = '"{n}"'
    with pytest.raises(CleanDataError, match="has changed on the server"):
        open_official(tmp_path)
    assert left(tmp_path) == set()


def test_a_server_without_ranges_gives_the_whole_file(server, right_md5, official, tmp_path):
    server.ranges = False
    assert is_official(open_official(tmp_path))
    assert len(left(tmp_path)) == 1


@pytest.mark.parametrize("ranges_left", [1, 2, 3])
def test_a_server_that_stops_to_answer_ranges_gives_the_whole_file(
    server, right_md5, official, tmp_path, ranges_left
):
    server.ranges_left = ranges_left
    assert is_official(open_official(tmp_path))
    assert len(left(tmp_path)) == 1


def test_a_body_without_end_is_left_and_does_not_stay(server, right_md5, tmp_path, monkeypatch):
    monkeypatch.setattr(clean, "_most_bytes", lambda info: 10_000_000)
    server.ranges, server.endless = False, True
    with pytest.raises(CleanDataError, match="is longer than 10,000,000 bytes"):
        open_official(tmp_path)
    cache = (tmp_path / "cache").rglob("*")
    assert sum(path.stat().st_size for path in cache if path.is_file()) < 1000


@pytest.mark.parametrize("dataset", ["octmnist", "chestmnist", "bloodmnist"])
def test_an_official_file_cannot_be_longer_than_its_bound(dataset, tmp_path):
    path = write_medmnist_file(tmp_path, dataset, 5, compression=zipfile.ZIP_STORED)
    with np.load(path) as arrays:
        train, val, test = (len(arrays[f"{split}_images"]) for split in ("train", "val", "test"))
    info = dataset_info(dataset)
    info = replace(info, train_count=train, validation_count=val, test_count=test)
    most = clean._most_bytes(info)
    assert path.stat().st_size <= most < path.stat().st_size + 100_000


def test_a_whole_file_of_another_md5_is_refused(server, tmp_path):
    server.ranges = False
    md5 = dataset_info(OFFICIAL).md5
    with pytest.raises(CleanDataError, match=f"{server.url}/.* has MD5 .*, not {md5}"):
        open_official(tmp_path)
    assert left(tmp_path) == set()


def test_an_md5_the_server_states_is_compared(server, official, right_md5, tmp_path):
    """Zenodo states it in the ETag, with each range."""
    server.etag = f'"md5:{"0" * 32}"'
    with pytest.raises(CleanDataError, match=f"{server.url}/.* has MD5 0000"):
        open_official(tmp_path)
    assert len(server.requests) == 1
    server.etag = f'"md5:{hashlib.md5(official.read_bytes()).hexdigest()}"'
    assert is_official(open_official(tmp_path))


def test_a_wrong_crc_is_refused_and_not_gone_on_with(server, official, tmp_path):
    data = bytearray(official.read_bytes())
    data[data.index(b"test_images.npy") + 5000] ^= 1
    (server.folder / official.name).write_bytes(data)
    with pytest.raises(CleanDataError, match=r"test_images.npy, which is damaged"):
        open_official(tmp_path)
    assert left(tmp_path) == set()
    shutil.copy(official, server.folder)
    assert is_official(open_official(tmp_path))


def test_another_count_than_the_official_one(server, official, tmp_path):
    write_medmnist_file(server.folder, OFFICIAL, 3)
    with pytest.raises(CleanDataError, match="has 3 images, not 156"):
        open_official(tmp_path)


def test_zip64_over_http(server, official, tmp_path):
    path = server.folder / official.name
    with path.open("wb") as file:
        file.truncate(5 << 30)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in ("test_images", "test_labels"):
            archive.writestr(f"{name}.npy", npy(ARRAYS[name]))
    assert is_official(open_official(tmp_path))
    assert server.body_bytes <= 1.02 * compressed_bytes(path)


@pytest.mark.parametrize(
    ("mirror", "words"),
    [
        ("http://127.0.0.1:1/x", r"Connection refused; is there a network\?"),
        ("{url}/nowhere", "answers 404 Not Found"),
        ("/a/folder", "MEDMNIST_C_MIRROR is no http or https URL"),
        (
            "http://user:pass@127.0.0.1:1/?token=secret",
            r"http://127.0.0.1:1/breastmnist_224.npz \(",
        ),
    ],
)
def test_what_a_mirror_can_be(server: Server, mirror, words, tmp_path, monkeypatch):
    monkeypatch.setenv("MEDMNIST_C_MIRROR", mirror.format(url=server.url))
    with pytest.raises(CleanDataError, match=words) as caught:
        open_official(tmp_path)
    message = str(caught.value)
    assert "\n" not in message and "pass" not in message and "secret" not in message
    assert left(tmp_path) == set()


# What is in it


def without(name: str) -> Callable[[dict], dict]:
    return lambda arrays: {key: value for key, value in arrays.items() if key != name}


def with_array(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[dict], dict]:
    return lambda arrays: arrays | {name: change(arrays[name])}


@pytest.mark.parametrize(
    ("dataset", "change", "words"),
    [
        ("octmnist", without("test_images"), "holds no test_images.npy"),
        ("octmnist", without("test_labels"), "holds no test_labels.npy"),
        ("octmnist", with_array("test_images", lambda a: a[:, ::8, ::8]), r"\(3, 28, 28\)"),
        (
            "octmnist",
            with_array("test_images", lambda a: a[..., None]),
            r"224, 1\).*N x 224 x 224 ",
        ),
        ("octmnist", with_array("test_images", lambda a: a.astype(float)), "of float64"),
        ("octmnist", with_array("test_images", lambda a: a.astype(np.int8)), "of int8"),
        ("octmnist", with_array("test_images", lambda a: a[:0]), r"\(0, 224, 224\)"),
        ("octmnist", with_array("test_images", lambda a: np.asfortranarray(a)), "Fortran order"),
        (
            "octmnist",
            with_array("test_images", lambda a: npy(a)[:-1]),
            "declares 150655 bytes, but",
        ),
        (
            "bloodmnist",
            with_array("test_images", lambda a: a[..., 0]),
            "N x 224 x 224 x 3 of uint8",
        ),
        ("octmnist", with_array("test_labels", lambda a: a[:2]), r"\(2, 1\) of uint8.* 3 x 1 "),
        ("octmnist", with_array("test_labels", lambda a: a[:, 0]), r"\(3,\) of uint8"),
        ("octmnist", with_array("test_labels", lambda a: a.astype(float)), "of float64"),
        ("octmnist", with_array("test_labels", lambda a: a > 0), "of bool"),
        ("octmnist", with_array("test_labels", lambda a: a + 4), "those of octmnist are 0 to 3"),
        ("octmnist", with_array("test_labels", lambda a: a.astype(int) - 9), "labels from -"),
        ("octmnist", with_array("test_labels", lambda a: a.astype(object)), "holds pickles"),
        ("chestmnist", with_array("test_labels", lambda a: a[:, :13]), r"\(3, 13\).* 3 x 14 "),
        (
            "chestmnist",
            with_array("test_labels", lambda a: a + 1),
            "those of chestmnist are 0 to 1",
        ),
    ],
)
def test_what_is_wrong_in_a_file_gets_one_sentence(dataset, change, words, tmp_path):
    path = tmp_path / dataset_info(dataset).file_name
    arrays = change(medmnist_arrays(dataset, 3))
    write_npz(path, arrays)
    with pytest.raises(CleanDataError, match=words) as caught:
        open_clean(find_clean_source(dataset, tmp_path), tmp_path / "cache")
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert left(tmp_path) == set()


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, ">i2"])
def test_labels_of_any_integer(dtype, tmp_path):
    arrays = medmnist_arrays("octmnist", 3)
    arrays["test_labels"] = arrays["test_labels"].astype(dtype)
    write_npz(tmp_path / "octmnist_224.npz", arrays)
    test_set = open_clean(find_clean_source("octmnist", tmp_path), tmp_path / "cache")
    assert np.array_equal(test_set.labels, arrays["test_labels"])


def test_a_bomb_is_refused_by_its_header(tmp_path):
    """Declares 10 TB, consistently, and would need them."""
    with zipfile.ZipFile(tmp_path / "octmnist_224.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, shape, dtype in (("images", (224, 224), "|u1"), ("labels", (1,), "|u1")):
            header = {"descr": dtype, "fortran_order": False, "shape": (2 * 10**8, *shape)}
            with archive.open(f"test_{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array_header_1_0(member, header)
                member.write(bytes(10**6))
            archive.filelist[-1].file_size = 128 + 2 * 10**8 * int(np.prod(shape))
    source = find_clean_source("octmnist", tmp_path)
    with pytest.raises(CleanDataError, match=r"takes 10,035,400,000,\d* bytes \(No space left"):
        open_clean(source, tmp_path / "cache")
    assert left(tmp_path) == set()


def test_a_file_replaced_meanwhile(tmp_path):
    write_medmnist_file(tmp_path, "octmnist", 3)
    source = find_clean_source("octmnist", tmp_path)
    write_medmnist_file(tmp_path, "octmnist", 3, seed=1)
    with pytest.raises(CleanDataError, match="has changed meanwhile"):
        open_clean(source, tmp_path / "cache")


# The copy


@pytest.fixture
def copy(tmp_path) -> CleanImages:
    write_medmnist_file(tmp_path, "octmnist", 3)
    return open_clean(find_clean_source("octmnist", tmp_path), tmp_path / "cache")


def test_the_copy_needs_its_source_no_more(copy, tmp_path):
    source = find_clean_source("octmnist", tmp_path)
    (tmp_path / "octmnist_224.npz").unlink()
    assert np.array_equal(open_clean(source, tmp_path / "cache").images, copy.images)


def test_another_process_maps_the_same_copy(copy, tmp_path):
    (tmp_path / "pickle").write_bytes(pickle.dumps(copy))
    assert (tmp_path / "pickle").stat().st_size < 1000  # no images
    program = (
        "import pickle, sys; test_set = pickle.load(open(sys.argv[1], 'rb'))\n"
        "print(test_set.folder, test_set.images.sum(dtype=int))"
    )
    stdout, stderr = start(program, tmp_path / "pickle").communicate()
    assert stdout.strip() == f"{copy.folder} {copy.images.sum(dtype=int)}", stderr
    assert np.array_equal(load_clean(str(copy.folder)).labels, copy.labels)


def cut_images(folder: Path) -> None:
    os.truncate(folder / "test_images.npy", 1000)


def lengthen_labels(folder: Path) -> None:
    with (folder / "test_labels.npy").open("ab") as file:
        file.write(b"x")


def lose_labels(folder: Path) -> None:
    (folder / "test_labels.npy").unlink()


def lose_note(folder: Path) -> None:
    (folder / "whole.json").unlink()


def spoil_note(folder: Path) -> None:
    (folder / "whole.json").write_text("{")


def spoil_header(folder: Path) -> None:
    with (folder / "test_images.npy").open("r+b") as file:
        file.write(b"xxxxxx")


def flip(path: Path, place: int) -> None:
    """Turn one bit; a negative place counts from the end."""
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def flip_a_label(folder: Path) -> None:
    flip(folder / "test_labels.npy", -1)


def flip_a_sum(folder: Path) -> None:
    flip(folder / "test_images.crc", -1)


def fewer_by_header(folder: Path) -> None:
    """Two images of three, by the header alone: numpy maps that without a word."""
    path = folder / "test_images.npy"
    path.write_bytes(path.read_bytes().replace(b"(3, 224", b"(2, 224"))


def of_another(folder: Path) -> None:
    """A whole copy, but of other images."""
    write_medmnist_file(folder.parent, "octmnist", 3, seed=1)
    other = open_clean(find_clean_source("octmnist", folder.parent), folder.parent.parent)
    shutil.rmtree(folder)
    other.folder.rename(folder)


def note_of(content: object) -> Callable[[Path], None]:
    return lambda folder: (folder / "whole.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    "harm",
    [
        cut_images,
        lengthen_labels,
        lose_labels,
        lose_note,
        spoil_note,
        spoil_header,
        flip_a_label,
        flip_a_sum,
        fewer_by_header,
        of_another,
        *map(note_of, [[], {}, 7, {"dataset": "octmnist", "digest": [], "sizes": []}]),
    ],
)
def test_a_copy_that_is_not_whole_is_made_again(harm, copy, tmp_path):
    expected = np.array(copy.images)
    harm(copy.folder)
    with pytest.raises(CleanDataError, match=f"{copy.folder} is no whole copy"):
        load_clean(copy.folder)
    again = open_clean(find_clean_source("octmnist", tmp_path), tmp_path / "cache")
    assert np.array_equal(again.images, expected)


def test_a_image_damaged_on_the_disk_is_never_given(copy, tmp_path):
    expected = np.array(copy.images)
    for place in (-1, -224 * 224 - 1):
        flip(copy.folder / "test_images.npy", place)
        test_set = load_clean(copy.folder)
        assert np.array_equal(next(test_set.checked_images(0, 1)), expected[0])
        with pytest.raises(CleanDataError, match=r"Image \d in .* is damaged on the disk; load"):
            list(test_set.checked_images(0, 3))
        again = open_clean(find_clean_source("octmnist", tmp_path), tmp_path / "cache")
        assert np.array_equal(list(again.checked_images(0, 3)), expected)


def test_a_copy_cut_short_while_it_is_read(copy):
    images = copy.checked_images(0, 3)
    next(images)
    cut_images(copy.folder)
    with pytest.raises(CleanDataError, match=r"Image 1 in .* is damaged"):
        next(images)


def test_what_a_killed_process_leaves_is_taken_away(tmp_path):
    """It kills itself when the labels are written and the images are not."""
    write_medmnist_file(tmp_path, OFFICIAL, 3)
    killing = (
        "import os, medmnist_c.builder.source.clean\n"
        "medmnist_c.builder.source.clean._check_labels = lambda *_: os.kill(os.getpid(), 9)\n"
    )
    process = start(killing + OPEN, tmp_path / "cache", tmp_path)
    process.communicate()
    assert process.returncode == -9
    assert any(name.endswith(".making") for name in left(tmp_path))
    open_clean(find_clean_source(OFFICIAL, tmp_path), tmp_path / "cache")
    assert len(left(tmp_path)) == 1


def test_a_folder_that_cannot_be_written(tmp_path):
    write_medmnist_file(tmp_path, "octmnist", 3)
    (tmp_path / "file").write_text("")
    with pytest.raises(CleanDataError, match=r"file/medmnist_c_clean, which takes 150,528 bytes"):
        open_clean(find_clean_source("octmnist", tmp_path), tmp_path / "file")


def test_a_disk_that_fills_up(official, tmp_path):
    """A limit on the size of files stands for the end of the disk."""
    program = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, -1))\n" + OPEN
    process = start(program, tmp_path / "cache", official.parent)
    _, stderr = process.communicate()
    assert process.returncode == 1
    assert "Cannot write into" in stderr and "7,827,456 bytes (File too large)" in stderr
    assert left(tmp_path) == set()
    assert is_official(open_clean(find_clean_source(OFFICIAL, official.parent), tmp_path / "cache"))


def test_a_full_disk(official, tmp_path):
    """A real one, 2 MB large, where the system lets us have it."""
    disk = tmp_path / "cache"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "none", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no right to mount a small disk")
    try:
        with pytest.raises(CleanDataError, match=r"bytes \(No space left on device\); make room"):
            open_clean(find_clean_source(OFFICIAL, official.parent), disk)
        assert left(tmp_path) == set()
    finally:
        subprocess.run(["umount", disk], check=True)


def test_the_note_says_what_is_there(copy):
    note = json.loads((copy.folder / "whole.json").read_text())
    assert note["dataset"] == "octmnist" and copy.folder.name == f"octmnist-{note['digest']}"
    assert note["sizes"] == {
        name: (copy.folder / name).stat().st_size
        for name in ("test_images.npy", "test_labels.npy", "test_images.crc")
    }


def test_offline_means_offline(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    monkeypatch.setenv("MEDMNIST_C_MIRROR", "http://127.0.0.1:9")
    with pytest.raises(CleanDataError, match="HF_HUB_OFFLINE"):
        open_clean(find_clean_source("octmnist"), tmp_path)
