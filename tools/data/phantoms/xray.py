"""Frontal chest X-ray, of adults and of small children, as sums of what the rays pass through."""

from collections.abc import Collection

import numpy as np
from scipy.ndimage import gaussian_filter

from phantoms.shapes import (
    Array,
    branches,
    cloud,
    clouds,
    curve,
    dome,
    ellipse,
    grid,
    rise,
    strokes,
    to_uint8,
    wobble,
)


def _tube(paths: list[Array], width: float) -> Array:
    """Bones as X-rays show them: thick rims, thinner middle."""
    full = strokes(paths, [width] * len(paths))
    inner = strokes(paths, [width * 0.55] * len(paths))
    return full - 0.45 * inner


def _ribs(side: int, wide: float, child: bool) -> tuple[list[Array], list[Array]]:
    """The ribs of one side: their parts behind the lung, and those before it."""
    back, front = [], []
    step, drop = (0.135, 0.1) if child else (0.15, 0.2)
    for k in range(9):
        y = -0.74 + k * step
        reach = wide * (0.98 - 0.5 * np.exp(-(k + 0.6) / 1.7))
        end = (y + drop, side * reach)
        inner = (y - 0.09, side * 0.35 * reach)
        outer = (y - 0.06, side * 1.0 * reach)
        back.append(curve([(y, side * 0.07), inner, outer, end]))
        if k < 6:
            under = (y + drop + 0.16, side * 0.99 * reach)
            tip = (y + drop + 0.32, side * 0.4 * wide)
            front.append(curve([end, under, (y + drop + 0.3, side * 0.7 * reach), tip]))
    return back, front


def _lung_vessels(rng: np.random.Generator) -> Array:
    paths, widths = [], []
    for side in (-1, 1):
        root = np.array([0.0, side * 0.17])
        for angle in (-1.25, -0.85, -0.4, 0.05, 0.45, 0.8, 1.05, 1.3):
            angle = angle + rng.normal(0, 0.1)
            out = rng.uniform(0.4, 0.65) * np.array([np.sin(angle), side * np.cos(angle)])
            more_paths, more_widths = branches(rng, root, out, 4.2)
            paths, widths = paths + more_paths, widths + more_widths
    return strokes(paths, widths, blur=0.9)


def _findings(
    rng: np.random.Generator,
    y: Array,
    x: Array,
    lungs: Array,
    middle: Array,
    floor: float,
    has,
    child: bool,
) -> Array:
    """What the findings add to the density."""

    def opacity(centre, radii, amount, blotchy=0.35):
        shape = ellipse(y, x, centre, radii, 0, 0.07)
        return amount * shape * np.clip(1 + blotchy * clouds(rng, 10, 5, 3), 0.1, 1.8) * lungs

    added = np.zeros_like(y)
    if has("pneumonia") or has("consolidation"):
        side = rng.choice([-1, 1])
        added += opacity((0.22, side * 0.44), (0.28, 0.24), 0.3)
        if child:
            added += opacity((-0.15, -side * 0.36), (0.26, 0.2), 0.2, 0.5)
            added += opacity((0.1, side * 0.3), (0.4, 0.24), 0.12, 0.5)
    if has("infiltration"):
        added += opacity((0.1, -0.45), (0.3, 0.25), 0.17, 0.6)
        added += opacity((-0.1, 0.45), (0.3, 0.22), 0.15, 0.6)
    if has("atelectasis"):
        plates = [
            curve([(0.28, -0.28), (0.24, -0.45), (0.28, -0.68)]),
            curve([(0.36, -0.3), (0.35, -0.5), (0.38, -0.62)]),
        ]
        added += 0.17 * gaussian_filter(strokes(plates, [5, 4]), 0.8) * lungs
        added += opacity((0.44, -0.4), (0.12, 0.3), 0.2, 0.2)
    if has("effusion"):  # fluid at the base, higher towards the side
        level = floor - 0.14 - 1.5 * np.clip(x - 0.3, 0, None) ** 1.6
        added += 0.34 * rise(y - level, 0.035) * lungs * (x > 0) * (1 - 0.8 * middle)
    if has("edema"):
        for side in (-1, 1):
            added += opacity((0.02, side * 0.36), (0.42, 0.28), 0.24, 0.45)
    if has("mass"):
        added += 0.3 * ellipse(y, x, (-0.14, -0.48), (0.16, 0.15), 20, 0.02) * lungs
    if has("nodule"):
        added += 0.24 * ellipse(y, x, (0.1, 0.6), (0.05, 0.05), 0, 0.012) * lungs
    if has("fibrosis"):
        mesh = (np.abs(clouds(rng, 2.6, 1.6)) < 0.22).astype(float)
        added += (0.15 * gaussian_filter(mesh, 0.7) + 0.05) * rise(y, 0.15) * lungs
    if has("hernia"):  # stomach behind the heart, with air over fluid
        stomach = ellipse(y, x, (floor - 0.16, 0.04), (0.18, 0.2), 0, 0.015)
        added += 0.1 * stomach - 0.22 * stomach * rise(floor - 0.17 - y, 0.01)
    return added


def chest_xray(
    rng: np.random.Generator, findings: Collection[str] = (), child: bool = False
) -> Array:
    """A chest with `findings` named as in ChestMNIST; one of a small child if `child`."""
    has = set(findings).__contains__
    y, x = wobble(rng, *grid(), 0.008, 26)
    x = x + rng.uniform(-0.03, 0.03)
    wide = rng.uniform(0.72, 0.78) if child else rng.uniform(0.83, 0.88)  # of the rib cage
    floor = rng.uniform(0.4, 0.46) if child else rng.uniform(0.5, 0.57)  # of the lungs
    floor += 0.14 if has("emphysema") else 0
    over = np.abs(x)

    # Trunk, neck, shoulders; a child's arms are held up.
    trunk_width = wide + (0.11 if child else 0.17) + 0.35 * rise(-0.5 - y, 0.09) + 0.03 * y
    body = np.sqrt(np.clip(1 - (over / trunk_width) ** 6, 0, None))
    body = body * rise(y + 1.02 - (0.62 if child else 0.34) * np.clip(over - 0.36, 0, None), 0.02)
    if child:
        arms = [curve([(-0.5, s * 0.85), (-0.75, s * 0.95), (-1.1, s * 0.98)]) for s in (-1, 1)]
        body = np.maximum(body, 0.8 * np.clip(strokes(arms, [34, 34], blur=4), 0, 1))
    belly = rise(y - floor - 0.1, 0.1)
    density = (0.5 + 0.13 * belly) * body

    # Lungs let the rays through.
    lungs = np.zeros_like(y)
    for side in (-1, 1):
        dip = 0.12 if has("emphysema") else 0.75
        base = floor + (0.05 if side == 1 else 0) + dip * (x - side * 0.42 * wide / 0.82) ** 2
        outer = wide * (0.93 - 0.16 * np.clip(0.05 - y, 0, None) ** 1.6)
        outer = outer - 0.55 * np.clip(-y - 0.45, 0, None) ** 1.5
        apex = -0.86 + 1.2 * (over - 0.32) ** 2
        lung = rise(side * x - 0.1, 0.025) * rise(outer - side * x, 0.02)
        lungs = lungs + lung * rise(base - y, 0.015) * rise(y - apex, 0.03)
    air = 0.43 + (0.05 if has("emphysema") else 0) - (0.05 if child else 0)
    density = density - air * lungs * (0.75 + 0.25 * dome(y, over, (0.0, 0.45), (0.95, 0.55)))

    # Heart, great vessels, spine, windpipe.
    big = 1.4 if has("cardiomegaly") else 1.15 if has("edema") or child else 1.0
    heart = ellipse(y, x, (floor - 0.22, 0.14), (0.25 * (0.6 + 0.4 * big), 0.37 * big), -30, 0.025)
    right = ellipse(y, x, (floor - 0.22, -0.08), (0.26, 0.16 * big), 0, 0.025)
    upper = 0.2 if child else 0.13  # a small child's thymus is wide
    great = rise(upper - over + 0.05 * np.clip(y + 0.2, 0, None), 0.02) * rise(0.6 - y, 0.05)
    knob = ellipse(y, x, (-0.27, 0.13), (0.09, 0.085), 0, 0.02) * (not child)
    middle = np.maximum.reduce([heart, right, 0.85 * great, 0.85 * knob])
    density = density + 0.37 * middle * np.clip(lungs + 0.22, 0, 1)
    bodies = 0.8 + 0.2 * np.cos((y + 0.05 * y**2) * 2 * np.pi / 0.13)
    density = density + 0.1 * rise(0.085 - over, 0.015) * bodies
    windpipe = rise(0.045 - np.abs(x + 0.01), 0.012) * rise(-0.2 - y, 0.03)
    forks = [curve([(-0.22, -0.01), (-0.08, -0.16)]), curve([(-0.22, -0.01), (-0.06, 0.17)])]
    fork = strokes(forks, [7, 6], blur=1.5)
    density = density - 0.15 * np.maximum(windpipe, 0.6 * fork)
    vessels = _lung_vessels(rng) * (1 - 0.8 * middle)
    if has("pneumothorax"):  # a lung that has shrunk: its edge shows, no vessels outside it
        shrunk = ellipse(y, x, (0.12, 0.1), (0.62, 0.42), -8, 0.008)
        gone = (1 - shrunk) * lungs * (x > 0)
        edge = shrunk * (1 - shrunk) * 4 * lungs * (x > 0)
        vessels = vessels * (1 - gone)
        density = density - 0.05 * gone + 0.07 * edge + 0.07 * shrunk * lungs * (x > 0)
    density = density + (0.07 if has("emphysema") else 0.12) * vessels * lungs
    density = density + 0.014 * clouds(rng, 7, 3, 1.5) * lungs
    hila = sum(ellipse(y, x, (0.0, s * 0.19 + 0.02), (0.14, 0.06), 0, 0.05) for s in (-1, 1))
    density = density + 0.1 * hila * lungs * (1 - middle)

    # Bones.
    back, front, collars = [], [], []
    for side in (-1, 1):
        ribs_back, ribs_front = _ribs(side, wide, child)
        back, front = back + ribs_back, front + ribs_front
        tilt = rng.uniform(-0.03, 0.03)
        ends = (-0.6, side * 0.09), (-0.8 + tilt, side * 0.9)
        collars.append(curve([ends[0], (-0.76, side * 0.25), (-0.62 + tilt, side * 0.55), ends[1]]))
    thin = 0.75 if child else 1
    density = density + 0.075 * _tube(back, 11 * thin) * body * (1 - 0.5 * belly)
    density = density + 0.05 * _tube(front, 12 * thin) * (0.2 + 0.8 * lungs)
    density = density + 0.11 * _tube(collars, 11 * thin) * body
    for side in (-1, 1):
        edge = [(-0.68, side * 0.95), (-0.5, side * 0.66), (-0.1, side * 0.72), (0.1, side * 0.86)]
        blade = gaussian_filter(strokes([curve(edge)], [6]), 1.2)
        density = density + 0.04 * blade * body
        arm = [(-0.66, side * 0.99), (-0.3, side * 1.03), (0.2, side * 1.06)]
        if child:
            arm = [(-0.55, side * 0.87), (-0.78, side * 0.95), (-1.1, side * 0.98)]
        density = density + 0.14 * _tube([curve(arm)], 13 * thin) * body

    # Air in the stomach and, in a child, in the bowel.
    density = density - 0.14 * ellipse(y, x, (floor + 0.25, 0.42), (0.07, 0.15), 5, 0.025)
    if child:
        for _ in range(7):
            place, radii = rng.uniform((0.72, -0.5), (1.0, 0.6)), rng.uniform(0.05, 0.1, 2)
            density = density - 0.09 * ellipse(y, x, place, radii, rng.uniform(0, 180), 0.02)

    density = density + _findings(rng, y, x, lungs, middle, floor, has, child)
    density = gaussian_filter(np.clip(density, 0, None), 0.7)
    density = density + 0.006 * cloud(rng, 0.7) + 0.02 * cloud(rng, 60)
    return to_uint8(0.02 + np.tanh(1.45 * np.clip(density, 0, None)) * 0.98)
