"""Optical coherence tomography: a section through the retina, layers under speckle."""

import numpy as np
from scipy.ndimage import gaussian_filter

from phantoms.shapes import Array, cloud, clouds, ellipse, grid, rise, to_uint8

KINDS = ("choroidal neovascularization", "diabetic macular edema", "drusen", "normal")

# Layer, thickness (of the picture's height of 2), brightness, how much of it is left in the fovea
LAYERS = (
    ("nerve fibres", 0.065, 0.62, 0.05),
    ("ganglion cells and inner plexiform", 0.15, 0.43, 0.08),
    ("inner nuclear", 0.07, 0.27, 0.15),
    ("outer plexiform", 0.05, 0.46, 0.3),
    ("outer nuclear", 0.16, 0.2, 1.15),
    ("outer limiting membrane", 0.016, 0.4, 1),
    ("inner segments", 0.035, 0.26, 1.2),
    ("ellipsoid zone", 0.035, 0.8, 1),
    ("outer segments", 0.035, 0.42, 1.2),
    ("pigment epithelium", 0.05, 0.95, 1),
)
VITREOUS, CHOROID = 0.035, 0.5


def _bump(x: Array, centre: float, width: float, height: float) -> Array:
    return height * np.exp(-(((x - centre) / width) ** 2))


def oct_section(rng: np.random.Generator, kind: int) -> Array:
    """A section of `KINDS[kind]`."""
    name = KINDS[kind]
    y, x = grid()
    line = x[0]
    fovea = rng.uniform(-0.15, 0.15)
    pit = np.exp(-(((line - fovea) / 0.2) ** 2))
    bruch = rng.uniform(0.2, 0.3) + rng.uniform(-0.1, 0.1) * line - 0.1 * line**2
    swelling = 1 + 0.07 * _bump(line, fovea, 0.6, 1)
    lift = np.zeros_like(line)  # of the pigment epithelium off its bed
    fluid_roof = np.zeros_like(line)  # of the whole retina off the pigment epithelium
    if name == "drusen":
        for centre in np.sort(rng.uniform(-0.8, 0.8, 7)):
            lift = np.maximum(lift, _bump(line, centre, rng.uniform(0.05, 0.1), rng.uniform(0.05, 0.12)))
    elif name == "diabetic macular edema":
        swelling += _bump(line, fovea + 0.05, 0.5, 0.5)
        pit *= 0.35
    elif name == "choroidal neovascularization":
        lift = _bump(line, fovea - 0.1, 0.3, 0.17) + _bump(line, fovea + 0.22, 0.14, 0.07)
        fluid_roof = _bump(line, fovea + 0.05, 0.42, 0.13)
        pit *= 0.55
        swelling += _bump(line, fovea, 0.5, 0.12)

    # From the pigment epithelium upwards, each boundary lies one layer above the last.
    picture = np.full_like(y, VITREOUS)
    floor = bruch - lift
    for name_of_layer, thickness, brightness, left in reversed(LAYERS):
        if name_of_layer == "outer segments":  # fluid gathers here
            fluid = rise(floor - y, 0.008) * rise(y - (floor - fluid_roof), 0.008)
            picture = picture * (1 - fluid) + 0.09 * fluid
            floor = floor - fluid_roof
        scale = (1 - pit + left * pit) * swelling
        roof = floor - thickness * scale * (1 + 0.04 * cloud(rng, 12)[0])
        inside = rise(floor - y, 0.008) * rise(y - roof, 0.008)
        picture = picture * (1 - inside) + brightness * inside
        floor = roof
    surface = floor

    below = y - bruch
    depth = rng.uniform(0.22, 0.32)
    vessels = rise(clouds(rng, 7, 4) - 0.5, 0.25)
    choroid = CHOROID * np.exp(-np.clip(below, 0, None) / (1.3 * depth)) * (1 - 0.5 * vessels)
    sclera = 0.32 * np.exp(-np.clip(below - depth, 0, None) / 0.22)
    deep = np.where(below < depth, choroid, 0.4 * choroid + sclera)
    under = rise(below - 0.012, 0.006)
    picture = picture * (1 - under) + deep * under
    raised = rise(y - (bruch - lift + 0.03), 0.008) * (1 - under) * (lift > 0.015)
    if name == "drusen":
        picture = picture * (1 - raised) + 0.48 * raised
    elif name == "choroidal neovascularization":
        picture = picture * (1 - raised) + (0.55 + 0.12 * clouds(rng, 9, 4)) * raised
        scar = ellipse(y, x, (bruch[112] - 0.24, fovea - 0.1), (0.05, 0.24), 0, 0.02)
        picture = picture * (1 - scar) + (0.62 + 0.1 * clouds(rng, 6, 3)) * scar
    elif name == "diabetic macular edema":
        for _ in range(11):  # cysts
            cx = fovea + rng.normal(0, 0.24)
            column = int(np.clip((cx + 1) * 111.5, 0, 223))
            top, bottom = surface[column], bruch[column] - 0.14
            size = (bottom - top) * rng.uniform(0.1, 0.24)
            centre = (top + (bottom - top) * rng.uniform(0.42, 0.75), cx)
            cyst = ellipse(y, x, centre, (size, size * rng.uniform(0.5, 0.95)), 0, 0.01)
            picture = picture * (1 - cyst) + 0.07 * cyst
        for _ in range(5):  # hard exudates cast shadows
            cx, cy = fovea + rng.normal(0, 0.3), rng.uniform(-0.2, 0.0)
            spot = ellipse(y, x, (cy, cx), (0.018, 0.025), 0, 0.008)
            picture = picture * (1 - spot) + 0.95 * spot
    for cx in rng.uniform(-0.95, 0.95, 4):  # retinal vessels cast shadows
        if abs(cx - fovea) > 0.3:
            shadow = _bump(x, cx, 0.018, 0.45) * rise(y - surface - 0.05, 0.02)
            picture = picture * (1 - shadow)
    grain = gaussian_filter(rng.gamma(1.6, 1 / 1.6, y.shape), (0.7, 0.9))
    picture = picture * (0.38 + 0.62 * grain) + 0.03 * grain
    return to_uint8(0.97 * np.clip(picture, 0, None) ** 0.85)
