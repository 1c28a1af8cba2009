"""Local processes: started without the caller's script, ended when told to."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import sys
print("begun", flush=True)
from medmnist_c import build
made = build(["octmnist_pixelate_1", "octmnist_pixelate_2"], "out", sample=True, num_proc=2)
print(len(made.made), "made", sys.modules["__main__"].SAME)
"""


@pytest.mark.parametrize("way", ["script", "module", "stdin"])
def test_item_18_a_script_that_builds_needs_no_main_guard(way, tmp_path):
    script = "SAME = True\n" + SCRIPT
    (tmp_path / "unguarded.py").write_text(script)
    arguments = {"script": ["unguarded.py"], "module": ["-m", "unguarded"], "stdin": ["-"]}[way]
    done = subprocess.run(
        [sys.executable, *arguments],
        input=script if way == "stdin" else None,
        cwd=tmp_path,
        env=os.environ | {"HF_HOME": str(tmp_path / "huggingface")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["begun", "2 made True"]


MAKES_A_SHARD = """
import sys
from pathlib import Path
from medmnist_c.builder.configs import find_config
from medmnist_c.builder.parquet.output_folder import OutputFolder
from medmnist_c.builder.parquet.tasks import make_shard, tasks_of
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.testset.spec import TestSetSpec
one = find_config("chestmnist", "gaussian_noise", 1)
[task] = tasks_of([TestSetSpec(one, ImageSource(sample=True))])
print(make_shard(task, OutputFolder.at("out"), Path("cache").absolute(), None).shard.rows)
print([name for name in ("datasets", "pandas", "scipy", "torch") if name in sys.modules])
import medmnist_c.evaluation.feeding.worker
print([name for name in ("datasets", "pandas", "torch") if name in sys.modules])
"""


def test_a_worker_process_starts_without_what_it_does_not_need(tmp_path):
    """Each takes a quarter of a second to a second to import, in every process."""
    pytest.importorskip("jinja2")  # of evaluation
    done = subprocess.run(
        [sys.executable, "-c", MAKES_A_SHARD],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["5", "[]", "[]"]
