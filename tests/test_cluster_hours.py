"""docs/cluster.md: its table of hours is computed from figures that stand in other files."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_the_table_of_hours_is_what_is_computed():
    program = [sys.executable, str(ROOT / "trials" / "cluster_hours.py")]
    table = subprocess.run(program, capture_output=True, text=True, check=True).stdout
    assert table in (ROOT / "docs" / "cluster.md").read_text("utf-8")
