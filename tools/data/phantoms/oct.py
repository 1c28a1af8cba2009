"""Optical coherence tomography: a section through the retina, layers under speckle."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from phantoms.shapes import Array, blend, cloud, clouds, ellipse, grid, ridge, rise, to_uint8

# Layer: (thickness, of the image's height of 2; brightness; how much of it the fovea keeps)
LAYERS = {
    "nerve fibres": (0.065, 0.62, 0.05),
    "ganglion cells and inner plexiform": (0.15, 0.43, 0.08),
    "inner nuclear": (0.07, 0.27, 0.15),
    "outer plexiform": (0.05, 0.46, 0.3),
    "outer nuclear": (0.16, 0.2, 1.15),
    "outer limiting membrane": (0.016, 0.4, 1),
    "inner segments": (0.035, 0.26, 1.2),
    "ellipsoid zone": (0.035, 0.8, 1),
    "outer segments": (0.035, 0.42, 1.2),
    "pigment epithelium": (0.05, 0.95, 1),
}
VITREOUS, FLUID, DRUSE, MEMBRANE, EXUDATE, CHOROID, SCLERA = (
    0.035,
    0.08,
    0.48,
    0.58,
    0.95,
    0.5,
    0.26,
)


def _bump(x: Array, centre: float, width: float, height: float = 1) -> Array:
    return height * ridge(x - centre, width)


@dataclass
class _Shape:
    """The section's anatomy, column by column."""

    fovea: float  # its place
    pit: Array  # how deep the fovea's pit is, 0 to 1
    bruch: Array  # height of Bruch's membrane, the bed of the retina
    lift: Array  # how far the pigment epithelium is raised off its bed
    detachment: Array  # how far fluid raises the retina off the pigment epithelium
    swelling: Array  # factor on all thicknesses


def _shape(rng: np.random.Generator, disease: str) -> _Shape:
    x = grid()[1][0]
    fovea = rng.uniform(-0.15, 0.15)
    bruch = rng.uniform(0.2, 0.3) + rng.uniform(-0.1, 0.1) * x - 0.1 * x**2
    none = np.zeros_like(x)
    s = _Shape(fovea, _bump(x, fovea, 0.2), bruch, none, none, 1 + _bump(x, fovea, 0.6, 0.07))
    if disease == "drusen":
        for centre in rng.uniform(-0.8, 0.8, 7):
            druse = _bump(x, centre, rng.uniform(0.05, 0.1), rng.uniform(0.05, 0.12))
            s.lift = np.maximum(s.lift, druse)
    elif disease == "diabetic macular edema":
        s.swelling += _bump(x, fovea + 0.05, 0.5, 0.5)
        s.pit *= 0.35
    elif disease == "choroidal neovascularization":
        s.lift = _bump(x, fovea - 0.1, 0.3, 0.17) + _bump(x, fovea + 0.22, 0.14, 0.07)
        s.detachment = _bump(x, fovea + 0.05, 0.42, 0.13)
        s.swelling += _bump(x, fovea, 0.5, 0.12)
        s.pit *= 0.55
    return s


def _retina(rng: np.random.Generator, s: _Shape) -> tuple[Array, Array]:
    """The layers, and the height of the retina's surface."""
    y, _ = grid()
    image = np.full_like(y, VITREOUS)
    floor = s.bruch - s.lift
    for name, (thickness, brightness, kept) in reversed(LAYERS.items()):
        if name == "outer segments":
            fluid = rise(floor - y, 0.008) * rise(y - floor + s.detachment, 0.008)
            image = blend(image, fluid, FLUID)
            floor = floor - s.detachment
        if name == "outer nuclear":  # layers further in follow the bumps only softly
            floor = floor + 0.8 * (s.lift - gaussian_filter(s.lift, 14))
        here = thickness * (1 - s.pit + kept * s.pit) * s.swelling
        roof = floor - here * (1 + 0.04 * cloud(rng, 12)[0])
        image = blend(image, rise(floor - y, 0.008) * rise(y - roof, 0.008), brightness)
        floor = roof
    return image, floor


def _choroid(rng: np.random.Generator, s: _Shape) -> Array:
    below = np.clip(grid()[0] - s.bruch, 0, None)
    depth = rng.uniform(0.22, 0.32)
    vessels = rise(clouds(rng, 7, 4) - 0.5, 0.25)
    choroid = CHOROID * np.exp(-below / (1.3 * depth)) * (1 - 0.5 * vessels)
    sclera = SCLERA * np.exp(-np.clip(below - depth, 0, None) / 0.22) + 0.3 * choroid
    border = rise(below - depth - 0.03 * cloud(rng, 20), 0.035)
    return choroid * (1 - border) + sclera * border


def _disease(
    rng: np.random.Generator, image: Array, s: _Shape, surface: Array, disease: str
) -> Array:
    y, x = grid()
    raised = rise(y - (s.bruch - s.lift + 0.03), 0.008) * rise(s.bruch + 0.012 - y, 0.006)
    raised = raised * (s.lift > 0.015)
    if disease == "drusen":
        return blend(image, raised, DRUSE)
    if disease == "choroidal neovascularization":
        image = image * (1 - raised) + MEMBRANE * (1 + 0.2 * clouds(rng, 9, 4)) * raised
        scar = ellipse(y, x, (s.bruch.mean() - 0.24, s.fovea - 0.1), (0.05, 0.24), 0, 0.02)
        return image * (1 - scar) + MEMBRANE * (1.1 + 0.2 * clouds(rng, 6, 3)) * scar
    if disease == "diabetic macular edema":
        for _ in range(13):  # cysts
            place = s.fovea + rng.uniform(-0.45, 0.45)
            column = np.abs(x[0] - place).argmin()
            top, bottom = surface[column], s.bruch[column] - 0.14
            size = (bottom - top) * rng.uniform(0.1, 0.26) * _bump(place, s.fovea, 0.4)
            centre = top + (bottom - top) * rng.uniform(0.42, 0.75), place
            radii = size, size * rng.uniform(0.5, 0.95)
            image = blend(image, ellipse(y, x, centre, radii, 0, 0.01), FLUID)
        for _ in range(5):  # hard exudates
            centre = rng.uniform(-0.2, 0.0), s.fovea + rng.normal(0, 0.3)
            image = blend(image, ellipse(y, x, centre, (0.018, 0.025), 0, 0.008), EXUDATE)
    return image


def oct_section(rng: np.random.Generator, disease: str) -> Array:
    """A section through a retina with `disease` (a class name of OCTMNIST)."""
    y, x = grid()
    s = _shape(rng, disease)
    image, surface = _retina(rng, s)
    under = rise(y - s.bruch - 0.012, 0.006)
    image = image * (1 - under) + _choroid(rng, s) * under
    image = _disease(rng, image, s, surface, disease)
    for place in rng.uniform(-0.95, 0.95, 3):  # retinal vessels cast shadows
        if abs(place - s.fovea) > 0.3:
            image = image * (1 - _bump(x, place, 0.026, 0.3) * rise(y - surface - 0.05, 0.02))
    grain = gaussian_filter(rng.gamma(1.6, 1 / 1.6, y.shape), (0.7, 0.9))
    image = image * (0.38 + 0.62 * grain) + 0.03 * grain
    return to_uint8(0.97 * image**0.85)
