"""docs/troubleshooting.md: each message is provoked, and stands there word for word."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hub.process import running_hub

from medmnist_c.builder.parquet.build import build

PAGE = Path(__file__).parents[1] / "docs" / "troubleshooting.md"
NAME = "breastmnist_pixelate_1"
LOAD = f"import datasets; datasets.load_dataset('medmnist_c', {NAME!r}, split='test')"
NOBODY = "http://127.0.0.1:9"  # the port of `discard`, where nobody listens


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory) -> Path:
    """A folder with a file of ours, and another with test sets in a folder called as the package."""
    place = tmp_path_factory.mktemp("elsewhere")
    build(NAME, place / "beside" / "built", sample=True, num_proc=1)
    (place / "beside" / "built").rename(place / "beside" / "medmnist_c")
    (place / "script").mkdir()
    (place / "script" / "medmnist_c.py").write_text("class Builder: ...\n")
    return place


def what_is_said(program: str, folder: Path, **environment: str) -> str:
    """What a Python without the registered name says in the end."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=os.environ
        | {"HF_HOME": str(folder / "home"), "HF_DATASETS_CACHE": str(folder / "cache")}
        | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1, done.stderr
    return done.stderr.strip()[-1500:]


def stands_there(said: str) -> bool:
    """Whether a message of the page is what was said; `...` there stands for anything."""
    prose = re.sub(r"```.*?```", "", PAGE.read_text("utf-8"), flags=re.DOTALL)
    listed = re.findall(r"`([^`]+)`", prose)
    return any(
        re.search(re.escape(one).replace(r"\.\.\.", ".*"), said)
        for one in listed
        if len(one.split()) > 3
    )


@pytest.mark.parametrize(
    ("program", "folder", "environment"),
    [
        (LOAD, "empty", {"HF_ENDPOINT": NOBODY}),
        (LOAD, "empty", {"HF_HUB_OFFLINE": "1"}),
        (LOAD.replace("'medmnist_c'", "'medmnist_c.py'"), "script", {}),
        (LOAD.replace(NAME, "breastmnist_pixelate_2"), "beside", {}),
        ("import sys; sys.path[:] = ['']; import medmnist_c; medmnist_c.evaluate", "beside", {}),
        ("import medmnist_c; " + LOAD.replace("'test'", "'train', streaming=True"), "empty", {}),
        (LOAD.replace("'test'", "'train'"), "beside", {}),
        (f"import medmnist_c; {LOAD.replace(NAME, 'breastmnist_pixelat_1')}", "empty", {}),
        ("import medmnist_c; medmnist_c.build('breast_*', 'x', sample=True)", "empty", {}),
        (
            "import sys; sys.modules['jinja2'] = None; import medmnist_c; medmnist_c.score",
            "empty",
            {},
        ),
    ],
)
def test_what_is_said_stands_there(program, folder, environment, elsewhere):
    (elsewhere / folder).mkdir(exist_ok=True)
    said = what_is_said(program, elsewhere / folder, **environment)
    assert stands_there(said), said


def test_what_a_hub_without_it_lets_datasets_say(tmp_path):
    with running_hub(tmp_path) as hub:
        said = what_is_said(LOAD, tmp_path, HF_ENDPOINT=hub.url)
    assert stands_there(said), said


def test_what_a_warm_cache_lets_datasets_say(tmp_path):
    what_is_said(f"import medmnist_c; {LOAD[:-1]}, sample=True); 1/0", tmp_path)
    said = what_is_said(LOAD.replace(NAME, "breastmnist_clean"), tmp_path, HF_HUB_OFFLINE="1")
    assert "Couldn't find cache" in said and stands_there(said), said
