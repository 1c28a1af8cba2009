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
