"""Frontal chest X-ray, of adults and of small children, as sums of what the rays pass through."""

from collections.abc import Collection

import numpy as np
from scipy.ndimage import gaussian_filter

from phantoms.shapes import (
    Array,
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
    """Bones seen from the side: thick rims, thinner middle."""
    full, inner = strokes(paths, [width] * len(paths)), strokes(paths, [width * 0.55] * len(paths))
    return full - 0.42 * inner


def _ribs(side: int, slope: float, top: float, step: float, wide: float) -> tuple[list, list]:
    back, front = [], []
    for k in range(10):
        y = top + k * step
        reach = wide * (0.62 + 0.38 * np.sin(min(1.0, (k + 1.5) / 5.5) * np.pi / 2))
        back.append(
            curve([(y, side * 0.06), (y - 0.13, side * 0.45 * reach), (y - 0.02, side * 1.05 * reach),
                   (y + slope + 0.12, side * reach)])
        )
        if k < 7:
            front.append(
                curve([(y + slope + 0.1, side * reach), (y + slope + 0.24, side * 0.98 * reach),
                       (y + slope + 0.33, side * 0.62 * reach), (y + slope + 0.3, side * 0.3 * reach)])
            )
    return back, front


def _lung_vessels(rng: np.random.Generator, heart_shift: float) -> Array:
    paths, widths = [], []
    for side in (-1, 1):
        root = np.array([0.02, side * 0.2 + heart_shift])
        for angle in np.linspace(-1.25, 1.3, 11) + rng.normal(0, 0.08, 11):
            length = rng.uniform(0.35, 0.6)
            out = np.array([np.sin(angle), side * np.cos(angle)]) * length
            trunk = curve([root, root + out * 0.5 + rng.normal(0, 0.04, 2), root + out])
            paths.append(trunk)
            widths.append(np.linspace(4, 0.6, 40))
            for at in (12, 20, 28):
                turn = rng.normal(0, 0.55)
                tip = out * rng.uniform(0.3, 0.5) @ [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
                paths.append(curve([trunk[at], trunk[at] + 0.5 * tip + rng.normal(0, 0.02, 2), trunk[at] + tip]))
                widths.append(np.linspace(1.8, 0.5, 40))
    return strokes(paths, widths, blur=0.9)


def chest_xray(
    rng: np.random.Generator, findings: Collection[str] = (), child: bool = False
) -> Array:
    """A chest with `findings` named as in ChestMNIST; one of a small child if `child`."""
    y0, x0 = grid()
    y, x = wobble(rng, y0, x0, 0.008, 26)
    x = x + rng.uniform(-0.03, 0.03)
    has = set(findings).__contains__
    wide = rng.uniform(0.8, 0.86) if not child else rng.uniform(0.7, 0.76)
    floor = rng.uniform(0.5, 0.58) if not child else rng.uniform(0.44, 0.5)
    floor += 0.14 if has("emphysema") else 0
    curvature = 0.12 if has("emphysema") else 0.75

    # The trunk, shoulders and arms.
    shoulders = 0.28 * rise(-0.45 - y, 0.1)
    trunk_width = wide + 0.12 + shoulders + (0.05 * y if not child else 0)
    body = np.sqrt(np.clip(1 - (np.abs(x) / trunk_width) ** 4, 0, None))
    neck = rise(y + 1.02 - 0.9 * np.clip(np.abs(x) - 0.35, 0, None), 0.02)
    body = body * neck
    if child:  # raised arms
        for side in (-1, 1):
            arm = rise(0.13 - np.abs(x - side * (1.02 + 0.25 * (y + 0.6))), 0.02) * rise(-0.35 - y, 0.08)
            body = np.maximum(body, 0.75 * arm)
    else:
        for side in (-1, 1):
            arm = rise(0.12 - np.abs(x - side * (1.07 - 0.03 * y)), 0.03) * rise(y + 0.35, 0.1)
            body = np.maximum(body, 0.6 * arm)
    density = 0.62 * body

    # Lungs let the rays through.
    lungs = np.zeros_like(y)
    lines = {}
    for side in (-1, 1):
        middle = side * 0.46 * wide / 0.82
        base = floor + (0.06 if side == 1 else 0) + curvature * (x - middle * 0.9) ** 2
        lines[side] = base
        outer = wide * (0.88 - 0.13 * np.clip(-y - 0.05, 0, None) ** 1.2 - 0.42 * np.clip(-y - 0.42, 0, None) ** 1.4)
        apex = -0.82 + 1.1 * (np.abs(x) - 0.3) ** 2
        lung = rise(side * x - 0.1, 0.025) * rise(outer - side * x, 0.02)
        lungs = lungs + lung * rise(base - y, 0.015) * rise(y - apex, 0.03)
    air = 0.47 + (0.06 if has("emphysema") else 0) - (0.04 if child else 0)
    depth = 0.75 + 0.25 * dome(y, np.abs(x), (0.0, 0.45), (0.95, 0.55))
    density = density - air * lungs * depth

    # Heart, great vessels, spine, windpipe.
    big = 1.42 if has("cardiomegaly") else 1.15 if has("edema") or child else 1.0
    heart = ellipse(y, x, (floor - 0.24, 0.12), (0.27 * (0.6 + 0.4 * big), 0.34 * big), -28, 0.03)
    heart = np.maximum(heart, ellipse(y, x, (floor - 0.22, -0.08), (0.25, 0.15 * big), 0, 0.03))
    upper = 0.13 if not child else 0.2
    mediastinum = rise(upper - np.abs(x) + 0.04 * np.clip(y + 0.2, 0, None), 0.02) * rise(0.6 - y, 0.05)
    knob = ellipse(y, x, (-0.27, 0.13), (0.09, 0.085), 0, 0.02) if not child else 0 * y
    mass_of_heart = np.maximum(np.maximum(heart, 0.9 * mediastinum), 0.85 * knob)
    density = density + 0.36 * mass_of_heart * np.clip(lungs + 0.25, 0, 1)
    spine = rise(0.085 - np.abs(x), 0.015) * (0.8 + 0.2 * np.cos((y + 0.05 * y**2) * 2 * np.pi / 0.13))
    density = density + 0.1 * spine
    windpipe = rise(0.045 - np.abs(x + 0.01), 0.012) * rise(-0.2 - y, 0.03)
    fork = strokes([curve([(-0.22, -0.01), (-0.1, -0.16)]), curve([(-0.22, -0.01), (-0.08, 0.17)])], [7, 6], blur=1.5)
    density = density - 0.15 * np.maximum(windpipe, 0.7 * fork)
    vessels = _lung_vessels(rng, 0.02)
    if has("pneumothorax"):  # a fallen lung: its edge, no vessels outside it
        edge = wide * 0.88 - 0.24 + 0.22 * np.clip(y + 0.1, 0, None)
        gone = rise(x - edge, 0.006) * lungs
        rim = np.exp(-(((x - edge) / 0.012) ** 2)) * lungs * (x > 0)
        vessels = vessels * (1 - gone)
        density = density - 0.12 * gone + 0.06 * rim + 0.1 * lungs * (x > 0) * (1 - gone)
    strength = 0.11 if not has("emphysema") else 0.06
    density = density + strength * vessels * lungs + 0.012 * clouds(rng, 6, 3, 1.5) * lungs
    hila = sum(ellipse(y, x, (0.0, s * 0.19 + 0.02), (0.13, 0.07), 0, 0.05) for s in (-1, 1))
    density = density + 0.08 * hila * lungs

    # Bones.
    back, front = [], []
    for side in (-1, 1):
        b, f = _ribs(side, 0.1 if not child else 0.02, -0.68, 0.135 if not child else 0.12, wide)
        back += b
        front += f
    chest_wall = rise(wide * 0.97 - np.abs(x), 0.02) * rise(y + 0.95, 0.05)
    density = density + 0.085 * _tube(back, 9 if not child else 7) * chest_wall
    density = density + 0.05 * _tube(front, 10 if not child else 7) * chest_wall * (0.3 + 0.7 * lungs)
    collar = []
    for side in (-1, 1):
        tilt = rng.uniform(-0.03, 0.03)
        collar.append(curve([(-0.6, side * 0.09), (-0.72, side * 0.25), (-0.62 + tilt, side * 0.5), (-0.76 + tilt, side * 0.85)]))
    density = density + 0.12 * _tube(collar, 10 if not child else 7) * body
    for side in (-1, 1):
        blade = curve([(-0.62, side * 0.98), (-0.5, side * 0.72), (-0.1, side * 0.78), (0.12, side * 0.9)])
        density = density + 0.045 * gaussian_filter(strokes([blade], [7]), 1.2) * body
        bone = curve([(-0.62, side * 1.0), (-0.2, side * 1.06), (0.4, side * 1.09)])
        if child:
            bone = curve([(-0.5, side * 0.95), (-0.75, side * 1.02), (-1.0, side * 1.12)])
        density = density + 0.16 * _tube([bone], 15 if not child else 10)

    # Under the diaphragm, and the stomach's bubble of air.
    bubble = ellipse(y, x, (floor + 0.25, 0.42), (0.07, 0.14), 5, 0.025)
    density = density - 0.13 * bubble
    density = density + 0.05 * rise(y - floor - 0.15, 0.1) * body

    # Findings.
    def opacity(centre, radii, amount, blotchy=0.35):
        shape = ellipse(y, x, centre, radii, 0, 0.07)
        return amount * shape * np.clip(1 + blotchy * clouds(rng, 10, 5, 3), 0.1, 1.8) * lungs

    if has("pneumonia") or has("consolidation"):
        side = rng.choice([-1, 1])
        density = density + opacity((0.3, side * 0.42), (0.26, 0.24), 0.27)
        if child:
            density = density + opacity((-0.12, -side * 0.36), (0.26, 0.2), 0.2, 0.5)
            density = density + opacity((0.1, side * 0.3), (0.4, 0.24), 0.12, 0.5)
    if has("infiltration"):
        density = density + opacity((0.1, -0.4), (0.3, 0.25), 0.16, 0.6)
        density = density + opacity((-0.1, 0.42), (0.3, 0.22), 0.13, 0.6)
    if has("atelectasis"):
        plates = [curve([(0.3, -0.25), (0.27, -0.45), (0.3, -0.68)]), curve([(0.36, -0.3), (0.35, -0.5), (0.38, -0.62)])]
        density = density + 0.16 * gaussian_filter(strokes(plates, [5, 4]), 0.8) * lungs
        density = density + opacity((0.42, -0.4), (0.12, 0.3), 0.16, 0.2)
    if has("effusion"):
        side = 1 if not has("atelectasis") else -1
        level = floor - 0.12 - 1.5 * np.clip(side * x - 0.35, 0, None) ** 1.6
        density = density + 0.4 * rise(y - level, 0.035) * lungs * (side * x > 0)
    if has("edema"):
        for side in (-1, 1):
            density = density + opacity((0.05, side * 0.32), (0.42, 0.26), 0.22, 0.45)
    if has("mass"):
        density = density + 0.3 * ellipse(y, x, (-0.12, -0.45), (0.15, 0.14), 20, 0.02) * lungs
    if has("nodule"):
        density = density + 0.22 * ellipse(y, x, (0.14, 0.52), (0.045, 0.045), 0, 0.012) * lungs
    if has("fibrosis"):
        mesh = np.abs(clouds(rng, 2.6, 1.6)) < 0.22
        lower = rise(y - 0.0, 0.15) * lungs
        density = density + 0.15 * gaussian_filter(mesh.astype(float), 0.7) * lower + 0.05 * lower
    if has("hernia"):
        round_ = ellipse(y, x, (floor - 0.16, 0.02), (0.17, 0.19), 0, 0.015)
        density = density + 0.12 * round_ - 0.3 * round_ * rise(floor - 0.16 - y, 0.01)

    density = gaussian_filter(density, 0.7) + 0.012 * cloud(rng, 0.8) * (0.4 + 0.6 * body)
    density = density + 0.02 * cloud(rng, 60)
    return to_uint8(0.02 + 0.97 * np.clip(density, 0, 1) ** 0.95)
