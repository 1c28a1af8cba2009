"""Breast ultrasound: skin, fat, gland, muscle and a lump, seen as the envelope of echoes."""

import numpy as np
from scipy.ndimage import gaussian_filter

from phantoms.shapes import Array, cloud, clouds, ellipse, grid, rise, to_uint8, wobble


def _lump(rng, y, x, malignant: bool) -> tuple[Array, tuple[float, float], tuple[float, float]]:
    centre = (rng.uniform(-0.2, 0.0), rng.uniform(-0.2, 0.2))
    if not malignant:  # smooth, wider than tall
        radii = (rng.uniform(0.17, 0.24), rng.uniform(0.32, 0.44))
        wy, wx = wobble(rng, y, x, 0.012, 20)
        return ellipse(wy, wx, centre, radii, rng.uniform(-8, 8), 0.012), centre, radii
    radii = (rng.uniform(0.3, 0.36), rng.uniform(0.24, 0.3))  # taller than wide, spiculated
    angle = np.arctan2(y - centre[0], x - centre[1])
    radius = np.hypot((y - centre[0]) / radii[0], (x - centre[1]) / radii[1])
    edge = 0.85 + 0.05 * clouds(rng, 9, 5)
    for k in (3, 5, 7, 11, 15):
        edge += rng.uniform(0.03, 0.09) * np.cos(k * angle + rng.uniform(0, 6.3))
    return rise((edge - radius) * 0.3, 0.02), centre, radii


def breast_ultrasound(rng: np.random.Generator, malignant: bool, lump: bool = True) -> Array:
    """A breast with a malignant or a benign lump, or none."""
    y, x = grid()
    wy, wx = wobble(rng, y, x, 0.05, 28)

    # How strongly the tissue sends echoes back, in decibels below the brightest.
    fat = -31 + 3 * clouds(rng, 14, 6)
    septa = np.exp(-(((wy + 0.35 * wx * rng.choice([-1, 1]) + 0.12 * cloud(rng, 22)) % 0.2 - 0.1) / 0.02) ** 2)
    fat = fat + 9 * septa * rise(cloud(rng, 14), 0.5)
    gland = -15 + 4 * clouds(rng, (5, 14), 5)
    muscle = -25 + 3 * cloud(rng, (1.5, 14))
    muscle = muscle + 8 * np.exp(-(((wy + 0.06 * wx) % 0.11 - 0.05) / 0.015) ** 2)
    gland_top = -0.5 + 0.08 * cloud(rng, 30)
    gland_bottom = 0.4 + 0.06 * cloud(rng, 30)
    echo = fat + (gland - fat) * rise(wy - gland_top, 0.03) * (0.35 + 0.65 * rise(cloud(rng, 20) + 0.7, 0.4))
    echo = echo + (muscle - echo) * rise(wy - gland_bottom, 0.02)
    fascia = np.exp(-((wy - gland_bottom) / 0.022) ** 2)
    echo = np.maximum(echo, -30 + 25 * fascia)
    rib_line = 0.82 + 0.04 * np.cos(3 * x + rng.uniform(0, 6))
    echo = np.maximum(echo, -30 + 22 * np.exp(-((wy - rib_line) / 0.025) ** 2))
    echo = echo - 16 * rise(wy - rib_line - 0.04, 0.02)
    skin = rise(-0.86 + 0.02 * x - y, 0.01)
    echo = echo + (-7 + 2 * cloud(rng, 6) - echo) * skin

    if lump:
        mask, (cy, cx), radii = _lump(rng, y, x, malignant)
        inner = (-42 if malignant else -38) + 2.5 * clouds(rng, 9, 5)
        echo = echo + (inner - echo) * mask
        rim = np.clip(gaussian_filter(mask, 3) * (1 - mask) * 3, 0, 1)
        echo = echo + (10 if malignant else 5) * rim
        behind = rise(y - cy - 0.6 * radii[0], 0.05) * rise(radii[1] * 0.8 - np.abs(x - cx), 0.05)
        behind = behind * (1 - mask)
        echo = echo + (-15 if malignant else 7) * behind * np.exp(-np.clip(y - cy - radii[0], 0, None))
    echo = echo - 5 * np.clip(y + 0.2, 0, None) ** 2

    # Echoes of many small scatterers add up: complex noise, blurred by the beam, is speckle.
    beam = (0.9, 1.5 + 0.3 * rng.random())
    real, imaginary = (gaussian_filter(rng.standard_normal(y.shape), beam) for _ in range(2))
    speckle = np.hypot(real, imaginary)
    speckle = speckle / speckle.mean()
    level = 20 * np.log10(10 ** (echo / 20) * speckle + 10 ** (-46 / 20))
    picture = np.clip((gaussian_filter(level, 0.5) + 46) / 46, 0, 1)
    return to_uint8(0.92 * picture**1.15)
