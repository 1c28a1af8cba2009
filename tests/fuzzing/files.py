"""Fuzzed: npz files, the copy of a test set in the cache, random states, the ink blots."""

import io
import shutil
import tempfile
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from support.medmnist_files import medmnist_arrays, npy, write_npz

from fuzzing.mutations import edited
from fuzzing.rules import came, folder, no_code_runs, refusing
from fuzzing.zip_files import npy_files, zip_files
from medmnist_c.builder.errors import CleanDataError
from medmnist_c.builder.source.clean import find_clean_source, open_clean
from medmnist_c.builder.source.clean_cache import load_clean
from medmnist_c.builder.source.npz import LocalFile, find_members
from medmnist_c.builder.testset.random_states import StateFolder
from medmnist_c.corruptions.stain_masks import reference_masks

DATASET = "octmnist"
MEMBERS = ("test_images.npy", "test_labels.npy")


@cache
def good_files() -> list[bytes]:
    """Small npz files of two images: stored, deflated, of other images, and zip64."""
    found = []
    for seed, compression in ((0, zipfile.ZIP_STORED), (0, zipfile.ZIP_DEFLATED), (1, 8)):
        arrays = medmnist_arrays(DATASET, 2, seed=seed)
        arrays["test_images"][:, 8:] = seed  # mostly even: small when deflated
        del arrays["train_images"], arrays["val_images"]
        with folder() as place:
            found.append(write_npz(place / "f.npz", arrays, compression).read_bytes())
    return found


@cache
def good_contents() -> list[bytes]:
    arrays = medmnist_arrays(DATASET, 2)
    return [npy(arrays["test_images"]), npy(arrays["test_labels"])]


def any_npz() -> st.SearchStrategy[bytes]:
    contents = st.one_of(npy_files(), npy_files(), st.sampled_from(good_contents()))
    return st.one_of(edited(good_files()), edited(good_files()), zip_files(contents))


def read_npz(data: bytes) -> None:
    """What the reader gives has the declared CRC-32, and is what numpy reads in it."""
    with folder() as place, no_code_runs(), refusing(CleanDataError):
        (place / "f.npz").write_bytes(data)
        for member in find_members(LocalFile(place / "f.npz"), MEMBERS):
            header = member.header
            content = b"".join(member.content())
            assert len(content) == header.size == member.size
            array = np.load(io.BytesIO(content), allow_pickle=False)
            assert (array.shape, array.dtype) == (header.shape, header.dtype)
            with zipfile.ZipFile(place / "f.npz") as archive:
                assert content == archive.read(member.name)


def by_zipfile(path: Path) -> list[np.ndarray]:
    """The two arrays as Python's own zip reader finds them."""
    with zipfile.ZipFile(path) as archive:
        return [np.load(io.BytesIO(archive.read(name))) for name in MEMBERS]


def open_test_set(data: bytes) -> None:
    """A test set that opens holds the images that are in the file; else nothing is left."""
    with folder() as place:
        path = place / f"{DATASET}_224.npz"
        path.write_bytes(data)
        with no_code_runs(), refusing(CleanDataError):
            clean = open_clean(find_clean_source(DATASET, place), place / "cache")
            images, labels = by_zipfile(path)
            assert np.array_equal(list(clean.checked_images(0, len(clean.images))), images)
            assert np.array_equal(clean.labels, labels)
            return
        left = [one.name for one in place.glob("cache/*/*") if not one.name.endswith(".lock")]
        assert not left, left


@cache
def _copy() -> tuple[Path, dict[str, bytes], np.ndarray, np.ndarray]:
    """A test set in a cache (its folder, its files), the images and the labels in it."""
    place = Path(tempfile.mkdtemp())
    (place / f"{DATASET}_224.npz").write_bytes(good_files()[1])
    clean = open_clean(find_clean_source(DATASET, place), place / "cache")
    files = {path.name: path.read_bytes() for path in clean.folder.iterdir()}
    return clean.folder, files, np.array(clean.images), np.array(clean.labels)


def damaged_copies() -> st.SearchStrategy[tuple[str, bytes]]:
    _, files, _, _ = _copy()
    return st.sampled_from(sorted(files)).flatmap(
        lambda name: st.tuples(st.just(name), edited([files[name], *files.values()]))
    )


def read_copy(change: tuple[str, bytes]) -> None:
    """From a damaged cache come the right images or an error, and then the right images."""
    name, content = change
    original, files, images, labels = _copy()
    with folder() as place:
        copy = place / original.parent.name / original.name
        copy.mkdir(parents=True)
        for other, good in files.items():
            (copy / other).write_bytes(content if other == name else good)
        with no_code_runs(), refusing(CleanDataError):
            clean = load_clean(copy)
            assert np.array_equal(clean.labels, labels)
            assert np.array_equal(list(clean.checked_images(0, 2)), images)
        source = find_clean_source(DATASET, original.parent.parent.parent)
        clean = open_clean(source, place)
        assert np.array_equal(clean.labels, labels)
        assert np.array_equal(list(clean.checked_images(0, 2)), images)


KEY = ("python", 5)


@cache
def _state() -> tuple[np.ndarray, bytes]:
    state = np.arange(625, dtype=np.uint32)
    with folder() as place:
        states = StateFolder(place / "octmnist-0")
        states[KEY] = state
        return state, next(place.glob("*/*/*")).read_bytes()


def read_state(data: bytes) -> None:
    """A state is the one that was kept, or none."""
    with folder() as place, no_code_runs():
        states = StateFolder(place / "octmnist-0")
        states[KEY] = _state()[0]
        next(place.glob("*/*/*")).write_bytes(data)
        found = states.get(KEY)
        came("refused" if found is None else "accepted")
        assert found is None or np.array_equal(found, _state()[0])
        assert (found is None) == (len(states) == 0)


def read_masks(data: bytes) -> None:
    with folder() as place, no_code_runs():
        (place / "inks.npz").write_bytes(data)
        with refusing(ValueError):
            reference_masks(place / "inks.npz")
            raise AssertionError("only the release's own file is taken")


def states() -> st.SearchStrategy[bytes]:
    return edited([_state()[1], good_files()[0]])


def masks() -> st.SearchStrategy[bytes]:
    return edited(good_files())


def forget() -> None:
    """Take away what is shared between inputs."""
    shutil.rmtree(_copy()[0].parents[2], ignore_errors=True)
