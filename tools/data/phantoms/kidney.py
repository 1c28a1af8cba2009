"""Kidney cortex under the fluorescence microscope: nuclei around the one in the middle.

The originals are 32 pixels wide and were enlarged; so are these, hence their softness.
"""

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from phantoms.shapes import SIZE, Array, cloud, ellipse, grid, to_uint8

ORIGINAL_SIZE = 32  # pixels a side

# Class of TissueMNIST: (radii of a nucleus across and along, how its neighbours lie, how many)
_KINDS = {
    "Collecting Duct, Connecting Tubule": ((0.27, 0.3), "ring", 8),
    "Distal Convoluted Tubule": ((0.26, 0.28), "ring", 9),
    "Glomerular endothelial cells": ((0.17, 0.36), "heap", 10),
    "Interstitial endothelial cells": ((0.12, 0.42), "line", 4),
    "Leukocytes": ((0.22, 0.24), "heap", 5),
    "Podocytes": ((0.24, 0.33), "heap", 9),
    "Proximal Tubule Segments": ((0.28, 0.3), "ring", 6),
    "Thick Ascending Limb": ((0.24, 0.26), "ring", 8),
}

Nucleus = tuple[Array, float]  # its centre (y, x) and angle in degrees


def _ring(rng: np.random.Generator, count: int) -> list[Nucleus]:
    """A tubule cut across: nuclei around its lumen, the first in the middle of the image."""
    radius, turn = rng.uniform(0.75, 0.95), rng.uniform(0, 2 * np.pi)
    turns = turn + 2 * np.pi * np.arange(count) / count
    turns[1:] += rng.normal(0, 0.08, count - 1)
    places = radius * np.stack([np.sin(turns), np.cos(turns)], -1)
    return list(zip(places - places[0], 90 - np.rad2deg(turns), strict=True))


def _line(rng: np.random.Generator, count: int) -> list[Nucleus]:
    """Thin nuclei along a small vessel, all one way."""
    angle = rng.uniform(0, 180)
    along = np.array([-np.sin(np.deg2rad(angle)), np.cos(np.deg2rad(angle))])
    across = along[::-1] * [1, -1]
    nuclei = [(np.zeros(2), angle)]
    for _ in range(count - 1):
        aside = rng.choice([-1, 1]) * rng.uniform(0.55, 0.9)
        nuclei.append((along * rng.uniform(-0.8, 0.8) + across * aside, angle))
    return nuclei


def _heap(rng: np.random.Generator, count: int) -> list[Nucleus]:
    """Nuclei anywhere, but not on one another."""
    nuclei = [(np.zeros(2), rng.uniform(0, 180))]
    while len(nuclei) < count:
        place = rng.uniform(-1.05, 1.05, 2)
        if min(np.hypot(*(place - other)) for other, _ in nuclei) > 0.45:
            nuclei.append((place, rng.uniform(0, 180)))
    return nuclei


_LAYOUTS = {"ring": _ring, "line": _line, "heap": _heap}


def kidney_cortex(rng: np.random.Generator, cell: str) -> Array:
    """Nuclei around one of class `cell` (a class name of TissueMNIST)."""
    radii, layout, count = _KINDS[cell]
    y, x = grid(ORIGINAL_SIZE)
    image = 0.07 + 0.02 * cloud(rng, 4, ORIGINAL_SIZE)
    for place, angle in _LAYOUTS[layout](rng, count):
        middle = not place.any()
        light = rng.uniform(0.55, 0.68) if middle else rng.uniform(0.22, 0.5)
        nucleus = ellipse(y, x, place, np.array(radii) * rng.uniform(0.85, 1.1), angle, 0.05)
        chromatin = 1 + 0.16 * cloud(rng, 1.3, ORIGINAL_SIZE)
        image = image + light * nucleus * chromatin
    glow = gaussian_filter(image, 3)  # light from above and below the focus
    image = 0.8 * image + 0.3 * glow + 0.012 * rng.standard_normal(image.shape)
    small = Image.fromarray(to_uint8(image))
    return np.asarray(small.resize((SIZE, SIZE), Image.Resampling.BICUBIC))
