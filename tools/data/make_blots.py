"""Draw `corruptions/blots.npz`: the project's own ink blots for stain_deposit.

    python tools/data/make_blots.py

Ten blots in a box of 24 x 24 pixels (array "24") and ten of 32 x 32 ("32"), uint8, 1 is ink. A blot is
a body whose radius varies with the angle (a few waves), with fingers where ink has splashed, and
droplets beyond the fingers. Everything comes from `random.Random(0)`: the file is the same each time.
"""

import itertools
import math
from pathlib import Path
from random import Random

import numpy as np
from scipy import ndimage

SIZES = (24, 32)  # pixels
COUNT = 10
COVERAGE = (0.42, 0.6)  # share of the box
TARGET = Path(__file__).resolve().parents[2] / "corruptions" / "blots.npz"


def draw_blot(size: int, rng: Random) -> np.ndarray:
    """One blot, uint8 0/1, size x size."""
    # Pixel centres in a box from -1 to 1, seen from a centre a little off the middle.
    centre_x, centre_y = rng.uniform(-0.08, 0.08), rng.uniform(-0.08, 0.08)
    axis = (np.arange(size) + 0.5) * 2 / size - 1
    x, y = axis[None, :] - centre_x, axis[:, None] - centre_y
    distance, angle = np.hypot(x, y), np.arctan2(y, x)

    waves = [(k, rng.gauss(0, 0.25) / k, rng.uniform(0, math.tau)) for k in range(2, 12)]
    fingers = [
        (rng.uniform(0, math.tau), rng.uniform(0.15, 0.4), rng.uniform(0.12, 0.25))
        for _ in range(rng.randint(3, 7))
    ]

    def radius(at: np.ndarray) -> np.ndarray:
        body = np.exp(sum(height * np.cos(k * at + phase) for k, height, phase in waves))
        for direction, length, width in fingers:
            turned = (at - direction + math.pi) % math.tau - math.pi
            body = body + length * np.exp(-((turned / width) ** 2) / 2)
        return body

    reach = 0.95 / radius(np.linspace(0, math.tau, 720)).max()
    ink = distance < reach * radius(angle)
    for direction, _, _ in fingers:
        droplet = rng.uniform(0.05, 0.12)
        away = min(
            reach * float(radius(np.array(direction))) + droplet + rng.uniform(0.05, 0.2),
            0.97 - droplet,
        )
        beside = direction + rng.gauss(0, 0.1)
        ink |= np.hypot(x - away * math.cos(beside), y - away * math.sin(beside)) < droplet
    return ink.astype(np.uint8)


def is_good(blot: np.ndarray) -> bool:
    """Whether it covers enough but not too much, is mostly one body, and has no straight edges."""
    parts, _ = ndimage.label(blot)
    body = np.bincount(parts.ravel())[1:].max(initial=0)
    return (
        COVERAGE[0] <= blot.mean() <= COVERAGE[1]
        and body >= 0.9 * blot.sum()
        and max(longest_edge(blot), longest_edge(blot.T)) <= len(blot) // 5
    )


def longest_edge(blot: np.ndarray) -> int:
    """Length in pixels of the longest straight horizontal edge, those of the box included."""
    edges = np.diff(np.pad(blot.astype(np.int8), 1), axis=0)  # 1 above ink, -1 below it
    return max(
        len(list(run))
        for row in edges
        for side, run in itertools.groupby(row.tolist())
        if side != 0
    )


def draw_blots(size: int, rng: Random) -> np.ndarray:
    """`COUNT` different blots, uint8 0/1, COUNT x size x size."""
    blots: list[np.ndarray] = []
    while len(blots) < COUNT:
        blot = draw_blot(size, rng)
        if is_good(blot) and not any(np.array_equal(blot, other) for other in blots):
            blots.append(blot)
    return np.stack(blots)


def main() -> None:
    rng = Random(0)
    np.savez(TARGET, **{str(size): draw_blots(size, rng) for size in SIZES})
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
