"""The source distribution holds what one needs to change the package and to prove it."""

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
NOT_OURS = {"build", "dist", "site", "try", "__pycache__"}


def test_it_holds_tests_tools_and_documentation(tmp_path):
    source = tmp_path / "source"

    def others(folder: str, names: list[str]) -> set[str]:
        top = Path(folder) == REPOSITORY
        return {
            name
            for name in names
            if name in NOT_OURS
            or name.endswith((".so", ".egg-info"))
            or (top and name.startswith(".") and name not in (".ci", ".pre-commit-config.yaml"))
        }

    shutil.copytree(REPOSITORY, source, ignore=others)
    command = [sys.executable, "-m", "build", "--sdist", "--no-isolation", "-o", tmp_path, "."]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(made) as archive:
        held = {Path(*Path(one.name).parts[1:]) for one in archive.getmembers() if one.isfile()}
    there = {
        path.relative_to(source)
        for path in source.rglob("*")
        if path.is_file() and ".egg-info" not in str(path)
    }
    assert there - held == set()
    assert not [path for path in held if path.suffix in (".pyc", ".so")]
