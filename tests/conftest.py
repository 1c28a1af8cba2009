"""Every test run has caches and a home of its own, so that nothing warm hides a fault."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_HOME = Path(tempfile.mkdtemp(prefix="medmnist_c_tests_"))
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
os.environ["HOME"] = str(_HOME)  # no ~/.medmnist of the machine
os.environ["HF_HOME"] = str(_HOME / "huggingface")
os.environ["HF_UPDATE_DOWNLOAD_COUNTS"] = "0"
for name in ("HF_DATASETS_CACHE", "HF_TOKEN", "MEDMNIST_C_MIRROR"):
    os.environ.pop(name, None)

import datasets  # noqa: E402 (must not read the environment before it is set)

datasets.disable_progress_bars()
