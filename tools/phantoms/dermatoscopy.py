"""Dermatoscopy: a lesion on skin, close up. Colours come from what absorbs light, as in skin."""

import numpy as np

from phantoms.shapes import (
    Array,
    blend,
    cells,
    cloud,
    clouds,
    curve,
    ellipse,
    grid,
    rise,
    strokes,
    to_uint8,
)

# How strongly red, green and blue are absorbed.
MELANIN = np.array([0.55, 0.95, 1.2])
BLOOD = np.array([0.22, 1.0, 0.85])
KINDS = (
    "actinic keratosis",
    "basal cell carcinoma",
    "seborrhoeic keratosis",
    "dermatofibroma",
    "melanoma",
    "naevus",
    "angioma",
)


def _outline(rng: np.random.Generator, y: Array, x: Array, radius: float, ragged: float) -> Array:
    """How far inside the lesion a pixel is; negative outside."""
    angle = np.arctan2(y, x)
    edge = np.full_like(angle, radius)
    for k in range(2, 9):
        edge += radius * ragged * rng.normal() / k * np.cos(k * angle + rng.uniform(0, 2 * np.pi))
    return edge - np.hypot(y * rng.uniform(0.95, 1.2), x) + 0.25 * ragged * radius * cloud(rng, 7)


def _spots(rng, y, x, inside, count, size, softness=0.012) -> Array:
    """Mask of small round spots placed where `inside` is at least half."""
    places = np.argwhere(inside > 0.5)
    mask = np.zeros_like(y)
    for py, px in places[rng.integers(len(places), size=count)]:
        r = size * rng.uniform(0.6, 1.4)
        mask = np.maximum(
            mask,
            ellipse(
                y, x, (y[py, px], x[py, px]), (r, r * rng.uniform(0.8, 1.3)), 0, softness
            ),
        )
    return mask


def _hairs(rng: np.random.Generator, count: int) -> Array:
    paths, widths = [], []
    for _ in range(count):
        start, bend = rng.uniform(-1.1, 1.1, 2), rng.uniform(-0.35, 0.35, 2)
        angle, length = rng.uniform(0.2, 1.2), rng.uniform(0.5, 1.6)
        end = start + length * np.array([np.sin(angle), np.cos(angle)])
        paths.append(curve([start, (start + end) / 2 + bend, end]))
        widths.append(rng.uniform(0.7, 1.5) * np.linspace(1.1, 0.5, 40))
    return strokes(paths, widths, blur=0.45)


def dermatoscopy(rng: np.random.Generator, kind: int, hairs: int = 0) -> Array:
    """A lesion of `KINDS[kind]`, with so many hairs over it."""
    y, x = grid()
    cy, cx = rng.uniform(-0.1, 0.1, 2)
    name = KINDS[kind]
    ragged = {"melanoma": 0.28, "actinic keratosis": 0.3, "seborrhoeic keratosis": 0.14}
    distance = _outline(rng, y - cy, x - cx, rng.uniform(0.5, 0.62), ragged.get(name, 0.1))
    lesion = rise(distance, 0.02 if name == "seborrhoeic keratosis" else 0.05)
    core = rise(distance - 0.2, 0.08)

    melanin = 0.05 + 0.015 * clouds(rng, 30, 12)
    blood = 0.16 + 0.04 * clouds(rng, 40, 16, 6)
    white = np.zeros_like(y)  # scars, scale and cysts
    blue = np.zeros_like(y)  # pigment that lies deep
    wall, tone = cells(rng, y + 0.02 * cloud(rng, 8), x + 0.02 * cloud(rng, 8), 0.085)
    net = np.exp(-((wall / 0.022) ** 2))
    patches = clouds(rng, 18, 9, 4)

    if name == "naevus":
        melanin += lesion * (0.4 + 0.09 * patches + 0.3 * core + 0.33 * net * (1 - 0.6 * core))
    elif name == "melanoma":
        melanin += lesion * (0.75 + 0.3 * patches + 0.35 * net * (1 - core))
        side = ellipse(y, x, (cy - 0.12, cx + 0.2), (0.24, 0.28), 30, 0.08)
        melanin += 0.9 * lesion * side + 0.7 * _spots(rng, y, x, rise(distance + 0.04, 0.02), 16, 0.03)
        blue = 0.6 * core * rise(patches - 0.2, 0.3)
        blood += 0.25 * lesion * rise(-patches - 0.8, 0.3)
        white = 0.3 * core * rise(-patches - 1.1, 0.2)
    elif name == "seborrhoeic keratosis":
        melanin += lesion * (0.42 + 0.08 * patches + 0.12 * (tone - 0.5))
        melanin += 0.5 * _spots(rng, y, x, lesion * rise(distance - 0.06, 0.02), 22, 0.028)
        white = 0.75 * _spots(rng, y, x, lesion * rise(distance - 0.06, 0.02), 16, 0.02)
    elif name == "dermatofibroma":
        ring = lesion * (1 - rise(distance - 0.22, 0.06))
        melanin += ring * (0.2 + 0.3 * net) + lesion * 0.12
        blood += 0.12 * lesion
        white = 0.6 * rise(distance - 0.27, 0.07) * (0.75 + 0.15 * patches)
    elif name == "basal cell carcinoma":
        blood += lesion * (0.2 + 0.06 * patches)
        white = 0.25 * core
        blue = 0.85 * _spots(rng, y, x, lesion * rise(distance - 0.08, 0.02), 11, 0.06, 0.025)
        paths, widths = [], []
        for _ in range(7):  # vessels that branch like trees
            angle = rng.uniform(0, 2 * np.pi)
            out = np.array([np.sin(angle), np.cos(angle)])
            start, end = np.array([cy, cx]) + 0.55 * out, np.array([cy, cx]) + 0.12 * out
            middle = (start + end) / 2 + rng.uniform(-0.2, 0.2, 2)
            trunk = curve([start, middle, end])
            paths.append(trunk)
            widths.append(np.linspace(2.6, 0.9, 40))
            for at in (10, 17, 24, 30):
                paths.append(curve([trunk[at], trunk[at] + rng.uniform(-0.12, 0.12, 2),
                                    trunk[at] + rng.uniform(-0.24, 0.24, 2)]))
                widths.append(np.linspace(1.4, 0.5, 40))
        blood += 0.8 * strokes(paths, widths) * rise(distance + 0.05, 0.05)
    elif name == "actinic keratosis":
        blood += lesion * (0.42 + 0.1 * patches + 0.2 * net)
        melanin += 0.06 * lesion
        white = 0.55 * lesion * rise(clouds(rng, 6, 3) - 0.9, 0.15)
        white = np.maximum(white, 0.4 * _spots(rng, y, x, lesion, 30, 0.016))
    else:  # angioma: red and purple lakes, parted by pale walls
        lake_wall, lake = cells(rng, y + 0.03 * cloud(rng, 9), x + 0.03 * cloud(rng, 9), 0.24)
        lakes = lesion * rise(lake_wall - 0.03, 0.012)
        blood += 0.35 * lesion + lakes * (0.75 + 0.5 * lake)
        melanin += lakes * 0.55 * rise(lake - 0.55, 0.1)
        white = 0.15 * lesion * (1 - lakes)

    absorbed = melanin[..., None] * MELANIN * 1.25 + blood[..., None] * BLOOD
    light = 0.99 - 0.06 * (y**2 + x**2) + 0.015 * cloud(rng, 50)
    light += 0.012 * clouds(rng, 4, 1.5)  # the skin's own relief
    picture = light[..., None] * np.array([0.96, 0.90, 0.86]) * np.exp(-absorbed)
    picture = blend(picture, blue, (0.36, 0.38, 0.47))
    picture = blend(picture, white, (0.95, 0.89, 0.83))
    if hairs:
        picture = blend(picture, 0.85 * _hairs(rng, hairs), (0.16, 0.11, 0.09))
    return to_uint8(picture)
