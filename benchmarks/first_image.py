"""Time from the call to the first streamed image of a warm test set, for each random stream.

    python benchmarks/first_image.py FOLDER

FOLDER holds MedMNIST+ files with all their test images: bloodmnist and organamnist. Each
figure is a process of its own; importing is told apart. Warm: the clean test set is in the cache, and so
are the states that drawing through has found.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import click

TEST_SETS = {
    "no draws": "bloodmnist_brightness_up_3",
    "normals, early": "organamnist_gaussian_noise_1",
    "normals, late": "organamnist_speckle_noise_5",
    "uniforms": "organamnist_impulse_noise_5",
    "Poisson, first": "organamnist_shot_noise_1",
    "angle": "bloodmnist_motion_blur_5",
    "integers, early": "bloodmnist_stain_deposit_1",
    "integers, late": "bloodmnist_bubble_5",
}

FIRST = """
import json, sys, time
begun = time.perf_counter()
import importlib.util
if importlib.util.find_spec("torch"):
    import torch  # as `datasets` does, where it is installed, when a stream begins
import medmnist_c
from datasets import load_dataset
imported = time.perf_counter()
how = {"data_dir": sys.argv[2], "cache_dir": sys.argv[3]}
if sys.argv[4] == "seeded":
    how["seed"] = 0
stream = load_dataset("medmnist_c", sys.argv[1], split="test", streaming=True, **how)
next(iter(stream))
print(json.dumps([imported - begun, time.perf_counter() - imported]))
"""


@click.command()
@click.argument("data_dir", type=click.Path(path_type=Path, exists=True, file_okay=False))
def main(data_dir: Path) -> None:
    print("| random draws | test set | import, s | first image, s |")
    print("|---|---|---:|---:|")
    with tempfile.TemporaryDirectory(prefix="medmnist_c_") as cache:
        for draws, name in TEST_SETS.items():
            if "stain" in name and not (data_dir / "inks.npz").exists():
                continue  # the release's masks cannot be had
            arguments = [name, str(data_dir.absolute()), cache, "release"]
            timings = []
            for _ in range(4):
                done = subprocess.run(
                    [sys.executable, "-c", FIRST, *arguments],
                    cwd="/",
                    stdout=subprocess.PIPE,
                    text=True,
                    check=True,
                )
                timings.append(json.loads(done.stdout))
            imports, firsts = zip(*timings[1:], strict=True)  # the first one warms up
            print(
                f"| {draws} | {name} | {statistics.median(imports):.2f} | "
                f"{statistics.median(firsts):.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
