"""`medmnist-c register`, in an environment of its own: the name is known without an import."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

LOAD = """
from datasets import load_dataset
print(load_dataset("medmnist_c", "octmnist_pixelate_3", split="test",
                   sample=True)[0]["image"].size)
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> Path:
    """Python of a fresh environment that finds this one's libraries."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    theirs = site_packages(python)
    # Those of the running environment, .pth files included.
    (theirs / "libraries.pth").write_text(
        "".join(
            f"import site; site.addsitedir({path!r})\n"
            for path in dict.fromkeys([sysconfig.get_path("purelib"), *sys.path])
            if path.endswith("site-packages")
        )
    )
    return python


def site_packages(python: Path) -> Path:
    return next((python.parent.parent / "lib").glob("python3*")) / "site-packages"


def run(python: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [python, *arguments],
        cwd="/",
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.datasets
def test_the_name_is_known_without_an_import_until_removed(python):
    unknown = run(python, "-c", LOAD, HF_HUB_OFFLINE="1")
    assert unknown.returncode == 1 and "medmnist_c" in unknown.stderr
    for _ in range(2):  # again does no harm
        done = run(python, "-m", "medmnist_c", "register")
        assert done.returncode == 0, done.stderr
    file = site_packages(python) / "medmnist_c_register.pth"
    assert file.read_text().count("\n") == 1 and file.read_text().startswith("import ")
    known = run(python, "-c", LOAD, HF_HUB_OFFLINE="1")
    assert known.stdout == "(224, 224)\n", known.stderr
    # Whoever only asks for `datasets`, as transformers does, is no reason not to go on waiting.
    for before in (
        "import medmnist_c",
        "from importlib.util import find_spec\nfind_spec('datasets')",
    ):
        both = run(python, "-c", f"{before}\n{LOAD}", HF_HUB_OFFLINE="1")
        assert both.stdout == "(224, 224)\n", both.stderr
    assert run(python, "-m", "medmnist_c", "register", "--remove").returncode == 0
    assert not file.exists()
    assert run(python, "-c", LOAD, HF_HUB_OFFLINE="1").returncode == 1
    assert "There is no" in run(python, "-m", "medmnist_c", "register", "--remove").stdout


def test_left_behind_it_does_nothing_and_costs_nothing(tmp_path):
    from medmnist_c.builder.hf import startup

    made = tmp_path / "medmnist_c_register.pth"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(startup, "startup_file", lambda: made)
        startup.add()
    code = made.read_text().removeprefix("import sys; ").strip()
    # The package is gone, and `datasets` is another module.
    (tmp_path / "datasets.py").write_text("loaded = True\n")
    program = (
        "import sys, time\n"
        "begin = time.perf_counter()\n"
        f"{code}\n"
        "print(time.perf_counter() - begin)\n"
        "import json, datasets\n"
        "print(datasets.loaded, 'medmnist_c' in sys.modules, len(sys.meta_path))\n"
    )
    best = float("inf")
    for _ in range(5):
        done = subprocess.run(
            [
                sys.executable,
                "-I",
                "-S",
                "-c",
                f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n{program}",
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        seconds, rest = done.stdout.splitlines()
        assert rest.split()[:2] == ["True", "False"] and done.stderr == ""
        best = min(best, float(seconds))
    assert best < 0.001


def test_nothing_is_registered_by_installing(python):
    assert not (site_packages(python) / "medmnist_c_register.pth").exists()
    assert not (Path(sysconfig.get_path("purelib")) / "medmnist_c_register.pth").exists()


def test_an_environment_that_cannot_be_written_is_told_in_one_sentence(tmp_path, monkeypatch):
    from click.testing import CliRunner

    from medmnist_c.builder.hf import startup
    from medmnist_c.cli import main

    monkeypatch.setattr(startup, "startup_file", lambda: tmp_path / "no" / "such" / "x.pth")
    done = CliRunner().invoke(main, ["register"])
    assert done.exit_code == 1 and "environment of your own" in done.output
    assert len(done.output.strip().splitlines()) == 1
