"""Fundus photograph: the eye's back with optic disc, vessels, macula and signs of diabetes."""

import numpy as np
from scipy.ndimage import gaussian_filter

from phantoms.shapes import (
    Array,
    blend,
    cloud,
    clouds,
    ellipse,
    grid,
    ridge,
    rise,
    strokes,
    to_uint8,
)

CHOROID = np.array([0.78, 0.36, 0.17])
DISC, CUP, GLOW = (0.96, 0.74, 0.42), (1, 0.9, 0.66), (0.95, 0.55, 0.28)
VEIN, ARTERY, BLOOD = (0.36, 0.07, 0.05), (0.55, 0.14, 0.08), (0.38, 0.05, 0.04)
EXUDATE, COTTON_WOOL = (0.97, 0.83, 0.45), (0.95, 0.83, 0.62)
STEP = 0.02  # vessels grow by steps of this length


class _Vessels:
    """Vessels growing from the disc: paths and widths, ready to be drawn."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.paths: list[Array] = []
        self.widths: list[Array] = []

    def grow(
        self, start: Array, angle: float, length: float, width: float, bend: float, depth: int = 2
    ) -> None:
        """One vessel and its branches, `depth` times; it turns by `bend` radians altogether."""
        rng = self.rng
        steps = max(6, int(length / STEP))
        turns = bend / steps + gaussian_filter(rng.normal(0, 0.16, steps), 2)
        angles = angle + np.cumsum(turns)
        way = np.cumsum(np.stack([np.sin(angles), np.cos(angles)], -1) * STEP, axis=0)
        path = np.vstack([start, start + way])
        taper = width * np.linspace(1, 0.55, len(path))
        self.paths.append(path)
        self.widths.append(taper)
        if depth == 0:
            return
        side = rng.choice([-1, 1])
        for at in range(int(steps * 0.18), steps - 3, max(6, steps // 6)):
            side = -side
            fork = angles[at] + side * rng.uniform(0.5, 0.9)
            shorter = length * rng.uniform(0.3, 0.5)
            self.grow(
                path[at], fork, shorter, taper[at] * 0.6, -side * rng.uniform(0.1, 0.7), depth - 1
            )

    def mask(self) -> Array:
        return strokes(self.paths, self.widths, blur=0.6)


def _arcades(rng: np.random.Generator, disc: Array, width: float, spread: float) -> Array:
    """Mask of two large vessels around the macula, which lies to the right, and two nasal ones."""
    vessels = _Vessels(rng)
    for up in (-1, 1):
        bend = -up * 1.55 * rng.uniform(0.9, 1.1)
        vessels.grow(disc, up * (1.25 + spread), 1.75, width, bend)
        vessels.grow(disc, np.pi - up * (0.75 + spread), 0.7, 0.6 * width, -up * 0.3)
    return vessels.mask()


def _spots(
    rng: np.random.Generator, count: int, size: float, centre: Array, reach: float, disc: Array
) -> Array:
    """Mask of spots strewn about `centre`, within the eye and off the disc."""
    y, x = grid()
    mask = np.zeros_like(y)
    while count:
        place = rng.normal(centre, reach)
        if np.hypot(*place) > 0.85 or np.hypot(*(place - disc)) < 0.2:
            continue
        count -= 1
        radii = size * rng.uniform(0.6, 1.5, 2)
        mask = np.maximum(mask, ellipse(y, x, place, radii, rng.uniform(0, 180), 0.006))
    return mask


def _diabetes(
    rng: np.random.Generator, image: Array, grade: int, disc: Array, macula: Array
) -> Array:
    """The image with signs of diabetic retinopathy, more with each grade."""
    y, x = grid()
    if grade >= 1:  # microaneurysms
        spots = _spots(rng, 6 + 9 * grade, 0.011, macula, 0.38, disc)
        image = blend(image, 0.75 * spots, BLOOD)
    if grade >= 2:  # blot haemorrhages, hard exudates
        blots = _spots(rng, 7 * grade, 0.034, macula, 0.42, disc)
        image = blend(image, 0.7 * blots * rise(clouds(rng, 3, 1.5) + 1.2, 0.3), BLOOD)
        centre = macula + rng.uniform((-0.25, 0.15), (0.25, 0.3))
        hard = _spots(rng, 20 * (grade - 1), 0.014, centre, 0.13, disc)
        image = blend(image, 0.85 * hard, EXUDATE)
    if grade >= 3:  # cotton-wool spots
        wool = _spots(rng, 2 * grade, 0.055, (disc + macula) / 2, 0.3, disc)
        image = blend(image, 0.6 * gaussian_filter(wool, 2), COTTON_WOOL)
    if grade >= 4:  # new vessels on the disc; blood before the retina, with a level
        new = _Vessels(rng)
        for angle in rng.uniform(0, 2 * np.pi, 9):
            new.grow(disc, angle, 0.34, 1.1, rng.uniform(-2, 2))
        image = blend(image, 0.7 * new.mask(), BLOOD)
        pool = ellipse(y, x, (0.48, 0.2), (0.22, 0.32), 0, 0.015) * rise(y - 0.45, 0.012)
        image = blend(image, 0.8 * pool, BLOOD)
    return image


def fundus(rng: np.random.Generator, grade: int, left_eye: bool = True) -> Array:
    """A fundus with diabetic retinopathy of `grade` 0 (none) to 4 (proliferative)."""
    y, x = grid()
    disc = np.array([rng.uniform(-0.06, 0.04), -0.56])
    macula = np.array([disc[0] + 0.06, 0.02])
    from_centre = np.hypot(y, x)
    from_disc = np.hypot(y - disc[0], x - disc[1])
    from_macula = np.hypot(y - macula[0], x - macula[1])

    tone = CHOROID + rng.uniform(-0.05, 0.05, 3) * [1, 0.7, 0.6]
    light = 1.02 - 0.3 * from_centre**2 + 0.06 * cloud(rng, 45) + 0.025 * clouds(rng, 7, 4, 2)
    light *= 1 - 0.38 * ridge(from_macula, 0.2)
    image = light[..., None] * tone
    image = blend(image, 0.22 * ridge(from_disc, 0.3), GLOW)
    image = blend(image, ellipse(y, x, disc, (0.135, 0.12), 0, 0.012), DISC)
    image = blend(image, 0.8 * ellipse(y, x, disc, (0.065, 0.06), 0, 0.02), CUP)

    seen = 1 - np.exp(-((from_macula / 0.13) ** 4))  # no vessels in the fovea
    image = blend(image, 0.62 * _arcades(rng, disc, 3.6, 0.12) * seen, VEIN)
    image = blend(image, 0.5 * _arcades(rng, disc, 2.6, -0.15) * seen, ARTERY)
    image = _diabetes(rng, image, grade, disc, macula)

    image *= rise(0.965 - from_centre, 0.008)[..., None]
    return to_uint8(image if left_eye else image[:, ::-1])
