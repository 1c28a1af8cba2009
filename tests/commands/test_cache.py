"""What lies in the cache is listed and removed, but for what a process is making."""

import datasets
import pytest
from click.testing import CliRunner
from datasets import load_dataset
from filelock import FileLock

import medmnist_c  # noqa: F401 (makes the name known)
from medmnist_c.cli import main


def run(*arguments: str) -> str:
    done = CliRunner().invoke(main, ["cache", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def cache(tmp_path):
    """A cache in which two test sets were prepared."""
    for name in ("octmnist_pixelate_1", "organsmnist_shot_noise_2"):
        load_dataset("medmnist_c", name, sample=True, split="test", cache_dir=str(tmp_path))
    return tmp_path


def test_what_is_kept_is_listed_with_its_size(cache):
    shown = run("list", "--cache-dir", str(cache))
    kinds = [tuple(line.split()[:2]) for line in shown.splitlines()]
    assert kinds.count(("clean", "images")) == 2
    assert [line.split()[-1] for line in shown.splitlines() if line.startswith("prepared")] == [
        "octmnist_pixelate_1",
        "organsmnist_shot_noise_2",
    ]
    files = sum(file.stat().st_size for file in cache.rglob("*") if file.is_file())
    assert f"{files / 1e6:,.1f} MB" in shown.splitlines()[-1]


def test_a_pattern_removes_what_it_names_only(cache):
    run("clean", "octmnist", "--cache-dir", str(cache))
    left = run("list", "--cache-dir", str(cache))
    assert "octmnist" not in left and "organsmnist_shot_noise_2" in left
    run("clean", "organsmnist_*", "--cache-dir", str(cache))  # prepared sets, no clean images
    left = run("list", "--cache-dir", str(cache))
    assert "prepared" not in left and "clean images" in left


def test_all_is_removed_with_what_killed_processes_left(cache):
    clean = cache / "medmnist_c_clean"
    (clean / ".breastmnist-0123456789abcdef.making").mkdir()
    (clean / ".breastmnist-0123456789abcdef.making" / "test_images.npy").write_bytes(b"half")
    (clean / ".breastmnist-0123456789abcdef.download").mkdir()
    (clean / "inks.npz").write_bytes(b"blots")
    (cache / "medmnist_c_push" / "0123abcd").mkdir(parents=True)
    other = cache / "another_dataset" / "file.arrow"
    other.parent.mkdir()
    other.write_bytes(b"not ours")
    run("clean", "--dry-run", "--cache-dir", str(cache))
    assert (clean / "inks.npz").exists()
    run("clean", "--cache-dir", str(cache))
    assert [path for path in cache.rglob("*") if path.is_file()] == [other]


def test_what_a_process_is_making_is_left(cache):
    making = cache / "medmnist_c_clean" / ".octmnist-0123456789abcdef.making"
    making.mkdir()
    with FileLock(cache / "medmnist_c_clean" / ".octmnist.lock"):
        assert "in use" in run("clean", "--cache-dir", str(cache))
        assert making.exists()
    run("clean", "--cache-dir", str(cache))
    assert not making.exists()


def test_a_removed_test_set_is_prepared_again(cache):
    run("clean", "--cache-dir", str(cache))
    again = load_dataset(
        "medmnist_c", "octmnist_pixelate_1", sample=True, split="test", cache_dir=str(cache)
    )
    assert len(again) == 4 and isinstance(again, datasets.Dataset)
