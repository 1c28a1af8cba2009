"""Make the 655 test sets of the sample on this machine and compare them with the reference's digests.

Prints how many are equal, with which processor and libraries, and which are not. Exits with 1 if one
differs.
"""

import argparse
import hashlib
import os
import platform
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np
from stored_digests import read_digests

if "--without-extension" in sys.argv:
    for name in (
        "random._twister",
        "random._cells",
        "exact._sums",
    ):  # as if they had not been compiled
        sys.modules[f"medmnist_c.corruptions.{name}"] = None

from medmnist_c.builder.configs import config_named
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.corruptions.exact import compiled as compiled_filters
from medmnist_c.corruptions.random import compiled, compiled_cells

DIGESTS = Path(__file__).parents[2] / "tests" / "reference" / "digests.json"
LIBRARIES = ("numpy", "scipy", "pillow")


def digest(name: str, cache: Path) -> str:
    """SHA-256 of all images of a test set, made from the sample."""
    made = hashlib.sha256()
    spec = TestSetSpec(config_named(name), ImageSource(sample=True))
    for image in spec.open(cache).images():
        made.update(np.ascontiguousarray(image))
    return made.hexdigest()


def machine() -> str:
    """Processor, Python and the libraries whose work is in the images."""
    versions = [f"{name} {metadata.version(name)}" for name in LIBRARIES]
    without = os.environ.get("OPENCV_CPU_DISABLE")
    parts = [platform.machine(), f"Python {platform.python_version()}", *versions]
    parts.append(f"OpenCV {cv2.__version__}" + (f" without {without}" if without else ""))
    extensions = (compiled.library(), compiled_cells.library(), compiled_filters.library())
    parts.append(
        {3: "with the C extensions", 0: "without the C extensions"}.get(
            sum(one is not None for one in extensions), "with some of the C extensions"
        )
    )
    return ", ".join(parts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--without-extension", action="store_true", help="leave the C files out")
    parser.add_argument("--copy", help='copy of the C loops: "plain", "avx2" or "avx512"')
    copy = parser.parse_args().copy
    functions = compiled.library()
    if copy and functions:
        functions.choose(copy)
    _, expected = read_digests(DIGESTS)
    with tempfile.TemporaryDirectory() as folder:
        different = [
            name for name, value in expected.items() if digest(name, Path(folder)) != value
        ]
    loops = f", {copy} loops" if copy else ""
    print(f"{len(expected) - len(different)} of {len(expected)} equal: {machine()}{loops}")
    for name in different:
        print(f"  different: {name}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
