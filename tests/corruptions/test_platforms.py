"""The 655 test sets without the processor's newer instructions, and without the C extensions."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

DIGESTS = Path(__file__).parents[2] / "tools" / "reference" / "digests.py"
BEYOND_BASELINE = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])


@pytest.mark.parametrize(
    ("environment", "arguments"),
    [
        ({"OPENCV_CPU_DISABLE": "AVX2,AVX512-SKX"}, []),
        ({"NPY_DISABLE_CPU_FEATURES": " ".join(BEYOND_BASELINE)}, []),
        ({}, ["--without-extension"]),
    ],
    ids=["OpenCV without AVX2", "numpy without SIMD", "without the C extensions"],
)
def test_all_655_are_equal(environment, arguments):
    done = subprocess.run(
        [sys.executable, str(DIGESTS), *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith("655 of 655 equal"), done.stdout + done.stderr
    if arguments:
        assert "without the C extensions" in done.stdout


@pytest.mark.parametrize(
    ("cv2", "part"),
    [
        ("None", "pip install opencv-python-headless"),
        ("type('cv2', (), {'__version__': '4.9.0'})", "this is 4.9.0"),
    ],
    ids=["not there", "too old"],
)
def test_opencv_is_asked_for_in_one_sentence(cv2, part):
    code = f"import sys; sys.modules['cv2'] = {cv2}; import medmnist_c.corruptions"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    with pytest.raises(ImportError, match=part):
        raise ImportError(done.stderr.splitlines()[-1])
    assert done.stderr.splitlines()[-1].startswith("ImportError: medmnist_c needs OpenCV")
