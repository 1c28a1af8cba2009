"""What a user's type checker says: of a program over the installed wheel, and of the documentation."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

REPOSITORY = Path(__file__).parent.parent
NO_PACKAGE = {"build", "dist", "tests", "trials", "benchmarks", "examples", "tools", "docs"}

PROGRAM = """
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from datasets import load_dataset
from PIL import Image
from typing_extensions import assert_type

import medmnist_c
from medmnist_c import (
    MedMNISTC,
    MedMNISTCConfig,
    RobustnessReport,
    TargetedAugMix,
    TargetedAugmentation,
    build,
    compare,
    config_names,
    corrupt,
    evaluate,
    push,
    score,
    verify,
)

assert_type(medmnist_c.__version__, str)
assert_type(config_names("derma*", corruption="*noise", severity=3), list[str])
dataset = load_dataset("medmnist_c", "dermamnist_black_corner_3", split="test", sample=True)
builder = MedMNISTC(config_name="dermamnist_black_corner_3", sample=True)
builder.download_and_prepare()
assert_type(MedMNISTCConfig(name="octmnist_clean").seed, int | None)

image = np.zeros((224, 224, 3), np.uint8)
first = corrupt(image, "dermamnist", "black_corner", np.int64(3), seed=7, index=1)
second = corrupt(Image.fromarray(image), "dermamnist", "black_corner", 3)

augment = TargetedAugmentation("dermamnist", seed=0)
third = augment(image)
mixed = TargetedAugMix("dermamnist", seed=0)(image)


def predict(images: np.ndarray) -> np.ndarray:
    return np.full((len(images), 2), 0.5)


report = evaluate(predict, "breastmnist", severities=[3], sample=True, predictions=Path("kept"))
assert_type(report, RobustnessReport)
report.save("report")
compare(report, RobustnessReport.load("report"))
assert_type(score("kept", sample=True), RobustnessReport)

print(build("octmnist_pixelate_*", "folder", sample=True).made)
print(build(["octmnist_clean", "breast*"], Path("folder"), num_proc=2).kept)
for found in verify("breastmnist*", release="release"):
    print(found.equal, str(found))
print(push("USER/medmnist_c", "derma*", private=True).made)
"""

# One mistake a line: each must be found.
MISTAKES = """
import numpy as np
import medmnist_c
image = np.zeros((224, 224, 3), np.uint8)
medmnist_c.corrupt(image, "dermamnist", "black_corner", "3")
medmnist_c.corrupt(image, "dermamnist", "black_corner", 3, sed=7)
medmnist_c.config_names("derma*", corruptions="*noise")
medmnist_c.config_names(severity="3")
medmnist_c.TargetedAugmentation("dermamnist", sead=0)
medmnist_c.TargetedAugMix(3)
medmnist_c.evaluate("a model", "breastmnist")
medmnist_c.evaluate(lambda images: images, "breastmnist", batchsize=3)
medmnist_c.build("octmnist_clean")
medmnist_c.verify("breastmnist*", released="folder")
medmnist_c.push(3)
medmnist_c.score("kept", thresholds=0.5)
medmnist_c.corupt
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> Path:
    """Python of an environment with the package's wheel in it, and the libraries of this one."""
    shared = tmp_path_factory.getbasetemp().parent / "wheel_environment"  # by all test processes
    with FileLock(f"{shared}.lock"):
        if not shared.exists():
            making = shared.with_name("wheel_environment_making")
            source = making / "source"
            shutil.copytree(REPOSITORY, source, ignore=_not_of_the_package, symlinks=True)
            command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "."]
            done = subprocess.run(
                [*command, "-o", making], cwd=source, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
            environment = making / "environment"
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
            libraries = next(environment.glob("lib/python3*/site-packages"))
            (wheel,) = making.glob("*.whl")
            shutil.unpack_archive(wheel, libraries, "zip")
            theirs = [path for path in sys.path if path.endswith("site-packages")]
            (libraries / "libraries.pth").write_text("\n".join(theirs))
            making.rename(shared)
    return shared / "environment" / "bin" / "python"


def _not_of_the_package(folder: str, names: list[str]) -> set[str]:
    if Path(folder) != REPOSITORY:
        return {name for name in names if name == "__pycache__"}
    return {name for name in names if name in NO_PACKAGE or name.startswith(".")}


def mypy(python: Path, *files: Path) -> list[str]:
    """Its errors, `FILE:LINE: ...`."""
    command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(python)]
    command += ["--cache-dir", str(files[0].parent / ".mypy_cache"), "--no-pretty"]
    # Large libraries need not be read, others have no types, and examples are short.
    (files[0].parent / "mypy.ini").write_text(
        "[mypy]\n[mypy-torch.*,torchvision.*,distributed.*]\nfollow_imports = skip\n"
    )
    command += ["--allow-untyped-calls", "--disable-error-code=import-untyped"]
    command += ["--allow-untyped-defs", "--allow-any-generics", "--no-warn-return-any"]
    done = _checked([*command, *map(str, files)], files[0].parent)
    return [line for line in done.stdout.splitlines() if ": error:" in line]


def pyright(python: Path, *files: Path) -> list[str]:
    """Its errors, likewise."""
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", str(python)]
    done = _checked([*command, *map(str, files)], files[0].parent)
    return [
        f"{Path(one['file']).name}:{one['range']['start']['line'] + 1}: {one['message']}"
        for one in json.loads(done.stdout)["generalDiagnostics"]
        if one["severity"] == "error"
    ]


def _checked(command: list[str], cwd: Path) -> subprocess.CompletedProcess:
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, "MYPYPATH": "", "PYTHONPATH": "", "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1) and done.stdout, done.stderr
    return done


@pytest.mark.parametrize("checker", [mypy, pytest.param(pyright, marks=pytest.mark.long)])
def test_a_users_program_and_the_documentation(python, tmp_path, checker):
    program, mistakes = tmp_path / "program.py", tmp_path / "mistakes.py"
    program.write_text(PROGRAM)
    mistakes.write_text(MISTAKES)
    pages = written_pages(tmp_path)
    assert len(pages) > 1
    # A library that a page names and this environment may lack.
    (tmp_path / "dask_jobqueue.pyi").write_text(
        "from typing import Any\nclass SLURMCluster:\n"
        "    def __init__(self, **options: object) -> None: ...\n"
        "    def __getattr__(self, name: str) -> Any: ...\n"
    )
    (tmp_path / "jax.pyi").write_text(
        "from typing import Any\ndef __getattr__(name: str) -> Any: ...\n"
    )
    found = checker(python, program, mistakes, *pages)
    assert "\n".join(line for line in found if "mistakes.py" not in line) == ""
    numbers = {int(re.search(r"mistakes\.py:(\d+)", line)[1]) for line in found}
    lines = enumerate(MISTAKES.split("\n"), 1)
    assert numbers == {number for number, line in lines if line.startswith("medmnist_c.")}


def written_pages(folder: Path) -> list[Path]:
    """The Python of each page of the documentation, as one program; nothing imports from inside."""
    written = []
    for page in [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]:
        program = "\n".join(
            re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)
        )
        assert not re.search(r"^\s*(from|import) medmnist_c\.", program, re.M), page
        if program:
            written.append(folder / f"page_{page.stem.lower()}.py")
            written[-1].write_text(program)
    return written
