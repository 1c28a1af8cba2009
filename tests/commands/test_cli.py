"""The command line, as a user types it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

MEDMNIST_C = Path(sys.executable).with_name("medmnist-c")


def run(*arguments: str, cwd: Path | str = "/") -> subprocess.CompletedProcess:
    return subprocess.run(
        [MEDMNIST_C, *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_list():
    table = run("list", "derma*", "--corruption", "*noise", "--severity", "3")
    assert len(table.stdout.splitlines()) == 1 + 4
    assert "dermamnist_shot_noise_3" in table.stdout and "2,005" in table.stdout
    assert len(run("list", "--names").stdout.split()) == 667


def test_info():
    shown = run("info", "dermamnist_black_corner_3").stdout
    for words in ("RGB", "2,005", "CC BY-NC 4.0", "melanoma", "black_corner", "severity 3"):
        assert words in shown


def test_preview(tmp_path):
    done = run("preview", "octmnist", "--sample", "--corruption", "pixelate", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    sheet = Image.open(tmp_path / "octmnist.png")
    assert sheet.width > 6 * 224 and 224 < sheet.height < 2 * 224
    assert len(set(sheet.convert("L").tobytes())) > 50


def test_build(tmp_path):
    done = run("build", "octmnist_pixelate_[12]", "--sample", "-o", "here", cwd=tmp_path)
    assert "2 test sets made, 0 already there" in done.stdout, done.stderr
    assert len(list(tmp_path.rglob("*.parquet"))) == 2
    done = run("build", "octmnist_pixelate_[12]", "--sample", "-o", "here", cwd=tmp_path)
    assert "0 test sets made, 2 already there" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["list", "xyz*"], "No configuration matches 'xyz*'"),
        (["info", "dermamnist_black_corner"], "did you mean"),
        (["preview", "dermnist", "--sample"], "did you mean 'dermamnist'"),
        (["preview", "octmnist", "--sample", "--index", "999"], "numbered 0 to"),
        (["preview", "octmnist", "--sample", "--corruption", "bubble"], "no corruption 'bubble'"),
        (["preview", "octmnist", "--sample", "-o", "x.nonsense"], "unknown file extension"),
        (["build", "octmnist_pixelate_9", "--sample", "-o", "x"], "No configuration matches"),
        (["build", "octmnist_clean", "--sample", "-o", "a/medmnist_c"], "choose another name"),
        (["build", "*", "--sample", "--format", "npz", "-o", "medmnist_c"], "choose another name"),
        (["build", "*", "--sample", "-o", "file:///medmnist_c"], "choose another name"),
        (["fetch", "octmnist", "-o", "medmnist_c"], "choose another name"),
        (["score", "mine.parquet", "-o", "medmnist_c"], "choose another name"),
        (["seeds", "one.json", "-o", "a/medmnist_c"], "choose another name"),
        (["build", "octmnist_clean", "--data-dir", "/no/such", "-o", "x"], "/no/such"),
    ],
)
def test_a_mistake_gets_one_sentence_and_a_status(arguments, words, tmp_path):
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("library", "arguments", "words"),
    [
        ("pydantic", ["score", "scores.parquet", "-o", "x"], "pip install 'medmnist_c[evaluate]'"),
        ("jinja2", ["report", "report.json", "-o", "x"], "pip install 'medmnist_c[evaluate]'"),
        (
            "threadpoolctl",
            ["score", "scores.parquet", "-o", "x"],
            "pip install 'medmnist_c[evaluate]'",
        ),
        ("matplotlib", ["report", "report.json", "-o", "x"], "pip install 'medmnist_c[evaluate]'"),
        (
            "transformers",
            ["evaluate", "--model", "x", "--dataset", "breastmnist", "-o", "x"],
            "medmnist_c[transformers]",
        ),
    ],
)
def test_what_is_not_installed_is_told(library, arguments, words, tmp_path):
    if "transformers" in words:
        pytest.importorskip("pydantic")  # of the other extra, which is asked for first
    (tmp_path / "scores.parquet").touch()
    (tmp_path / "report.json").touch()
    program = (
        f"import sys; sys.modules[{library!r}] = None; from medmnist_c.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and words in done.stderr, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_python_says_so_too():
    for other in ("jinja2", "matplotlib", "pydantic"):
        pytest.importorskip(other)  # else that one is told
    program = (
        "import sys; sys.modules['threadpoolctl'] = None; import medmnist_c; medmnist_c.evaluate"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert "need threadpoolctl; pip install 'medmnist_c[evaluate]'" in done.stderr.splitlines()[-1]


def test_the_help_shows_each_sentence_whole():
    shown = run("--help").stdout
    assert "build" in shown and "register" in shown
    for line in shown.partition("Commands:\n")[2].splitlines():
        assert line.endswith(".") and not line.endswith("..."), line


def test_a_closed_pipe_is_no_error():
    command = f"'{MEDMNIST_C}' list | head -1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("configuration") and done.stderr == ""


def test_names_are_completed_by_the_shell():
    for words, number, expected in (
        ("medmnist-c info dermamnist_black_corner_", 2, "dermamnist_black_corner_3"),
        ("medmnist-c build octmnist_clean breast", 3, "breastmnist_speckle_noise_1"),
        ("medmnist-c preview oct", 2, "octmnist"),
    ):
        done = subprocess.run(
            [MEDMNIST_C],
            env={
                **os.environ,
                "_MEDMNIST_C_COMPLETE": "bash_complete",
                "COMP_WORDS": words,
                "COMP_CWORD": str(number),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert f"plain,{expected}\n" in done.stdout, done.stderr
        assert all(
            line.startswith(f"plain,{words.split()[-1]}") for line in done.stdout.splitlines()
        )


def test_the_package_is_a_program():
    done = subprocess.run(
        [sys.executable, "-m", "medmnist_c", "info", "octmnist_clean"],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "octmnist_clean" in done.stdout, done.stderr
    assert done.stdout == run("info", "octmnist_clean").stdout
