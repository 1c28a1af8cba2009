"""Dermatoscopy: a lesion on skin, close up. Colours come from what absorbs light in skin."""

import numpy as np
from scipy.ndimage import gaussian_filter

from phantoms.shapes import (
    Array,
    blend,
    cells,
    cloud,
    clouds,
    curve,
    ellipse,
    grid,
    ridge,
    rise,
    strokes,
    to_uint8,
)

# How strongly red, green and blue are absorbed, and the colours of what covers the skin.
MELANIN = np.array([0.69, 1.19, 1.5])
BLOOD = np.array([0.22, 1.0, 0.85])
PALE_SKIN = np.array([0.96, 0.90, 0.86])
DEEP_PIGMENT = (0.36, 0.38, 0.47)  # looks blue through the skin
SCALE = (0.95, 0.89, 0.83)
HAIR = (0.16, 0.11, 0.09)


class _Skin:
    """Skin with the outline of a lesion, and maps of what the lesion holds."""

    def __init__(self, rng: np.random.Generator, ragged: float, softness: float) -> None:
        self.rng = rng
        self.y, self.x = grid()
        self.centre = rng.uniform(-0.1, 0.1, 2)
        self.inward = self._inward(rng.uniform(0.5, 0.62), ragged)
        self.lesion = rise(self.inward, softness)
        self.core = rise(self.inward - 0.2, 0.08)
        self.patches = clouds(rng, 18, 9, 4)
        self.melanin = 0.05 + 0.015 * clouds(rng, 30, 12)
        self.blood = 0.16 + 0.04 * clouds(rng, 40, 16, 6)
        self.scale = np.zeros_like(self.y)
        self.deep_pigment = np.zeros_like(self.y)

    def _inward(self, radius: float, ragged: float) -> Array:
        """Distance from the lesion's edge inwards; negative outside."""
        rng, y, x = self.rng, self.y - self.centre[0], self.x - self.centre[1]
        angle = np.arctan2(y, x)
        edge = np.ones_like(angle)
        for k in range(2, 9):
            amount = 1.6 * ragged * rng.normal() / k**1.5
            edge += amount * np.cos(k * angle + rng.uniform(0, 2 * np.pi))
        edge += 0.25 * ragged * cloud(rng, 7)
        return radius * edge - np.hypot(y * rng.uniform(0.95, 1.2), x)

    def within(self, margin: float) -> Array:
        """Mask of the lesion without its margin."""
        return self.lesion * rise(self.inward - margin, 0.02)

    def net(self, spacing: float = 0.07) -> Array:
        """The honeycomb of pigment that many lesions show, here and there."""
        wall, _ = self.cells(spacing, 0.02)
        lines = gaussian_filter(ridge(wall, 0.31 * spacing), 0.7)
        return lines * rise(clouds(self.rng, 16, 8) + 0.9, 0.4)

    def cells(self, spacing: float, bend: float) -> tuple[Array, Array]:
        rng = self.rng
        return cells(rng, self.y + bend * cloud(rng, 8), self.x + bend * cloud(rng, 8), spacing)

    def spots(self, where: Array, count: int, size: float, softness: float = 0.012) -> Array:
        """Mask of round spots at random places where `where` is at least half."""
        rng, mask = self.rng, np.zeros_like(self.y)
        places = np.argwhere(where > 0.5)
        for row, column in places[rng.integers(len(places), size=count)]:
            centre = self.y[row, column], self.x[row, column]
            radius = size * rng.uniform(0.6, 1.4)
            radii = radius, radius * rng.uniform(0.8, 1.3)
            mask = np.maximum(mask, ellipse(self.y, self.x, centre, radii, 0, softness))
        return mask

    def vessels(self, count: int) -> Array:
        """Mask of vessels that enter from the edge and branch like trees."""
        rng, paths, widths = self.rng, [], []
        for angle in rng.uniform(0, 2 * np.pi, count):
            out = np.array([np.sin(angle), np.cos(angle)])
            start, end = self.centre + 0.55 * out, self.centre + 0.12 * out
            trunk = curve([start, (start + end) / 2 + rng.uniform(-0.2, 0.2, 2), end])
            paths.append(trunk)
            widths.append(np.linspace(2.6, 0.9, len(trunk)))
            for at, side in ((10, 1), (20, -1), (28, 1)):
                ahead = trunk[at] - trunk[at - 8]
                aside = ahead[::-1] * [-side, side]
                tip = trunk[at] + 1.2 * ahead + aside * rng.uniform(0.5, 1.2)
                paths.append(curve([trunk[at], trunk[at] + ahead, tip]))
                widths.append(np.linspace(1.4, 0.5, len(trunk)))
        return strokes(paths, widths) * rise(self.inward + 0.05, 0.05)

    def photograph(self) -> Array:
        rng = self.rng
        light = 0.99 - 0.06 * (self.y**2 + self.x**2) + 0.015 * cloud(rng, 50)
        light += 0.012 * clouds(rng, 4, 1.5)  # the skin's own relief
        absorbed = self.melanin[..., None] * MELANIN + self.blood[..., None] * BLOOD
        image = light[..., None] * PALE_SKIN * np.exp(-absorbed)
        image = blend(image, self.deep_pigment, DEEP_PIGMENT)
        return blend(image, self.scale, SCALE)


def _naevus(s: _Skin) -> None:
    s.melanin += s.lesion * (0.4 + 0.09 * s.patches + 0.3 * s.core)
    s.melanin += s.lesion * 0.33 * s.net() * (1 - 0.6 * s.core)


def _melanoma(s: _Skin) -> None:
    side = ellipse(s.y, s.x, s.centre + np.array([-0.12, 0.2]), (0.24, 0.28), 30, 0.08)
    s.melanin += s.lesion * (0.75 + 0.3 * s.patches + 0.35 * s.net() * (1 - s.core) + 0.9 * side)
    s.melanin += 0.7 * s.spots(s.within(-0.04), 16, 0.03)
    s.blood += 0.25 * s.lesion * rise(-s.patches - 0.8, 0.3)
    s.deep_pigment = 0.6 * s.core * rise(s.patches - 0.2, 0.3)
    s.scale = 0.3 * s.core * rise(-s.patches - 1.1, 0.2)


def _keratosis(s: _Skin) -> None:  # the seborrhoeic kind: sharp edge, pale cysts, dark pores
    _, tone = s.cells(0.085, 0.02)
    s.melanin += s.lesion * (0.42 + 0.08 * s.patches + 0.12 * (tone - 0.5))
    s.melanin += 0.5 * s.spots(s.within(0.06), 22, 0.028)
    s.scale = 0.75 * s.spots(s.within(0.06), 16, 0.02)


def _dermatofibroma(s: _Skin) -> None:  # a pale scar with a fine net around it
    scar = rise(s.inward - 0.24, 0.07)
    s.melanin += s.lesion * ((1 - scar) * (0.2 + 0.3 * s.net()) + 0.12)
    s.blood += 0.12 * s.lesion
    s.scale = 0.6 * scar * (0.75 + 0.15 * s.patches)


def _basal_cell_carcinoma(s: _Skin) -> None:  # vessels like trees, blue-grey nests
    s.blood += s.lesion * (0.2 + 0.06 * s.patches) + 0.8 * s.vessels(6)
    s.deep_pigment = 0.85 * s.spots(s.within(0.08), 11, 0.06, 0.025)
    s.scale = 0.25 * s.core


def _actinic_keratosis(s: _Skin) -> None:  # red, scaly
    s.blood += s.lesion * (0.42 + 0.1 * s.patches + 0.2 * s.net(0.085))
    s.melanin += 0.06 * s.lesion
    s.scale = 0.55 * s.lesion * rise(clouds(s.rng, 9, 4, 2) - 0.8, 0.3)
    s.scale = np.maximum(s.scale, 0.4 * s.spots(s.lesion, 30, 0.016))


def _angioma(s: _Skin) -> None:  # lakes of blood with pale walls between
    wall, tone = s.cells(0.24, 0.03)
    lakes = s.lesion * rise(gaussian_filter(wall, 3) - 0.045, 0.014)
    s.blood += 0.55 * s.lesion + lakes * (0.75 + 0.5 * tone)
    s.melanin += lakes * 0.55 * rise(tone - 0.55, 0.1)
    s.scale = 0.1 * s.lesion * (1 - lakes)


# Class of DermaMNIST: (how it is drawn, how ragged its outline is, how soft)
_KINDS = {
    "actinic keratoses and intraepithelial carcinoma": (_actinic_keratosis, 0.3, 0.05),
    "basal cell carcinoma": (_basal_cell_carcinoma, 0.1, 0.05),
    "benign keratosis-like lesions": (_keratosis, 0.14, 0.02),
    "dermatofibroma": (_dermatofibroma, 0.1, 0.05),
    "melanoma": (_melanoma, 0.28, 0.05),
    "melanocytic nevi": (_naevus, 0.1, 0.05),
    "vascular lesions": (_angioma, 0.1, 0.05),
}


def _hairs(rng: np.random.Generator, count: int) -> Array:
    paths, widths = [], []
    for _ in range(count):
        start, bend = rng.uniform(-1.1, 1.1, 2), rng.uniform(-0.35, 0.35, 2)
        angle, length = rng.uniform(0.2, 1.2), rng.uniform(0.5, 1.6)
        end = start + length * np.array([np.sin(angle), np.cos(angle)])
        paths.append(curve([start, (start + end) / 2 + bend, end]))
        widths.append(rng.uniform(0.7, 1.5) * np.linspace(1.1, 0.5, len(paths[-1])))
    return strokes(paths, widths, blur=0.45)


def dermatoscopy(rng: np.random.Generator, lesion: str, hairs: int = 0) -> Array:
    """A lesion (a class name of DermaMNIST) with so many hairs over it."""
    draw, ragged, softness = _KINDS[lesion]
    skin = _Skin(rng, ragged, softness)
    draw(skin)
    image = skin.photograph()
    if hairs:
        image = blend(image, 0.85 * _hairs(rng, hairs), HAIR)
    return to_uint8(image)
