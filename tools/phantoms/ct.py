"""Abdominal CT, coronal (from the front) and sagittal (from the side), soft-tissue window.

One body is drawn as functions of coordinates, so that a crop around an organ is only a matter of
other coordinates. Coronal: y runs from the shoulders (-1) to the knees (1), x from the patient's
right (-1) to the left. Sagittal: x runs from the front (-1) to the back (1).
"""

import numpy as np
from scipy.ndimage import gaussian_filter

from phantoms.shapes import Array, cloud, clouds, ellipse, grid, rise, to_uint8, wobble

AIR, LUNG, FAT, GUT, MUSCLE, BLOOD_POOL, LIVER, SPLEEN, KIDNEY, URINE, MARROW, BONE = (
    0.0, 0.03, 0.27, 0.5, 0.54, 0.78, 0.63, 0.66, 0.8, 0.47, 0.78, 1.0,
)

# Organ: (plane, centre y, x, half side of the crop)
CORONAL_CROPS = {
    "liver": ("front", (-0.3, -0.22), 0.42),
    "heart": ("front", (-0.6, 0.05), 0.36),
    "bladder": ("front", (0.58, 0.0), 0.34),
    "kidney-left": ("back", (-0.02, 0.3), 0.3),
    "kidney-right": ("back", (0.03, -0.3), 0.3),
    "spleen": ("back", (-0.26, 0.42), 0.3),
    "lung-left": ("back", (-0.66, 0.3), 0.38),
    "lung-right": ("back", (-0.66, -0.3), 0.38),
    "femur-left": ("front", (0.76, 0.42), 0.3),
    "femur-right": ("front", (0.76, -0.42), 0.3),
    "pancreas": ("front", (-0.1, 0.05), 0.3),
}
SAGITTAL_CROPS = {
    "liver": ("right", (-0.3, -0.1), 0.45),
    "kidney-right": ("right", (0.0, 0.2), 0.32),
    "heart": ("middle", (-0.6, -0.15), 0.38),
    "bladder": ("middle", (0.58, -0.12), 0.36),
    "pancreas": ("middle", (-0.12, 0.0), 0.36),
    "spleen": ("left", (-0.28, 0.28), 0.34),
    "kidney-left": ("left", (-0.02, 0.22), 0.32),
    "lung-left": ("left", (-0.7, 0.0), 0.42),
    "lung-right": ("right", (-0.7, 0.0), 0.42),
    "femur-left": ("left", (0.75, 0.05), 0.32),
    "femur-right": ("right", (0.75, 0.05), 0.32),
}


class _Slice:
    """A picture being painted, with the coordinates that it shows."""

    def __init__(self, rng: np.random.Generator, centre: tuple[float, float], half: float) -> None:
        self.rng = rng
        gy, gx = grid()
        self.half = half
        plain_y, plain_x = centre[0] + half * gy, centre[1] + half * gx
        self.y, self.x = wobble(rng, plain_y, plain_x, 0.008, 22)
        self.picture = np.full_like(gy, AIR)

    def paint(self, mask: Array, value: float | Array) -> None:
        self.picture = self.picture * (1 - mask) + value * mask

    def blob(self, centre, radii, value, angle=0.0) -> Array:
        mask = ellipse(self.y, self.x, centre, radii, angle, 0.006)
        self.paint(mask, value)
        return mask

    def trunk(self, outline: Array) -> None:
        """Skin, fat under it, and the muscle wall; `outline` is the distance inside the skin."""
        self.paint(rise(outline, 0.004), MUSCLE)
        self.paint(rise(outline - 0.008, 0.003), FAT)
        self.paint(rise(outline - 0.075, 0.005), MUSCLE)
        self.paint(rise(outline - 0.115, 0.005), FAT)

    def lungs(self, mask: Array) -> None:
        vessels = rise(clouds(self.rng, 2.5, 1.5) - 1.5, 0.2)
        self.paint(mask, LUNG + 0.35 * vessels)

    def gut(self, centre, radii, gas: float = 0.3) -> None:
        """Loops of bowel: walls, content, some gas."""
        rng = self.rng
        for _ in range(16):
            place = np.array(centre) + rng.uniform(-1, 1, 2) * radii
            r = rng.uniform(0.035, 0.06)
            shape = (r, r * rng.uniform(1, 1.7))
            angle = rng.uniform(0, 180)
            self.blob(place, shape, 0.6, angle)
            gas_inside = rng.random() < gas
            self.blob(place, np.array(shape) - 0.012, 0.02 if gas_inside else GUT, angle)

    def kidney(self, centre, angle: float) -> None:
        self.blob(centre, (0.15, 0.085), FAT, angle)
        self.blob(centre, (0.135, 0.07), 0.86, angle)
        inner = 1 if centre[1] < 0 else -1
        for k in np.linspace(-1, 1, 5):
            place = (centre[0] + 0.08 * k, centre[1] + inner * 0.004)
            self.blob(place, (0.018, 0.024), 0.7)
        self.blob((centre[0], centre[1] + inner * 0.045), (0.06, 0.032), FAT, angle)
        self.blob((centre[0], centre[1] + inner * 0.055), (0.02, 0.05), 0.75, angle)

    def vertebrae(self, middle: Array, width: float, top: float, bottom: float) -> None:
        """A column of bodies and discs about the line x = `middle`."""
        y, x, pitch = self.y, self.x - middle, 0.115
        phase = np.abs((y - top) % pitch - pitch / 2)
        within = rise(y - top, 0.005) * rise(bottom - y, 0.005)
        waist = width * (0.9 + 0.12 * (phase / (pitch / 2)) ** 2)
        column = rise(waist - np.abs(x), 0.004) * within
        self.paint(column, MUSCLE + 0.03)
        body = column * rise(0.043 - phase, 0.003)
        self.paint(body, BONE - 0.04)
        core = rise(waist - 0.013 - np.abs(x), 0.004) * rise(0.033 - phase, 0.003) * within
        self.paint(core, MARROW + 0.05 * clouds(self.rng, 3, 1.5))

    def bone(self, centre, radii, angle=0.0) -> None:
        self.blob(centre, radii, BONE, angle)
        marrow = MARROW - 0.03 + 0.04 * cloud(self.rng, 2)
        inner = np.maximum(np.array(radii) - 0.014, 0.004)
        self.paint(ellipse(self.y, self.x, centre, inner, angle, 0.005), marrow)

    def finish(self) -> Array:
        soft = gaussian_filter(self.picture, 0.9)
        return to_uint8(soft + 0.022 * gaussian_filter(self.rng.standard_normal(soft.shape), 0.9) * 2)


def _coronal_outline(y: Array, x: Array) -> Array:
    half = 0.66 - 0.06 * np.exp(-(((y - 0.1) / 0.3) ** 2)) + 0.05 * np.exp(-(((y - 0.6) / 0.3) ** 2))
    return half - np.abs(x)


def coronal_ct(rng: np.random.Generator, organ: str) -> Array:
    """A coronal slice, cropped around `organ` (a class name of OrganCMNIST)."""
    plane, centre, half = CORONAL_CROPS[organ]
    s = _Slice(rng, np.array(centre) + rng.uniform(-0.02, 0.02, 2), half * rng.uniform(0.95, 1.1))
    y, x = s.y, s.x
    s.trunk(_coronal_outline(y, x))
    dome_right = -0.5 + 1.6 * (x + 0.28) ** 2
    dome_left = -0.44 + 1.6 * (x - 0.3) ** 2
    cage = rise(0.52 - 0.32 * np.clip(-y - 0.62, 0, None) ** 1.3 - np.abs(x), 0.005)
    for side in (-1, 1):  # ribs, cut across
        for k, ry in enumerate(np.linspace(-0.92, 0.02, 8)):
            place = (ry, side * (0.565 - 0.25 * np.clip(-ry - 0.6, 0, None) + 0.003 * k))
            s.bone(place, (0.034, 0.02), side * -25)
    right = cage * rise(-0.07 - x, 0.005) * rise(dome_right - y, 0.005)
    left = cage * rise(x - 0.07, 0.005) * rise(dome_left - y, 0.005)
    s.lungs(np.maximum(right, left))
    chest = cage * rise(0.09 - np.abs(x), 0.01) * rise(-0.4 - y, 0.02)
    s.paint(chest, MUSCLE)

    if plane == "front":
        s.blob((-0.95, 0.0), (0.16, 0.028), AIR)  # windpipe
        s.blob((-0.78, 0.08), (0.12, 0.05), BLOOD_POOL)
        heart = s.blob((-0.58, 0.06), (0.19, 0.23), 0.6, -25)
        s.paint(ellipse(y, x, (-0.58, 0.11), (0.1, 0.1), -25, 0.008), BLOOD_POOL + 0.02)
        s.paint(ellipse(y, x, (-0.6, -0.08), (0.12, 0.06), 0, 0.008) * heart, BLOOD_POOL - 0.03)
        liver = cage * rise(y - dome_right - 0.012, 0.005)
        liver = liver * rise(-0.02 + 0.12 * np.cos(4 * x) - 0.9 * (x + 0.5) - y, 0.008)
        liver = liver * rise(0.18 - x, 0.01) * rise(0.51 - np.abs(x), 0.005)
        s.paint(liver, LIVER + 0.012 * clouds(rng, 12, 5))
        for p, a in (((-0.3, -0.25), 30), ((-0.24, -0.38), -30), ((-0.36, -0.1), 10), ((-0.2, -0.18), 60)):
            s.paint(ellipse(y, x, p, (0.012, 0.085), a, 0.006) * liver, BLOOD_POOL - 0.02)
        s.blob((-0.08, -0.24), (0.075, 0.045), 0.44, 20)  # gall bladder
        s.blob((-0.28, 0.3), (0.15, 0.17), 0.6, 30)  # stomach
        s.blob((-0.28, 0.3), (0.13, 0.15), GUT - 0.03, 30)
        s.paint(ellipse(y, x, (-0.33, 0.3), (0.07, 0.1), 10, 0.006), 0.02)
        s.gut((0.26, 0.0), (0.16, 0.34))
        s.blob((-0.1, 0.06), (0.035, 0.19), 0.58 + 0.03 * clouds(rng, 3, 2), 14)  # pancreas
        s.blob((0.0, 0.03), (0.12, 0.025), BLOOD_POOL)
        for side in (-1, 1):  # hips and thighs
            s.blob((0.42, side * 0.46), (0.16, 0.1), MUSCLE, side * 20)
            s.bone((0.4, side * 0.47), (0.16, 0.028), side * 22)
            s.blob((0.86, side * 0.4), (0.28, 0.17), MUSCLE)
            s.bone((0.72, side * 0.31), (0.05, 0.1), side * 35)  # socket
            s.bone((0.76, side * 0.38), (0.062, 0.066))
            s.bone((0.8, side * 0.45), (0.045, 0.07), side * -40)
            s.bone((0.95, side * 0.49), (0.2, 0.05))
            s.bone((0.8, side * 0.13), (0.03, 0.11), side * 15)
        s.blob((0.6, 0.0), (0.13, 0.18), 0.56)
        s.blob((0.6, 0.0), (0.117, 0.165), URINE)
    else:
        s.blob((-0.45, 0.06), (0.5, 0.035), BLOOD_POOL)  # aorta
        liver = cage * rise(y - dome_right - 0.012, 0.005) * rise(-0.1 - 0.4 * (x + 0.3) - y, 0.008)
        liver = liver * rise(-0.09 - x, 0.01)
        s.paint(liver, LIVER + 0.012 * clouds(rng, 12, 5))
        s.paint(ellipse(y, x, (-0.3, -0.3), (0.012, 0.1), 25, 0.006) * liver, BLOOD_POOL - 0.03)
        s.blob((-0.27, 0.43), (0.16, 0.085), SPLEEN, -20)
        for side in (-1, 1):  # psoas, pelvis
            s.blob((0.22, side * 0.17), (0.3, 0.065), MUSCLE, side * 12)
            s.bone((0.5, side * 0.38), (0.2, 0.045), side * 25)
            s.blob((0.72, side * 0.42), (0.22, 0.17), MUSCLE)
            s.bone((0.78, side * 0.42), (0.06, 0.06))
        s.vertebrae(0.01 * np.sin(3 * y), 0.065, -1.1, 0.5)
        s.kidney((-0.02, 0.27), 12)
        s.kidney((0.03, -0.28), -12)
        s.gut((0.22, 0.42), (0.12, 0.05), 0.5)
        s.gut((0.24, -0.42), (0.12, 0.05), 0.5)
    return s.finish()


def sagittal_ct(rng: np.random.Generator, organ: str) -> Array:
    """A sagittal slice, cropped around `organ` (a class name of OrganSMNIST)."""
    plane, centre, half = SAGITTAL_CROPS[organ]
    s = _Slice(rng, np.array(centre) + rng.uniform(-0.02, 0.02, 2), half * rng.uniform(0.95, 1.1))
    y, x = s.y, s.x
    front = -0.46 - 0.07 * np.exp(-(((y - 0.15) / 0.3) ** 2)) + 0.12 * np.clip(-y - 0.5, 0, None)
    back = 0.46 - 0.06 * np.exp(-(((y - 0.1) / 0.22) ** 2)) + 0.06 * np.exp(-(((y - 0.6) / 0.2) ** 2))
    s.trunk(np.minimum(x - front, back - x))
    inside = rise(x - front - 0.115, 0.005) * rise(back - 0.115 - x, 0.005)
    if plane != "middle":
        top = -0.5 if plane == "right" else -0.45
        diaphragm = top + 1.0 * (x + 0.08) ** 2 + 0.25 * np.clip(x, 0, None)
        s.lungs(inside * rise(diaphragm - y, 0.005) * rise(y + 1.02 - 0.5 * (x) ** 2, 0.01))
        for ry in np.linspace(-0.95, -0.02, 8):
            s.bone((ry, back[112].mean() - 0.09), (0.03, 0.018), 20)
            s.bone((ry + 0.1, -0.42 + 0.12 * max(0.0, -ry - 0.5)), (0.03, 0.017), -20)
        if plane == "right":
            liver = inside * rise(y - diaphragm - 0.012, 0.005) * rise(0.04 - 0.45 * (x + 0.1) - y, 0.01)
            s.paint(liver, LIVER + 0.012 * clouds(rng, 12, 5))
            for p, a in (((-0.3, -0.05), 35), ((-0.2, 0.05), -20), ((-0.28, -0.22), 10)):
                s.paint(ellipse(y, x, p, (0.014, 0.08), a, 0.006) * liver, BLOOD_POOL - 0.02)
            s.gut((0.25, -0.2), (0.14, 0.14))
        else:
            s.blob((-0.3, -0.12), (0.14, 0.15), 0.6, 20)  # stomach
            s.blob((-0.3, -0.12), (0.125, 0.135), GUT - 0.03, 20)
            s.paint(ellipse(y, x, (-0.35, -0.17), (0.06, 0.08), 0, 0.006), 0.02)
            s.blob((-0.27, 0.22), (0.13, 0.085), SPLEEN, 25)
            s.gut((0.12, -0.2), (0.24, 0.14))
        s.blob((0.2, 0.24), (0.28, 0.1), MUSCLE, 5)
        s.kidney((0.0, 0.2), 12)
        s.bone((0.46, 0.2), (0.17, 0.04), -25)
        s.blob((0.75, 0.12), (0.3, 0.28), MUSCLE)
        s.bone((0.66, 0.06), (0.05, 0.09), 20)
        s.bone((0.74, 0.03), (0.06, 0.062))
        s.bone((0.93, 0.03), (0.16, 0.045))
        return s.finish()

    diaphragm = -0.42 + 0.6 * (x + 0.1) ** 2
    s.lungs(inside * rise(diaphragm - 0.02 - y, 0.005) * rise(x + 0.32 - 0.2 * (y + 1), 0.01) * rise(-0.78 - y, 0.02))
    s.paint(inside * rise(diaphragm - y, 0.005) * rise(y + 0.82, 0.02), FAT + 0.02)
    heart = s.blob((-0.6, -0.12), (0.18, 0.2), 0.6, 30)
    s.paint(ellipse(y, x, (-0.55, -0.16), (0.1, 0.11), 30, 0.008) * heart, BLOOD_POOL)
    s.paint(ellipse(y, x, (-0.66, 0.0), (0.07, 0.08), 0, 0.008) * heart, BLOOD_POOL + 0.03)
    s.blob((-0.85, -0.02), (0.14, 0.06), BLOOD_POOL, 15)  # rising aorta
    s.blob((-0.9, 0.1), (0.16, 0.03), AIR, 8)  # windpipe
    s.bone((-0.7, -0.36), (0.22, 0.02), -8)  # breastbone
    spine = 0.2 - 0.09 * np.exp(-(((y - 0.15) / 0.25) ** 2)) + 0.04 * np.clip(y - 0.3, 0, None)
    aorta = rise(0.033 - np.abs(x - spine + 0.13), 0.005) * rise(y + 0.75, 0.01) * rise(0.24 - y, 0.02)
    s.paint(aorta, BLOOD_POOL)
    liver = inside * rise(y - diaphragm - 0.012, 0.005) * rise(-0.1 - 0.5 * (x + 0.15) - y, 0.01)
    liver = liver * rise(0.03 - x, 0.02)
    s.paint(liver, LIVER + 0.01 * clouds(rng, 12, 5))
    s.blob((-0.1, -0.04), (0.045, 0.06), 0.58 + 0.03 * clouds(rng, 3, 2))  # pancreas
    s.gut((0.2, -0.22), (0.2, 0.13))
    s.blob((0.1, 0.36), (0.5, 0.05), MUSCLE)
    canal = rise(0.02 - np.abs(x - spine - 0.09), 0.004)
    s.paint(canal * rise(0.5 - y, 0.01), MUSCLE - 0.05)
    s.vertebrae(spine, 0.062, -1.1, 0.42)
    for ry in np.arange(-1.0, 0.42, 0.115):
        s.bone((ry + 0.05, 0.345 - 0.09 * np.exp(-(((ry - 0.15) / 0.25) ** 2))), (0.022, 0.045), -25)
    s.bone((0.55, 0.27), (0.17, 0.05), 18)  # sacrum
    s.bone((0.72, -0.3), (0.055, 0.035), -20)  # pubic bone
    s.blob((0.6, -0.13), (0.12, 0.15), 0.56, 10)
    s.blob((0.6, -0.13), (0.108, 0.137), URINE, 10)
    s.blob((0.66, 0.1), (0.16, 0.05), 0.6, -10)  # rectum
    s.blob((0.66, 0.1), (0.14, 0.03), 0.4, -10)
    return s.finish()
