"""Draw `corruptions/blots.npz`: the project's own ink blots for stain_deposit.

    python tools/data/make_blots.py

Ten blots in a box of 24 x 24 pixels (array "24") and ten of 32 x 32 ("32"), uint8, 1 is ink. A blot is
a body whose radius varies with the angle (a few waves), with fingers where ink has splashed, and
droplets beyond the fingers; it is enlarged until it covers its part of the box, and ends where
the box ends.
Everything comes from `random.Random(0)`: the file is the same each time.

They are alike in size and shape to those of the published benchmark, of which none is copied: `ALIKE`
holds that file's statistics (medmnistc 0.1.0), and the means of ours differ from them by 3 per cent at
most.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from scipy import ndimage

COUNT = 10
TARGET = Path(__file__).resolve().parents[2] / "corruptions" / "blots.npz"


@dataclass(frozen=True)
class Statistics:
    """Of ten blots of a size: means, and the standard deviations that ours follow.

    coverage: share of the box that is ink; outline: length of the ink's outline along the pixels'
    edges, in outlines of the box; extent: height and width of what the ink spans, in sides of the
    box; parts: how many pieces of ink (neighbours by edge) each of the ten has.
    """

    coverage: float
    coverage_deviation: float
    outline: float
    outline_deviation: float
    extent: float
    parts: tuple[int, ...]


ALIKE = {  # by size in pixels
    24: Statistics(0.625, 0.094, 1.040, 0.083, 0.938, (1, 1, 1, 1, 1, 1, 1, 1, 1, 2)),
    32: Statistics(0.541, 0.046, 1.228, 0.162, 0.908, (1, 1, 1, 1, 2, 2, 2, 3, 3, 4)),
}
TOLERANCE = 0.03
ROUGHNESS = {24: 0.085, 32: 0.14}  # of the waves: with these, outlines come out about as long


def coverage_of(blot: np.ndarray) -> float:
    return float(blot.mean())


def outline_of(blot: np.ndarray) -> float:
    padded = np.pad(blot.astype(np.int8), 1)
    edges = sum(np.count_nonzero(np.diff(padded, axis=axis)) for axis in (0, 1))
    return edges / (4 * len(blot))


def extent_of(blot: np.ndarray) -> float:
    spans = [np.ptp(np.flatnonzero(blot.any(axis=axis))) + 1 for axis in (0, 1)]
    return float(np.mean(spans)) / len(blot)


def parts_of(blot: np.ndarray) -> int:
    return int(ndimage.label(blot)[1])


def draw_blot(size: int, coverage: float, rng: Random) -> np.ndarray:
    """One blot of about that coverage, uint8 0/1, size x size."""
    # Pixel centres in a box from -1 to 1, seen from a centre a little off the middle.
    centre_x, centre_y = rng.uniform(-0.08, 0.08), rng.uniform(-0.08, 0.08)
    axis = (np.arange(size) + 0.5) * 2 / size - 1
    x, y = axis[None, :] - centre_x, axis[:, None] - centre_y
    distance, angle = np.hypot(x, y), np.arctan2(y, x)

    waves = [
        (k, rng.gauss(0, ROUGHNESS[size]) / math.sqrt(k), rng.uniform(0, math.tau))
        for k in range(2, 16)
    ]
    fingers = [
        (rng.uniform(0, math.tau), rng.uniform(0.15, 0.4), rng.uniform(0.12, 0.25))
        for _ in range(rng.randint(1, 4))
    ]
    droplets = [
        (direction + rng.gauss(0, 0.1), rng.uniform(0.05, 0.12), rng.uniform(0.05, 0.2))
        for direction, _, _ in fingers
    ]

    def radius(at: np.ndarray) -> np.ndarray:
        body = np.exp(sum(height * np.cos(k * at + phase) for k, height, phase in waves))
        for direction, length, width in fingers:
            turned = (at - direction + math.pi) % math.tau - math.pi
            body = body + length * np.exp(-((turned / width) ** 2) / 2)
        return body

    def blot_of(scale: float) -> np.ndarray:
        ink = distance < scale * radius(angle)
        for direction, droplet, gap in droplets:
            away = scale * float(radius(np.array(direction))) + droplet + gap
            ink |= (
                np.hypot(x - away * math.cos(direction), y - away * math.sin(direction)) < droplet
            )
        return ink.astype(np.uint8)

    smaller, larger = 0.2, 2.0
    for _ in range(20):
        middle = (smaller + larger) / 2
        if coverage_of(blot_of(middle)) < coverage:
            smaller = middle
        else:
            larger = middle
    return blot_of(larger)


def draw_blots(size: int, alike: Statistics, rng: Random) -> np.ndarray:
    """`COUNT` different blots with these statistics, uint8 0/1, COUNT x size x size."""
    half = math.sqrt(3)  # standard deviations in half the width of a uniform distribution
    steps = np.linspace(-half, half, COUNT)
    while True:
        parts = rng.sample(alike.parts, COUNT)
        blots: list[np.ndarray] = []
        for step, wanted in zip(steps.tolist(), parts, strict=True):
            coverage = alike.coverage + step * alike.coverage_deviation
            blot = draw_blot(size, coverage, rng)
            while parts_of(blot) != wanted or not is_near(outline_of(blot), alike):
                blot = draw_blot(size, coverage, rng)
            blots.append(blot)
        if are_alike(blots, alike) and len({blot.tobytes() for blot in blots}) == COUNT:
            return np.stack(blots)


def is_near(outline: float, alike: Statistics) -> bool:
    return abs(outline - alike.outline) <= 2 * alike.outline_deviation


def are_alike(blots: list[np.ndarray], alike: Statistics) -> bool:
    """Whether the means are those of the statistics."""
    return all(
        abs(np.mean([measure(blot) for blot in blots]) / expected - 1) <= TOLERANCE
        for measure, expected in (
            (coverage_of, alike.coverage),
            (outline_of, alike.outline),
            (extent_of, alike.extent),
        )
    )


def main() -> None:
    rng = Random(0)
    np.savez(TARGET, **{str(size): draw_blots(size, alike, rng) for size, alike in ALIKE.items()})
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
