"""Run the release's own program, `medmnistc` 0.1.0, in an environment of its own.

It needs ImageMagick 6 (Debian: libmagickwand-6.q16-6), numpy < 2.3 and the same OpenCV as ours:

    python3 -m venv peer
    peer/bin/pip install medmnistc==0.1.0 'numpy<2.3'
    peer/bin/pip uninstall -y opencv-python opencv-python-headless
    peer/bin/pip install opencv-python-headless==4.13.0.92
"""

import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import sys
import numpy as np
from medmnistc.corruptions.base import BaseCorruption
from medmnistc.dataset_manager import DatasetManager

clean, output, masks, *names = sys.argv[1:]
if masks:
    arrays = dict(np.load(masks))
    BaseCorruption.inks = property(lambda self: arrays)
for name in names:
    DatasetManager(clean, output).create_dataset(name)
"""

_INKS = "import medmnistc, os; print(os.path.join(medmnistc.__path__[0], 'assets', 'inks.npz'))"


def make_release(
    peer_python: str, clean: Path, output: Path, datasets: list[str], masks: Path | None = None
) -> None:
    """Write `output/{dataset}/{corruption}.npz` from `clean/{dataset}_224.npz`.

    `masks`, if given, is a file of stain masks to use in place of the release's.
    """
    for dataset in datasets:
        done = subprocess.run(
            [peer_python, "-c", _PROGRAM, str(clean), str(output), str(masks or ""), dataset],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"medmnistc failed on {dataset}:\n{done.stderr[-2000:]}")


def reference_masks(peer_python: str) -> Path:
    """The release's file of stain masks, inside the peer's environment."""
    done = subprocess.run([peer_python, "-c", _INKS], capture_output=True, text=True, check=True)
    return Path(done.stdout.strip().splitlines()[-1])
