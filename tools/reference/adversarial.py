"""Digests of images that are hard to get equal on two machines, to be compared.

    python tools/reference/adversarial.py here.json
    python tools/reference/adversarial.py there.json        # on the other machine
    python tools/reference/adversarial.py --compare here.json there.json

Flat areas, ramps, checkers, noise and others, corrupted by the eighteen algorithms in turn with
parameters of the benchmark and of augmentation's ranges; and all test sets of the sample with a seed.
"""

import argparse
import hashlib
import json
import sys
import tempfile
from itertools import cycle
from pathlib import Path
from random import Random

import numpy as np
from digests import machine

from medmnist_c.augmentation.sampler import draw_parameters
from medmnist_c.builder.configs import CorruptedConfig, all_configs, config_named
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.corruptions.random.seeded import stream_from
from medmnist_c.corruptions.registry import ALGORITHMS, apply
from medmnist_c.corruptions.stain_masks import own_masks
from medmnist_c.corruptions.table import CORRUPTIONS, Corruption

IMAGES = 3000
SEED = 2026
SHAPES = [(32, 32), (33, 61), (48, 64), (64, 48), (57, 41)]
FULL_SIZE_EVERY = 35  # images of 224 x 224


def image_of(number: int) -> np.ndarray:
    """Adversarial image `number`: uint8, H x W or H x W x 3."""
    rng = Random(f"image {number}")
    height, width = (224, 224) if number % FULL_SIZE_EVERY == 0 else rng.choice(SHAPES)
    rows, columns = np.mgrid[:height, :width]
    low, high = sorted(rng.sample(range(256), 2))
    step = rng.randint(1, 12)
    seeded = np.random.Generator(np.random.PCG64(number))
    noise = seeded.integers(0, 256, (height, width))
    kinds = {
        "flat": np.full((height, width), low),
        "halves": np.where(columns < width // 2, low, high),
        "disk": np.where((rows - 16) ** 2 + (columns - 16) ** 2 < 150, low, high),
        "ramp": (rows * step + columns) % 256,
        "shallow ramp": low + (rows + columns) // step,
        "checkers": np.where((rows // step + columns // step) % 2, low, high),
        "one level apart": low + (rows + columns) % 2,
        "stripes": np.where(rows // step % 2, low, high),
        "points": np.where((rows % 9 == 4) & (columns % 9 == 4), high, low),
        "noise": noise,
        "dim noise": low + noise % step,
        "two levels": np.where(noise % 2, low, high),
        "black and white": noise % 2 * 255,
        "noise in flat": np.where(columns < width // 3, noise, low),
        "coarse noise": noise[rows // step, columns // step],
    }
    grey = kinds[rng.choice(sorted(kinds))].clip(0, 255).astype(np.uint8)
    layout = rng.choice(["grey", "grey in RGB", "RGB", "RGB"])
    if layout == "grey":
        return grey
    shifts = [rng.randrange(height) if layout == "RGB" else 0 for _ in range(2)]
    return np.dstack([grey, *(np.roll(grey, shift, axis=0) for shift in shifts)])


def parameters_of(name: str, rng: Random) -> tuple:
    """Of a random corruption that uses the algorithm: a severity's, or between those of two."""
    entries = [
        one for rows in CORRUPTIONS.values() for one in rows.values() if one.algorithm.name == name
    ]
    entry: Corruption = rng.choice(entries)
    if rng.random() < 0.5:
        return entry.parameters(rng.randint(1, 5))
    return draw_parameters(entry, rng.choice([None, (1, 5), (2, 3)]), rng)


def corrupted(number: int, name: str) -> str:
    """Digest of an image under an algorithm."""
    rng = Random(f"{name} {number}")
    image, algorithm, parameters = image_of(number), ALGORITHMS[name], parameters_of(name, rng)
    seed = rng.getrandbits(40)
    kind = algorithm.draws and algorithm.draws.stream
    if kind in (None, "python") or rng.random() < 0.5:
        draws = kind and stream_from(seed, kind)
    else:
        draws = np.random.RandomState(seed % 2**32)
    made = apply(image, algorithm, parameters, draws, own_masks())
    return hashlib.sha256(np.ascontiguousarray(made)).hexdigest()[:12]


def seeded(name: str, cache: Path) -> str:
    """Digest of the sample's images of a test set drawn with a seed."""
    made = hashlib.sha256()
    spec = TestSetSpec(config_named(name), ImageSource(seed=SEED, sample=True))
    for image in spec.open(cache).images():
        made.update(np.ascontiguousarray(image))
    return made.hexdigest()[:12]


def all_digests(images: int) -> dict[str, dict[str, str]]:
    """By part (an algorithm, "seeded") and image or test set."""
    made: dict[str, dict[str, str]] = {name: {} for name in ALGORITHMS}
    for number, name in zip(range(images), cycle(ALGORITHMS)):
        made[name][str(number)] = corrupted(number, name)
    with tempfile.TemporaryDirectory() as folder:
        names = [one.name for one in all_configs().values() if isinstance(one, CorruptedConfig)]
        made["seeded"] = {name: seeded(name, Path(folder)) for name in names}
    return made


def compare(first: Path, second: Path) -> int:
    one, other = (json.loads(path.read_text("utf-8")) for path in (first, second))
    different = [
        f"{part} {key}"
        for part, digests in one["digests"].items()
        for key, digest in digests.items()
        if other["digests"][part].get(key) != digest
    ]
    for part, digests in one["digests"].items():
        if digests.keys() != other["digests"][part].keys():
            different.append(f"{part}: not the same images")
    count = sum(map(len, one["digests"].values()))
    print(f"{count - len(different)} of {count} equal: {one['machine']} | {other['machine']}")
    for line in different[:50]:
        print(f"  different: {line}")
    return 1 if different else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("target", type=Path, nargs="?", help="JSON file to write")
    parser.add_argument("--images", type=int, default=IMAGES, help=f"default {IMAGES}")
    parser.add_argument("--compare", type=Path, nargs=2, metavar="FILE", help="two such files")
    arguments = parser.parse_args()
    if arguments.compare:
        return compare(*arguments.compare)
    if arguments.target is None:
        parser.error("name a file to write, or two to compare")
    content = {"machine": machine(), "digests": all_digests(arguments.images)}
    arguments.target.write_text(json.dumps(content, indent=1), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
