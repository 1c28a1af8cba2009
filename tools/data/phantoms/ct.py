"""Abdominal CT, coronal (from the front) and sagittal (from the side), soft-tissue window.

One body is drawn as a function of coordinates, so that a crop around an organ is only a matter of
other coordinates. In all planes y runs from the shoulders (-1) to the thighs (1). Coronal: x runs
from the patient's right (-1) to the left. Sagittal: x runs from the front (-1) to the back.
"""

import numpy as np
from scipy.ndimage import gaussian_filter

from phantoms.shapes import (
    Array,
    branches,
    cloud,
    clouds,
    ellipse,
    grid,
    ridge,
    rise,
    strokes,
    to_uint8,
    wobble,
)

# How bright a tissue is in this window, from 0 to 1; veins and arteries hold contrast medium.
AIR, LUNG, FAT, MUSCLE = 0.0, 0.03, 0.27, 0.54
GUT_WALL, GUT_CONTENT, URINE, BILE, PANCREAS = 0.6, 0.49, 0.47, 0.44, 0.58
LIVER, SPLEEN, KIDNEY, HEART, VESSEL = 0.63, 0.66, 0.86, 0.6, 0.78
MARROW, BONE = 0.78, 1.0

Place = tuple[float, float]  # y, x
Part = tuple[Place, Place, float]  # an ellipse: centre, radii, angle in degrees

# Organ: (plane, centre of the crop, half its side)
CORONAL_CROPS: dict[str, tuple[str, Place, float]] = {
    "bladder": ("front", (0.58, 0.0), 0.34),
    "femur-left": ("front", (0.76, 0.42), 0.3),
    "femur-right": ("front", (0.76, -0.42), 0.3),
    "heart": ("front", (-0.6, 0.05), 0.36),
    "kidney-left": ("back", (-0.02, 0.3), 0.3),
    "kidney-right": ("back", (0.03, -0.3), 0.3),
    "liver": ("front", (-0.3, -0.22), 0.42),
    "lung-left": ("back", (-0.66, 0.3), 0.38),
    "lung-right": ("back", (-0.66, -0.3), 0.38),
    "pancreas": ("front", (-0.1, 0.05), 0.3),
    "spleen": ("back", (-0.26, 0.42), 0.3),
}
SAGITTAL_CROPS: dict[str, tuple[str, Place, float]] = {
    "bladder": ("middle", (0.58, -0.12), 0.36),
    "femur-left": ("left", (0.75, 0.05), 0.32),
    "femur-right": ("right", (0.75, 0.05), 0.32),
    "heart": ("middle", (-0.6, -0.15), 0.38),
    "kidney-left": ("left", (-0.02, 0.22), 0.32),
    "kidney-right": ("right", (0.0, 0.2), 0.32),
    "liver": ("right", (-0.3, -0.1), 0.45),
    "lung-left": ("left", (-0.7, 0.0), 0.42),
    "lung-right": ("right", (-0.7, 0.0), 0.42),
    "pancreas": ("middle", (-0.12, 0.0), 0.36),
    "spleen": ("left", (-0.28, 0.28), 0.34),
}


class _Slice:
    """An image being painted, and the coordinates that it shows."""

    def __init__(self, rng: np.random.Generator, centre: Place, half: float) -> None:
        self.rng = rng
        self.centre = np.array(centre) + rng.uniform(-0.02, 0.02, 2)
        self.half = half * rng.uniform(0.95, 1.1)
        y, x = grid()
        y, x = self.centre[0] + self.half * y, self.centre[1] + self.half * x
        self.y, self.x = wobble(rng, y, x, 0.008, 22)
        self.image = np.full_like(y, AIR)

    def paint(self, mask: Array, value: float | Array) -> None:
        self.image = self.image * (1 - mask) + value * mask

    def oval(self, centre: Place, radii: Place, angle: float = 0) -> Array:
        return ellipse(self.y, self.x, centre, radii, angle, 0.006)

    def blob(self, centre: Place, radii: Place, value: float | Array, angle: float = 0) -> None:
        self.paint(self.oval(centre, radii, angle), value)

    def trunk(self, depth: Array) -> None:
        """Skin, fat under it, the muscle wall; `depth` is the distance from the skin inwards."""
        for begin, softness, value in (
            (0, 0.004, MUSCLE),
            (0.008, 0.003, FAT),
            (0.075, 0.005, MUSCLE),
            (0.115, 0.005, FAT),
        ):
            self.paint(rise(depth - begin, softness), value)

    def lungs(self, mask: Array, *roots: Place) -> None:
        """Lungs, with the vessels that spread from `roots` and leave the slice here and there."""
        rng = self.rng
        paths, widths = [], []
        for root in roots:
            for angle in rng.uniform(0, 2 * np.pi, 14):
                out = rng.uniform(0.25, 0.5) * np.array([np.sin(angle), np.cos(angle)])
                more_paths, more_widths = branches(rng, np.array(root), out, 1.9 / self.half)
                paths += [(path - self.centre) / self.half for path in more_paths]
                widths += more_widths
        seen = rise(cloud(rng, 4) - 0.3, 0.25)
        self.paint(mask, LUNG + 0.45 * strokes(paths, widths, blur=0.8) * seen)

    def liver(self, mask: Array, *veins: Part) -> None:
        self.paint(mask, LIVER + 0.012 * clouds(self.rng, 12, 5))
        for vein in veins:
            self.paint(self.oval(*vein) * mask, VESSEL - 0.02)

    def stomach(self, centre: Place, radii: Place, bubble: Place, angle: float) -> None:
        self.blob(centre, radii, GUT_WALL, angle)
        self.blob(centre, (radii[0] - 0.018, radii[1] - 0.018), GUT_CONTENT - 0.02, angle)
        self.blob((centre[0] - 0.05, centre[1]), bubble, AIR)

    def gut(self, centre: Place, radii: Place, gas: float = 0.3) -> None:
        """Loops of bowel, side by side, some with gas in them."""
        rng = self.rng
        placed: list[Array] = []
        for _ in range(60):
            place = np.array(centre) + rng.uniform(-1, 1, 2) * radii
            if any(np.hypot(*(place - other)) < 0.085 for other in placed):
                continue
            placed.append(place)
            shape = rng.uniform(0.036, 0.05) * np.array([1, rng.uniform(1, 1.4)])
            angle = rng.uniform(0, 180)
            self.blob(place, shape, GUT_WALL, angle)
            self.blob(place, shape - 0.011, AIR if rng.random() < gas else GUT_CONTENT, angle)

    def kidney(self, centre: Place, angle: float) -> None:
        y, x = centre
        hilum = 1 if x < 0 else -1  # on the side of the spine
        self.blob(centre, (0.135, 0.07), KIDNEY, angle)
        for k in np.linspace(-0.08, 0.08, 5):  # medulla
            self.blob((y + k, x + hilum * 0.004), (0.018, 0.024), KIDNEY - 0.16)
        self.blob((y, x + hilum * 0.045), (0.06, 0.032), FAT, angle)
        self.blob((y, x + hilum * 0.055), (0.02, 0.05), VESSEL - 0.03, angle)

    def bone(self, *parts: Part) -> None:
        """One bone, of ellipses that have grown together."""
        marrow = MARROW - 0.03 + 0.04 * cloud(self.rng, 2)
        for centre, radii, angle in parts:
            self.blob(centre, radii, BONE, angle)
        for centre, radii, angle in parts:
            self.blob(centre, np.maximum(np.array(radii) - 0.014, 0.004), marrow, angle)

    def vertebrae(self, middle: Array, width: float, top: float, bottom: float) -> None:
        """A column of bodies and discs about the line x = `middle`."""
        pitch = 0.115
        across = np.abs(self.x - middle)
        along = np.abs((self.y - top) % pitch - pitch / 2)
        within = rise(self.y - top, 0.005) * rise(bottom - self.y, 0.005)
        edge = width * (0.9 + 0.12 * (along / (pitch / 2)) ** 2)
        column = rise(edge - across, 0.004) * within
        self.paint(column, MUSCLE + 0.03)
        self.paint(column * rise(0.043 - along, 0.003), BONE - 0.04)
        core = rise(edge - 0.013 - across, 0.004) * rise(0.033 - along, 0.003) * within
        self.paint(core, MARROW + 0.05 * clouds(self.rng, 3, 1.5))

    def finish(self) -> Array:
        noise = gaussian_filter(self.rng.standard_normal(self.image.shape), 0.9)
        return to_uint8(gaussian_filter(self.image, 0.9) + 0.035 * noise)


def _right_diaphragm(x: Array) -> Array:
    """Height of its dome, seen from the front."""
    return -0.5 + 1.6 * (x + 0.28) ** 2


def _coronal_chest(s: _Slice) -> Array:
    """Trunk, ribs and lungs; returns the mask of what lies within the ribs."""
    y, x = s.y, s.x
    waist = 0.06 * ridge(y - 0.1, 0.3)
    hips = 0.05 * ridge(y - 0.6, 0.3)
    s.trunk(0.66 - waist + hips - np.abs(x))
    for rib_y in np.linspace(-0.92, 0.02, 8):
        for side in (-1, 1):
            rib_x = side * (0.575 - 0.25 * max(0.0, -rib_y - 0.6))
            s.bone(((rib_y, rib_x), (0.034, 0.02), side * -25))
    cage = rise(0.52 - 0.32 * np.clip(-y - 0.62, 0, None) ** 1.3 - np.abs(x), 0.005)
    left_diaphragm = -0.44 + 1.6 * (x - 0.3) ** 2
    right = rise(-0.07 - x, 0.005) * rise(_right_diaphragm(x) - y, 0.005)
    left = rise(x - 0.07, 0.005) * rise(left_diaphragm - y, 0.005)
    s.lungs(cage * np.maximum(right, left), (-0.68, -0.1), (-0.68, 0.1))
    s.paint(cage * rise(0.09 - np.abs(x), 0.01) * rise(-0.4 - y, 0.02), MUSCLE)
    return cage


def _coronal_front(s: _Slice) -> None:
    y, x = s.y, s.x
    cage = _coronal_chest(s)
    s.blob((-0.95, 0.0), (0.16, 0.028), AIR)  # windpipe
    s.blob((-0.78, 0.08), (0.12, 0.05), VESSEL)
    s.blob((-0.58, 0.06), (0.19, 0.23), HEART, -25)
    s.blob((-0.58, 0.11), (0.1, 0.1), VESSEL + 0.02)
    s.paint(s.oval((-0.58, 0.06), (0.18, 0.22), -25) * s.oval((-0.6, -0.08), (0.12, 0.06)), VESSEL)
    lower_edge = -0.02 + 0.12 * np.cos(4 * x) - 0.9 * (x + 0.5)
    liver = cage * rise(y - _right_diaphragm(x) - 0.012, 0.005) * rise(lower_edge - y, 0.008)
    s.liver(
        liver * rise(0.18 - x, 0.01) * rise(0.51 - np.abs(x), 0.005),
        ((-0.3, -0.25), (0.012, 0.085), 30),
        ((-0.24, -0.38), (0.012, 0.085), -30),
        ((-0.36, -0.1), (0.012, 0.085), 10),
        ((-0.2, -0.18), (0.012, 0.085), 60),
    )
    s.blob((-0.08, -0.24), (0.075, 0.045), BILE, 20)
    s.stomach((-0.28, 0.3), (0.15, 0.17), (0.07, 0.1), 30)
    s.gut((0.26, 0.0), (0.16, 0.34))
    s.blob((-0.1, 0.06), (0.035, 0.19), PANCREAS + 0.03 * clouds(s.rng, 3, 2), 14)
    s.blob((0.0, 0.03), (0.12, 0.025), VESSEL)
    for side in (-1, 1):  # hips and thighs
        s.blob((0.42, side * 0.46), (0.16, 0.1), MUSCLE, side * 20)
        s.bone(((0.4, side * 0.47), (0.16, 0.028), side * 22))
        s.blob((0.86, side * 0.4), (0.28, 0.17), MUSCLE)
        s.bone(
            ((0.68, side * 0.31), (0.045, 0.11), side * 50),
            ((0.8, side * 0.14), (0.03, 0.12), side * 12),
        )
        s.bone(  # the femur's head, neck, trochanter and shaft
            ((0.76, side * 0.36), (0.066, 0.066), 0),
            ((0.8, side * 0.43), (0.04, 0.07), side * -40),
            ((0.84, side * 0.49), (0.07, 0.045), 0),
            ((1.05, side * 0.47), (0.24, 0.045), 0),
        )
    s.blob((0.6, 0.0), (0.13, 0.18), MUSCLE)
    s.blob((0.6, 0.0), (0.117, 0.165), URINE)


def _coronal_back(s: _Slice) -> None:
    y, x = s.y, s.x
    cage = _coronal_chest(s)
    s.blob((-0.45, 0.06), (0.5, 0.035), VESSEL)  # aorta
    lower_edge = -0.1 - 0.4 * (x + 0.3)
    liver = cage * rise(y - _right_diaphragm(x) - 0.012, 0.005) * rise(lower_edge - y, 0.008)
    s.liver(liver * rise(-0.09 - x, 0.01), ((-0.3, -0.3), (0.012, 0.1), 25))
    s.blob((-0.27, 0.43), (0.16, 0.085), SPLEEN, -20)
    for side in (-1, 1):
        s.blob((0.22, side * 0.17), (0.3, 0.065), MUSCLE, side * 12)  # psoas
        s.bone(((0.5, side * 0.38), (0.2, 0.045), side * 25))
        s.blob((0.72, side * 0.42), (0.22, 0.17), MUSCLE)
        s.gut((0.23, side * 0.42), (0.12, 0.05), 0.5)
    s.vertebrae(0.01 * np.sin(3 * y), 0.065, -1.1, 0.5)
    s.kidney((-0.02, 0.27), 12)
    s.kidney((0.03, -0.28), -12)


def _back_of(y: Array | float) -> Array | float:
    """Where the skin of the back lies, seen from the side."""
    return 0.46 - 0.06 * ridge(y - 0.1, 0.22) + 0.06 * ridge(y - 0.6, 0.2)


def _sagittal_trunk(s: _Slice) -> Array:
    """The trunk; returns the mask of what lies within its walls."""
    y, x = s.y, s.x
    front = -0.46 - 0.07 * ridge(y - 0.15, 0.3) + 0.12 * np.clip(-y - 0.5, 0, None)
    depth = np.minimum(x - front, _back_of(y) - x)
    s.trunk(depth)
    return rise(depth - 0.115, 0.005)


def _sagittal_side(s: _Slice, left: bool) -> None:
    y, x = s.y, s.x
    inside = _sagittal_trunk(s)
    diaphragm = (-0.45 if left else -0.5) + (x + 0.08) ** 2 + 0.25 * np.clip(x, 0, None)
    apex = -1.1 + 0.5 * x**2
    s.lungs(inside * rise(diaphragm - y, 0.005) * rise(y - apex, 0.01), (-0.65, 0.0))
    for rib_y in np.linspace(-0.95, -0.02, 8):
        s.bone(((rib_y, _back_of(rib_y) - 0.09), (0.03, 0.018), 20))
        s.bone(((rib_y + 0.1, -0.42 + 0.12 * max(0.0, -rib_y - 0.5)), (0.03, 0.017), -20))
    if left:
        s.stomach((-0.3, -0.12), (0.14, 0.15), (0.06, 0.08), 20)
        s.blob((-0.27, 0.22), (0.13, 0.085), SPLEEN, 25)
        s.gut((0.12, -0.2), (0.24, 0.14))
    else:
        below = rise(y - diaphragm - 0.012, 0.005)
        s.liver(
            inside * below * rise(0.04 - 0.45 * (x + 0.1) - y, 0.01),
            ((-0.3, -0.05), (0.014, 0.08), 35),
            ((-0.2, 0.05), (0.014, 0.08), -20),
            ((-0.28, -0.22), (0.014, 0.08), 10),
        )
        s.gut((0.25, -0.2), (0.14, 0.14))
    s.blob((0.2, 0.24), (0.28, 0.1), MUSCLE, 5)
    s.kidney((0.0, 0.2), 12)
    s.bone(((0.46, 0.2), (0.17, 0.04), -25))
    s.blob((0.75, 0.12), (0.3, 0.28), MUSCLE)
    s.bone(((0.62, 0.07), (0.05, 0.1), 25))
    s.bone(
        ((0.74, 0.03), (0.06, 0.062), 0),
        ((0.84, 0.05), (0.09, 0.05), 0),
        ((1.06, 0.05), (0.28, 0.042), 0),
    )


def _sagittal_middle(s: _Slice) -> None:
    y, x = s.y, s.x
    inside = _sagittal_trunk(s)
    diaphragm = -0.42 + 0.6 * (x + 0.1) ** 2
    s.paint(inside * rise(diaphragm - y, 0.005) * rise(y + 0.82, 0.02), FAT + 0.02)
    s.lungs(inside * rise(-0.78 - y, 0.02) * rise(x + 0.32 - 0.2 * (y + 1), 0.01), (-0.7, 0.0))
    s.blob((-0.6, -0.12), (0.18, 0.2), HEART, 30)
    s.blob((-0.55, -0.16), (0.1, 0.11), VESSEL, 30)
    s.blob((-0.66, 0.0), (0.07, 0.08), VESSEL + 0.03)
    s.blob((-0.85, -0.02), (0.14, 0.06), VESSEL, 15)  # rising aorta
    s.blob((-0.9, 0.1), (0.16, 0.03), AIR, 8)  # windpipe
    s.bone(((-0.7, -0.36), (0.22, 0.02), -8))  # breastbone
    lumbar = 0.09 * ridge(y - 0.15, 0.25)
    spine = 0.2 - lumbar + 0.04 * np.clip(y - 0.3, 0, None)
    aorta = rise(0.033 - np.abs(x - spine + 0.13), 0.005)
    s.paint(aorta * rise(y + 0.75, 0.01) * rise(0.24 - y, 0.02), VESSEL)
    below = rise(y - diaphragm - 0.012, 0.005)
    s.liver(inside * below * rise(-0.1 - 0.5 * (x + 0.15) - y, 0.01) * rise(0.03 - x, 0.02))
    s.blob((-0.1, -0.04), (0.045, 0.06), PANCREAS + 0.03 * clouds(s.rng, 3, 2))
    s.gut((0.2, -0.22), (0.2, 0.13))
    s.blob((0.1, 0.36), (0.5, 0.05), MUSCLE)
    s.paint(rise(0.02 - np.abs(x - spine - 0.09), 0.004) * rise(0.5 - y, 0.01), MUSCLE - 0.05)
    s.vertebrae(spine, 0.062, -1.1, 0.42)
    for process_y in np.arange(-0.95, 0.42, 0.115):  # spinous processes
        process_x = 0.345 - 0.09 * ridge(process_y - 0.2, 0.25)
        s.bone(((process_y, process_x), (0.022, 0.045), -25))
    s.bone(((0.55, 0.27), (0.17, 0.05), 18))  # sacrum
    s.bone(((0.72, -0.3), (0.055, 0.035), -20))  # pubic bone
    s.blob((0.6, -0.13), (0.12, 0.15), MUSCLE, 10)
    s.blob((0.6, -0.13), (0.108, 0.137), URINE, 10)
    s.blob((0.66, 0.1), (0.16, 0.05), GUT_WALL, -10)  # rectum
    s.blob((0.66, 0.1), (0.14, 0.03), GUT_CONTENT - 0.09, -10)


def coronal_ct(rng: np.random.Generator, organ: str) -> Array:
    """A coronal slice, cropped around `organ` (a class name of OrganCMNIST)."""
    plane, centre, half = CORONAL_CROPS[organ]
    s = _Slice(rng, centre, half)
    if plane == "front":
        _coronal_front(s)
    else:
        _coronal_back(s)
    return s.finish()


def sagittal_ct(rng: np.random.Generator, organ: str) -> Array:
    """A sagittal slice, cropped around `organ` (a class name of OrganSMNIST)."""
    plane, centre, half = SAGITTAL_CROPS[organ]
    s = _Slice(rng, centre, half)
    if plane == "middle":
        _sagittal_middle(s)
    else:
        _sagittal_side(s, left=plane == "left")
    return s.finish()
