"""Make the 655 test sets of the sample on this machine and compare them with the reference's digests.

Prints one line: how many are equal, and with which processor and libraries. Exits with 1 if one differs.
"""

import hashlib
import json
import os
import platform
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import numpy as np

from medmnist_c.builder.configurations import configuration
from medmnist_c.builder.test_set import Recipe
from medmnist_c.corruptions import compiled

DIGESTS = Path(__file__).parents[2] / "tests" / "release" / "digests.json"
LIBRARIES = ("numpy", "scipy", "pillow")


def digest(name: str, cache: Path) -> str:
    """SHA-256 of all images of a test set, made from the sample."""
    made = hashlib.sha256()
    for image in Recipe(configuration(name), sample=True).open(cache).pictures():
        made.update(np.ascontiguousarray(image))
    return made.hexdigest()


def machine() -> str:
    """Processor, Python and the libraries whose work is in the images."""
    import cv2

    versions = [f"{name} {metadata.version(name)}" for name in LIBRARIES]
    without = os.environ.get("OPENCV_CPU_DISABLE")
    parts = [platform.machine(), f"Python {platform.python_version()}", *versions]
    parts.append(f"OpenCV {cv2.__version__}" + (f" without {without}" if without else ""))
    parts.append("with the C extension" if compiled.library() else "without the C extension")
    return ", ".join(parts)


def main() -> int:
    expected = json.loads(DIGESTS.read_text("utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        different = [
            name for name, value in expected.items() if digest(name, Path(folder)) != value
        ]
    print(f"{len(expected) - len(different)} of {len(expected)} equal: {machine()}")
    for name in different:
        print(f"  different: {name}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
