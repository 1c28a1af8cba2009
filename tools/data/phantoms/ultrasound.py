"""Breast ultrasound: skin, fat, gland, muscle and a lump, seen as the envelope of echoes.

Tissues are maps of how strongly they send echoes back, in decibels below the strongest.
"""

import numpy as np
from scipy.ndimage import gaussian_filter

from phantoms.shapes import Array, cloud, clouds, ellipse, grid, ridge, rise, to_uint8, wobble

SKIN, FAT, GLAND, MUSCLE = -17, -31, -15, -25
BENIGN, MALIGNANT = -37, -39
FLOOR = -46  # the scanner's own noise: black


def _breast(rng: np.random.Generator) -> Array:
    """A breast without a lump."""
    plain_y, plain_x = grid()
    y, x = wobble(rng, plain_y, plain_x, 0.03, 30)
    slant = y + 0.35 * x * rng.choice([-1, 1]) + 0.12 * cloud(rng, 22)
    septa = ridge(slant % 0.2 - 0.1, 0.02) * rise(cloud(rng, 14), 0.5)
    echo = FAT + 3 * clouds(rng, 14, 6) + 9 * septa

    gland = GLAND + 4 * clouds(rng, (5, 14), 5)
    lobes = 0.35 + 0.65 * rise(cloud(rng, 20) + 0.7, 0.4)
    echo += (gland - echo) * lobes * rise(y + 0.5 - 0.08 * cloud(rng, 30), 0.03)

    fascia = y - 0.42 - 0.04 * cloud(rng, (60, 34))
    fibres = 8 * ridge((y + 0.06 * x) % 0.11 - 0.05, 0.015)
    muscle = MUSCLE + 3 * cloud(rng, (1.5, 14)) + fibres
    echo += (muscle - echo) * rise(fascia, 0.02)
    echo = np.maximum(echo, -30 + 25 * ridge(fascia, 0.022))
    pleura = y - 0.82 - 0.04 * np.cos(3 * plain_x + rng.uniform(0, 6))
    echo = np.maximum(echo, -30 + 22 * ridge(pleura, 0.025)) - 16 * rise(pleura - 0.04, 0.02)

    bottom_of_skin = plain_y + 0.88 - 0.02 * plain_x
    skin = SKIN + 2 * cloud(rng, (2, 12))
    echo += (skin - echo) * rise(-bottom_of_skin, 0.01)
    lines = ridge(plain_y + 0.99, 0.03) + ridge(bottom_of_skin, 0.02)
    return np.maximum(echo, -40 + 36 * lines) - 5 * np.clip(plain_y + 0.2, 0, None) ** 2


def _with_lump(rng: np.random.Generator, echo: Array, malignant: bool) -> Array:
    y, x = grid()
    cy, cx = rng.uniform((-0.2, -0.2), (0.0, 0.2))
    if malignant:  # taller than wide, ragged; what lies behind is in its shadow
        height, width = rng.uniform((0.3, 0.24), (0.36, 0.3))
        angle = np.arctan2(y - cy, x - cx)
        edge = 0.85 + 0.09 * clouds(rng, 7, 4)
        for k in (2, 3, 4, 5, 7, 9):
            edge += rng.uniform(0.03, 0.2) / np.sqrt(k) * np.cos(k * angle + rng.uniform(0, 6.3))
        mask = rise((edge - np.hypot((y - cy) / height, (x - cx) / width)) * 0.3, 0.025)
        inside, rim, behind = MALIGNANT, 10, -15
    else:  # smooth, wider than tall; what lies behind is brighter
        height, width = rng.uniform((0.17, 0.32), (0.24, 0.44))
        wy, wx = wobble(rng, y, x, 0.012, 20)
        mask = ellipse(wy, wx, (cy, cx), (height, width), rng.uniform(-8, 8), 0.012)
        inside, rim, behind = BENIGN, 5, 7
    echo = echo + (inside + 2.5 * clouds(rng, 9, 5) - echo) * mask
    echo += rim * np.clip(gaussian_filter(mask, 3) * (1 - mask) * 3, 0, 1)
    column = rise(y - cy - 0.6 * height, 0.05) * rise(0.8 * width - np.abs(x - cx), 0.05)
    fading = np.exp(-np.clip(y - cy - height, 0, None))
    return echo + behind * column * fading * (1 - mask)


def breast_ultrasound(rng: np.random.Generator, malignant: bool, lump: bool = True) -> Array:
    """A breast with a malignant or a benign lump, or none."""
    echo = _breast(rng)
    if lump:
        echo = _with_lump(rng, echo, malignant)
    # Echoes of many small scatterers add up: complex noise, blurred by the beam, is speckle. Three
    # looks from different angles are averaged, as scanners do, real and imaginary part each.
    beam = (0.9, rng.uniform(1.5, 1.8))
    looks = [gaussian_filter(rng.standard_normal(echo.shape), beam) ** 2 for _ in range(6)]
    speckle = np.sqrt(np.mean(looks, axis=0))
    amplitude = 10 ** (echo / 20) * speckle / speckle.mean() + 10 ** (FLOOR / 20)
    level = gaussian_filter(20 * np.log10(amplitude), 0.5)
    return to_uint8(0.92 * np.clip(1 - level / FLOOR, 0, 1) ** 1.15)
