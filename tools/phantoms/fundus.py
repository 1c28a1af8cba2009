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
    rise,
    strokes,
    to_uint8,
)


def _vessel(rng, start, direction, length, width, bend, depth, paths, widths) -> None:
    """Grow one vessel and its branches; `bend` turns it by so many radians over its length."""
    steps = max(6, int(length / 0.02))
    turns = bend / steps + gaussian_filter(rng.normal(0, 0.16, steps), 2)
    angles = direction + np.cumsum(turns)
    path = start + np.cumsum(np.stack([np.sin(angles), np.cos(angles)], -1) * 0.02, axis=0)
    path = np.vstack([start, path])
    taper = width * np.linspace(1, 0.55, len(path))
    paths.append(path)
    widths.append(taper)
    if depth == 0:
        return
    side = rng.choice([-1, 1])
    for at in np.arange(int(steps * 0.18), steps - 3, max(6, steps // 6)):
        side = -side
        _vessel(
            rng,
            path[at],
            angles[at] + side * rng.uniform(0.5, 0.9),
            length * rng.uniform(0.3, 0.5),
            taper[at] * 0.6,
            -side * rng.uniform(0.1, 0.7),
            depth - 1,
            paths,
            widths,
        )


def _tree(rng: np.random.Generator, disc: Array, width: float, spread: float) -> Array:
    """Mask of the four large arcades and two small nasal vessels; the macula lies to the right."""
    paths, widths = [], []
    for up in (-1, 1):
        turn = rng.uniform(0.9, 1.1)
        first = up * (1.25 + spread)
        _vessel(rng, disc, first, 1.75, width, -up * 1.55 * turn, 2, paths, widths)
        nasal = np.pi - up * (0.75 + spread)
        _vessel(rng, disc, nasal, 0.7, width * 0.6, -up * 0.3, 2, paths, widths)
    return strokes(paths, widths, blur=0.6)


def _dots(rng, y, x, count, size, centre, reach, keep_off) -> Array:
    mask = np.zeros_like(y)
    while count:
        place = rng.normal(centre, reach)
        if np.hypot(*place) > 0.85 or np.hypot(*(place - keep_off)) < 0.2:
            continue
        count -= 1
        r = size * rng.uniform(0.6, 1.5, 2)
        mask = np.maximum(mask, ellipse(y, x, place, r, rng.uniform(0, 180), 0.006))
    return mask


def fundus(rng: np.random.Generator, grade: int, left_eye: bool = False) -> Array:
    """A fundus with signs of diabetic retinopathy of `grade` 0 (none) to 4 (proliferative)."""
    y, x = grid()
    disc = np.array([rng.uniform(-0.06, 0.04), -0.56])
    macula = np.array([disc[0] + 0.06, 0.02])
    radius = np.hypot(y, x)

    tone = np.array([0.78, 0.36, 0.17]) + rng.uniform(-0.05, 0.05, 3) * [1, 0.7, 0.6]
    light = 1.02 - 0.3 * radius**2 + 0.06 * cloud(rng, 45) + 0.025 * clouds(rng, 7, 4, 2)
    picture = light[..., None] * tone
    picture *= 1 - 0.38 * np.exp(-((np.hypot(*(np.stack([y, x]).T - macula).T.swapaxes(1, 2)) / 0.2) ** 2))[..., None]
    glow = np.exp(-((np.hypot(y - disc[0], x - disc[1]) / 0.3) ** 2))
    picture = blend(picture, 0.22 * glow, (0.95, 0.55, 0.28))
    picture = blend(picture, ellipse(y, x, disc, (0.135, 0.12), 0, 0.012), (0.96, 0.74, 0.42))
    picture = blend(picture, 0.8 * ellipse(y, x, disc + [0, 0.01], (0.065, 0.06), 0, 0.02), (1, 0.9, 0.66))

    away_from_fovea = 1 - np.exp(-((np.hypot(y - macula[0], x - macula[1]) / 0.13) ** 4))
    veins, arteries = _tree(rng, disc, 3.6, 0.12), _tree(rng, disc, 2.6, -0.15)
    picture = blend(picture, 0.62 * veins * away_from_fovea, (0.36, 0.07, 0.05))
    picture = blend(picture, 0.5 * arteries * away_from_fovea, (0.55, 0.14, 0.08))

    if grade >= 1:  # microaneurysms
        spots = _dots(rng, y, x, 6 + 9 * grade, 0.011, macula, 0.38, disc)
        picture = blend(picture, 0.75 * spots, (0.42, 0.05, 0.04))
    if grade >= 2:  # blot haemorrhages and hard exudates
        blots = _dots(rng, y, x, 7 * grade, 0.034, macula, 0.42, disc)
        picture = blend(picture, 0.7 * blots * rise(clouds(rng, 3, 1.5) + 1.2, 0.3), (0.36, 0.05, 0.04))
        ring = macula + [rng.uniform(-0.25, 0.25), rng.uniform(0.15, 0.3)]
        hard = _dots(rng, y, x, 20 * (grade - 1), 0.014, ring, 0.13, disc)
        picture = blend(picture, 0.85 * hard, (0.97, 0.83, 0.45))
    if grade >= 3:  # cotton-wool spots
        wool = gaussian_filter(_dots(rng, y, x, 2 * grade, 0.055, disc + [0, 0.35], 0.3, disc), 2)
        picture = blend(picture, 0.6 * wool, (0.95, 0.83, 0.62))
    if grade >= 4:  # new vessels at the disc, blood before the retina with a level
        paths, widths = [], []
        for angle in rng.uniform(0, 2 * np.pi, 9):
            _vessel(rng, disc, angle, 0.34, 1.1, rng.uniform(-2, 2), 2, paths, widths)
        picture = blend(picture, 0.7 * strokes(paths, widths), (0.45, 0.05, 0.04))
        pool = ellipse(y, x, (0.48, 0.2), (0.22, 0.32), 0, 0.012) * rise(y - 0.45, 0.01)
        picture = blend(picture, 0.85 * pool, (0.38, 0.04, 0.03))

    picture *= rise(0.965 - radius, 0.008)[..., None]
    return to_uint8(picture[:, ::-1] if left_eye else picture)
