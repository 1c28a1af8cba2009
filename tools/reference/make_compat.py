"""Keep what a program written against the published package finds, for the tests of `compat`.

    python tools/reference/make_compat.py --peer-python peer/bin/python

`tests/support/release_program.py` runs with `medmnistc` 0.1.0 on the sample, with our own stain masks;
what it finds goes into `tests/reference/compat.json`. `peer.py` says how to set the peer up.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import numpy as np

from medmnist_c.builder.source.sample import SAMPLE_FOLDER
from medmnist_c.corruptions import stain_masks

TESTS = Path(__file__).parents[2] / "tests"


def write_masks(path: Path) -> None:
    """The project's masks, named as those of the package."""
    masks = stain_masks.own_masks()
    np.savez(path, **{"3": masks[24], "4": masks[32]})


@click.command()
@click.option("--peer-python", required=True, help="Python of the peer's environment.")
def main(peer_python: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        masks = Path(folder, "masks.npz")
        write_masks(masks)
        program = TESTS / "support" / "release_program.py"
        command = [peer_python, program, SAMPLE_FOLDER, folder, masks]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"medmnistc failed:\n{done.stderr[-2000:]}")
        found = json.loads(Path(folder, "found.json").read_text())
    text = json.dumps(found, indent=0, sort_keys=True)
    (TESTS / "reference" / "compat.json").write_text(text + "\n", "utf-8")
    print(f"{len(found)} findings")


if __name__ == "__main__":
    main()
