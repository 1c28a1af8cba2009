"""Kidney cortex under the fluorescence microscope: nuclei around the one in the middle.

The originals are 32 pixels wide and were enlarged; so are these, hence their softness.
"""

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from phantoms.shapes import SIZE, Array, cloud, ellipse, grid, to_uint8

ORIGINAL_SIZE = 32  # pixels a side

# Class number: (nucleus radii across and along, where the neighbours lie, how many)
_KINDS = {
    0: ((0.27, 0.3), "ring", 8),
    1: ((0.26, 0.28), "ring", 9),
    2: ((0.17, 0.36), "heap", 13),
    3: ((0.12, 0.42), "line", 4),
    4: ((0.22, 0.24), "heap", 5),
    5: ((0.24, 0.33), "heap", 11),
    6: ((0.28, 0.3), "ring", 6),
    7: ((0.24, 0.26), "ring", 8),
}


def _neighbours(rng: np.random.Generator, layout: str, count: int) -> list[tuple[Array, float]]:
    """Centre and angle (degrees) of each further nucleus."""
    if layout == "ring":  # a tubule cut across: nuclei around its lumen, the middle one among them
        radius = rng.uniform(0.75, 0.95)
        lumen_at = rng.uniform(0, 2 * np.pi)
        lumen = radius * np.array([np.sin(lumen_at), np.cos(lumen_at)])
        turns = lumen_at + np.pi + 2 * np.pi * np.arange(1, count) / count
        turns = turns + rng.normal(0, 0.08, count - 1)
        return [
            (lumen + radius * np.array([np.sin(t), np.cos(t)]), np.rad2deg(-t) + 90) for t in turns
        ]
    if layout == "line":
        angle = rng.uniform(0, 180)
        along = np.array([-np.sin(np.deg2rad(angle)), np.cos(np.deg2rad(angle))])
        across = along[::-1] * [1, -1]
        sides = rng.choice([-1, 1], count)
        return [
            (along * rng.uniform(-0.8, 0.8) + across * side * rng.uniform(0.55, 0.9), angle)
            for side in sides
        ]
    places: list[tuple[Array, float]] = []
    while len(places) < count:
        place = rng.uniform(-1.05, 1.05, 2)
        others = [np.zeros(2), *(p for p, _ in places)]
        if min(np.hypot(*(place - p)) for p in others) > 0.42:
            places.append((place, rng.uniform(0, 180)))
    return places


def kidney_cortex(rng: np.random.Generator, kind: int) -> Array:
    """Nuclei as they may lie around a cell of class `kind` of TissueMNIST."""
    (across, along), layout, count = _KINDS[kind]
    y, x = grid(ORIGINAL_SIZE)
    neighbours = _neighbours(rng, layout, count)
    picture = 0.07 + 0.02 * cloud(rng, 4, ORIGINAL_SIZE)
    angle = neighbours[0][1] if layout == "line" else rng.uniform(0, 180)
    for place, turn in [(np.zeros(2), angle), *neighbours]:
        middle = not place.any()
        size = rng.uniform(0.85, 1.1)
        radii = (across * size, along * size)
        nucleus = ellipse(y, x, place, radii, turn, 0.05)
        chromatin = 1 + 0.16 * cloud(rng, 1.3, ORIGINAL_SIZE)
        light = rng.uniform(0.55, 0.68) if middle else rng.uniform(0.22, 0.5)
        picture = picture + light * nucleus * chromatin
    glow = gaussian_filter(picture, 3)  # light from above and below the focus
    picture = 0.8 * picture + 0.3 * glow + 0.012 * rng.standard_normal(picture.shape)
    small = Image.fromarray(to_uint8(picture))
    return np.asarray(small.resize((SIZE, SIZE), Image.Resampling.BICUBIC))
