"""Drawn stand-ins for modalities of which no openly licensed picture is at hand.

Each function draws one picture, 224 x 224 (x 3 for RGB) uint8, from a generator; the same generator
state gives the same bytes. They look like the modality from afar and mean nothing medically.
"""

import numpy as np
from scipy.ndimage import gaussian_filter

SIDE = 224
_ROWS, _COLUMNS = np.mgrid[:SIDE, :SIDE].astype(float)


def _texture(rng: np.random.Generator, scale: float) -> np.ndarray:
    """Smooth noise with structures of about `scale` pixels, mean 0, standard deviation 1."""
    field = gaussian_filter(rng.standard_normal((SIDE, SIDE)), scale, mode="wrap")
    return (field - field.mean()) / field.std()


def _blob(row: float, column: float, height: float, width: float, edge: float, turn: float = 0.0):
    """An ellipse with a soft edge: 1 inside, 0 outside. Sizes in pixels, `turn` in radians."""
    down, right = _ROWS - row, _COLUMNS - column
    u = (down * np.cos(turn) + right * np.sin(turn)) / height
    v = (right * np.cos(turn) - down * np.sin(turn)) / width
    distance = (np.hypot(u, v) - 1) * min(height, width)
    return 1 / (1 + np.exp(np.clip(distance / edge, -50, 50)))


def _bytes(picture: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def _mix(base: np.ndarray, colour: tuple, amount: np.ndarray) -> np.ndarray:
    return base + (np.array(colour, float) - base) * amount[..., None]


def dermatoscopy(rng: np.random.Generator) -> np.ndarray:
    """A pigmented lesion on skin, with a few hairs."""
    skin = np.array([214, 160, 140]) + 5 * _texture(rng, 12)[..., None]
    row, column = rng.uniform(95, 130, 2)
    size = rng.uniform(38, 70)
    wobble = 0.12 * _texture(rng, 16)
    distance = np.hypot(_ROWS - row, (_COLUMNS - column) * rng.uniform(0.8, 1.25)) / size + wobble
    lesion = 1 / (1 + np.exp((distance - 1) * 14))
    shade = np.clip(0.8 + 0.09 * _texture(rng, 6) + 0.25 * (1 - distance), 0.2, 1.1)
    brown = np.array([104, 62, 44]) * rng.uniform(0.75, 1.15)
    picture = skin + (brown - skin) * (lesion * shade)[..., None]
    for _ in range(rng.integers(0, 6)):
        start, slope, bend = (
            rng.uniform(0, SIDE),
            rng.uniform(-0.8, 0.8),
            rng.uniform(-0.003, 0.003),
        )
        line = start + slope * _COLUMNS + bend * (_COLUMNS - 112) ** 2
        picture = _mix(picture, (52, 36, 30), 0.8 * np.exp(-((_ROWS - line) ** 2) / 1.6))
    vignette = 1 - 0.25 * (np.hypot(_ROWS - 112, _COLUMNS - 112) / 158) ** 3
    return _bytes(picture * vignette[..., None])


def optical_coherence_tomography(rng: np.random.Generator) -> np.ndarray:
    """Retinal layers across, with speckle; fluid or drusen in some."""
    sag = rng.uniform(-12, 12) * ((_COLUMNS - 112) / 112) ** 2
    fovea = rng.uniform(0, 16) * np.exp(-((_COLUMNS - rng.uniform(80, 140)) ** 2) / 900)
    top = 70 + sag + fovea
    bottom = 128 + sag
    for _ in range(rng.integers(0, 4)):  # drusen lift the lowest layer
        bottom = bottom - rng.uniform(3, 9) * np.exp(
            -((_COLUMNS - rng.uniform(30, 190)) ** 2) / 160
        )
    depth = (_ROWS - top) / (bottom - top)
    layers = np.interp(
        depth.reshape(-1),
        [-0.02, 0.0, 0.14, 0.2, 0.36, 0.42, 0.56, 0.62, 0.84, 0.9, 0.94, 1.0, 1.1, 1.6, 2.4],
        [14, 150, 150, 90, 105, 62, 88, 52, 48, 130, 70, 205, 150, 90, 20],
    ).reshape(SIDE, SIDE)
    if rng.random() < 0.5:
        cyst = _blob(rng.uniform(90, 105), rng.uniform(70, 150), 9, 22, 1.5)
        layers = layers * (1 - 0.85 * cyst)
    speckle = 1 + 0.28 * _texture(rng, 0.9)
    return _bytes(gaussian_filter(layers * speckle, 0.7) + 6)


def breast_ultrasound(rng: np.random.Generator) -> np.ndarray:
    """Layered tissue with a dark nodule and the shadow or brightness behind it."""
    depth = _ROWS / SIDE
    tissue = 95 - 35 * depth + 22 * np.sin(_ROWS / rng.uniform(9, 14) + 1.2 * _texture(rng, 22))
    row, column = rng.uniform(85, 125), rng.uniform(85, 140)
    height, width = rng.uniform(18, 30), rng.uniform(26, 46)
    nodule = _blob(row, column, height, width, 2.2, rng.uniform(-0.3, 0.3))
    behind = _blob(row + 70, column, 70, width * 0.8, 6) * (row < _ROWS)
    tissue = tissue * (1 + rng.choice([-0.5, 0.4]) * behind)
    tissue = tissue * (1 - 0.82 * nodule) + 4
    speckle = np.abs(1 + 0.42 * gaussian_filter(rng.standard_normal((SIDE, SIDE)), (1.0, 1.6)) * 3)
    return _bytes(gaussian_filter(tissue * speckle, 0.6))


def _thorax(rng: np.random.Generator, width: float, haze: float) -> np.ndarray:
    body = _blob(125, 112, 130, 100 * width, 9)
    picture = 20 + 150 * body
    for side in (-1, 1):
        lung = _blob(108, 112 + side * 44 * width, 76, 33 * width, 5, side * 0.1)
        texture = 9 * _texture(rng, 3) * lung
        picture = picture - (104 - haze * rng.uniform(0, 60)) * lung + texture
        if haze and rng.random() < 0.7:
            patch = _blob(rng.uniform(110, 160), 112 + side * 44 * width, 26, 20, 9)
            picture = picture + 52 * patch * lung
        shoulder = _blob(22, 112 + side * 78 * width, 12, 55, 5, side * 0.25)
        picture = picture + 22 * shoulder * body
    heart = _blob(142, 112 + 13, 42, 34 * width, 5, 0.5)
    picture = picture + 88 * heart * (1 - 0.35 * (picture > 150))
    spine = np.exp(-((_COLUMNS - 112) ** 2) / 130) * body
    picture = picture + 34 * spine * (1 + 0.12 * np.sin(_ROWS / 3.2))
    for number in range(9):  # ribs fall away from the spine
        away = np.abs(_COLUMNS - 112) / 100
        line = 26 + number * 19 + 34 * away**1.6 - 16 * np.exp(-away * 9)
        picture = picture + 15 * np.exp(-((_ROWS - line) ** 2) / 11) * body * (away > 0.1)
    diaphragm = _blob(236, 112, 62, 120, 4)
    return picture + (190 - picture) * 0.75 * diaphragm * body


def chest_x_ray(rng: np.random.Generator) -> np.ndarray:
    """A frontal thorax of an adult: lungs, heart, ribs, diaphragm."""
    return _bytes(_thorax(rng, rng.uniform(0.95, 1.08), 0.0) + 2.2 * _texture(rng, 0.8))


def child_chest_x_ray(rng: np.random.Generator) -> np.ndarray:
    """A frontal thorax of a child, hazy where pneumonia is meant."""
    return _bytes(_thorax(rng, rng.uniform(0.78, 0.88), 1.0) + 2.2 * _texture(rng, 0.8))


def _abdomen(rng: np.random.Generator, spine: bool) -> np.ndarray:
    body = _blob(112, 112, 104, 92 * rng.uniform(0.9, 1.0), 2.5)
    fat = _blob(112, 112, 94, 80, 2.5)
    picture = 70 * body + 48 * fat
    organs = [
        (rng.uniform(70, 90), rng.uniform(70, 90), 44, 34, 46),
        (rng.uniform(80, 100), rng.uniform(140, 155), 28, 20, 36),
        (rng.uniform(140, 160), rng.uniform(75, 95), 22, 13, 62),
        (rng.uniform(140, 160), rng.uniform(130, 150), 22, 13, 62),
        (rng.uniform(165, 185), rng.uniform(100, 125), 16, 24, 18),
    ]
    for row, column, height, width, bright in organs:
        shape = _blob(row, column, height, width, 1.8, rng.uniform(-0.5, 0.5))
        picture = picture + bright * shape * fat
    for _ in range(6):  # bowel gas and loops
        row, column = rng.uniform(110, 190), rng.uniform(60, 165)
        picture = (
            picture - 60 * _blob(row, column, rng.uniform(4, 9), rng.uniform(5, 14), 1.5) * fat
        )
    if spine:
        for number in range(9):
            row, column = 20 + 24 * number, 160 + 7 * np.sin(number / 2.2)
            picture = picture + 110 * _blob(row, column, 9.5, 12, 1.4) * body
    else:
        picture = picture + 90 * _blob(112, 112, 90, 8, 2) * body
    return _bytes(gaussian_filter(picture, 0.8) + 4 * _texture(rng, 1.3) * body)


def coronal_ct(rng: np.random.Generator) -> np.ndarray:
    """An abdominal CT slice seen from the front, with the spine in the middle."""
    return _abdomen(rng, spine=False)


def sagittal_ct(rng: np.random.Generator) -> np.ndarray:
    """An abdominal CT slice seen from the side, with vertebrae along the back."""
    return _abdomen(rng, spine=True)


def kidney_cortex_microscopy(rng: np.random.Generator) -> np.ndarray:
    """One bright stained nucleus among dimmer neighbours, on black."""
    picture = 6 + 3 * _texture(rng, 4)
    for number in range(rng.integers(3, 7)):
        row, column = (112, 112) if number == 0 else rng.uniform(15, 209, 2)
        nucleus = _blob(row, column, rng.uniform(24, 44), rng.uniform(18, 34), 5, rng.uniform(0, 3))
        bright = rng.uniform(110, 190) if number == 0 else rng.uniform(35, 110)
        picture = np.maximum(picture, bright * nucleus * (1 + 0.16 * _texture(rng, 6)))
    return _bytes(gaussian_filter(picture, 2.0))
