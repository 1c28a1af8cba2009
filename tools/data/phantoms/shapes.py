"""What all phantoms are drawn with: coordinates, soft shapes, textures, strokes.

Images are float arrays, 0 black to 1 white. Coordinates run from -1 (top, left) to 1. A mask is
a float array from 0 (outside) to 1 (inside) with a soft edge.
"""

from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

SIZE = 224  # pixels a side
STROKE_SCALE = 4  # strokes are drawn this much larger, then averaged down: smooth edges

Array = np.ndarray


def grid(size: int = SIZE) -> tuple[Array, Array]:
    """The coordinates (y, x) of all pixels."""
    line = np.linspace(-1, 1, size)
    return np.meshgrid(line, line, indexing="ij")


def cloud(rng: np.random.Generator, sigma: float | tuple[float, float], size: int = SIZE) -> Array:
    """Smooth noise of mean 0 and deviation 1; `sigma` in pixels, also (vertical, horizontal)."""
    noise = gaussian_filter(rng.standard_normal((size, size)), sigma, mode="wrap")
    return (noise - noise.mean()) / noise.std()


def clouds(rng: np.random.Generator, *sigmas: float) -> Array:
    """Clouds of several sizes together, the first the strongest; deviation near 1."""
    weights = 0.6 ** np.arange(len(sigmas))
    total = sum(w * cloud(rng, sigma) for w, sigma in zip(weights, sigmas, strict=True))
    return total / np.sqrt((weights**2).sum())


def wobble(
    rng: np.random.Generator, y: Array, x: Array, amount: float, sigma: float = 16
) -> tuple[Array, Array]:
    """The coordinates, bent at random, so that what is drawn with them looks grown."""
    return y + amount * cloud(rng, sigma), x + amount * cloud(rng, sigma)


def rise(distance: Array, softness: float) -> Array:
    """0 far below zero, 1 far above it, a slope about `softness` wide between."""
    return 1 / (1 + np.exp(-np.clip(distance / softness, -40, 40)))


def ridge(distance: Array, width: float) -> Array:
    """1 where the distance is zero, falling to 0 on both sides."""
    return np.exp(-((distance / width) ** 2))


def ellipse(
    y: Array,
    x: Array,
    centre: tuple[float, float],
    radii: tuple[float, float],
    angle: float = 0,
    softness: float = 0.01,
) -> Array:
    """Mask of an ellipse; `centre` and `radii` as (y, x), `angle` in degrees, anticlockwise."""
    a = np.deg2rad(angle)
    dy, dx = y - centre[0], x - centre[1]
    along, across = dx * np.cos(a) - dy * np.sin(a), dx * np.sin(a) + dy * np.cos(a)
    radius = np.hypot(across / radii[0], along / radii[1])
    return rise((1 - radius) * min(radii), softness)


def dome(y: Array, x: Array, centre: tuple[float, float], radii: tuple[float, float]) -> Array:
    """Thickness of an ellipsoid seen from the front: 1 in the middle, 0 outside."""
    inside = 1 - ((y - centre[0]) / radii[0]) ** 2 - ((x - centre[1]) / radii[1]) ** 2
    return np.sqrt(np.clip(inside, 0, None))


def strokes(
    paths: list[Array], widths: list[float | Array], size: int = SIZE, blur: float = 0.5
) -> Array:
    """Mask of drawn lines: each path is N x 2 points (y, x), its width one or N numbers, in pixels."""
    side = size * STROKE_SCALE
    image = Image.new("L", (side, side))
    draw = ImageDraw.Draw(image)
    for path, width in zip(paths, widths, strict=True):
        points = (np.asarray(path) + 1) / 2 * (side - 1)
        for (y0, x0), (y1, x1), w in zip(
            points[:-1], points[1:], np.broadcast_to(width, len(points))[:-1], strict=True
        ):
            r = w * STROKE_SCALE / 2
            draw.line((x0, y0, x1, y1), fill=255, width=max(1, round(2 * r)))
            if r > 1:  # round joints
                draw.ellipse((x1 - r, y1 - r, x1 + r, y1 + r), fill=255)
    return gaussian_filter(np.asarray(image.reduce(STROKE_SCALE), float) / 255, blur)


def curve(points: list[tuple[float, float]], count: int = 40) -> Array:
    """A smooth path (Bézier) from the first point to the last, drawn towards those between."""
    t = np.linspace(0, 1, count)[:, None]
    layers = [np.broadcast_to(np.array(p, float), (count, 2)) for p in points]
    while len(layers) > 1:
        layers = [(1 - t) * a + t * b for a, b in pairwise(layers)]
    return layers[0]


def branches(
    rng: np.random.Generator, root: Array, out: Array, width: float
) -> tuple[list[Array], list[Array]]:
    """A vessel from `root`, as far as `out` reaches, and its side branches: paths and widths."""
    aside = out[::-1] * [1, -1] * rng.normal(0, 0.22)
    trunk = curve([root, root + 0.5 * out + aside, root + out])
    paths, widths = [trunk], [width * np.linspace(1, 0.12, len(trunk))]
    for at in (9, 16, 23, 30):
        turn = rng.choice([-1, 1]) * rng.uniform(0.4, 0.8)
        spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        tip = spin @ (out * rng.uniform(0.25, 0.5))
        middle = trunk[at] + 0.5 * tip + rng.normal(0, 0.03, 2)
        paths.append(curve([trunk[at], middle, trunk[at] + tip]))
        widths.append(width * np.linspace(0.45, 0.1, len(trunk)))
    return paths, widths


def cells(rng: np.random.Generator, y: Array, x: Array, spacing: float) -> tuple[Array, Array]:
    """A jittered net of cells: distance to the next wall, and a random number 0-1 for each cell."""
    line = np.arange(-1.6, 1.6, spacing)
    seeds = np.stack(np.meshgrid(line, line, indexing="ij"), -1).reshape(-1, 2)
    seeds += rng.uniform(-0.42, 0.42, seeds.shape) * spacing
    distance, index = cKDTree(seeds).query(np.stack([y, x], -1), k=2)
    return distance[..., 1] - distance[..., 0], rng.random(len(seeds))[index[..., 0]]


def blend(image: Array, mask: Array, colour: float | tuple[float, float, float]) -> Array:
    """The image with `colour` (grey or RGB) laid over it where the mask is."""
    if image.ndim == 3:
        mask = mask[..., None]
    return image * (1 - mask) + np.asarray(colour) * mask


def to_uint8(image: Array) -> Array:
    """The image as uint8, rounded."""
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
