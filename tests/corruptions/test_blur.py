"""The blurs against their definitions, written out slowly: loops, scipy, OpenCV and torch."""

import math
import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import partial
from math import ceil, cos, radians, sin
from operator import mul

import cv2
import numpy as np
import pytest
from scipy.ndimage import zoom
from support.sample_images import SHAPES, as_rgb, assert_pure, luma, parameters_of, sample_image

from medmnist_c.corruptions import blur
from medmnist_c.corruptions.blur import (
    _disk,
    defocus_blur,
    gaussian_blur,
    motion_blur,
    motion_blur_at,
    zoom_blur,
)
from medmnist_c.corruptions.exact.gaussian import gaussian
from medmnist_c.corruptions.exact.rounding import flat_within, floor_with_error_bound, resolve
from medmnist_c.corruptions.exact.sparse_kernel import SparseKernel

ANGLES = (-45.0, -31.7, -8.3, 0.0, 0.4, 14.2, 30.0, 45.0)


def plain_defocus(image: np.ndarray, radius: float, alias: float) -> np.ndarray:
    half, soft = (8, 3) if radius <= 8 else (radius, 5)
    own = np.arange(-half, half + 1)
    disk = np.array([[x * x + y * y <= radius**2 for x in own] for y in own], np.float32)
    kernel = cv2.GaussianBlur(disk / disk.sum(), (soft, soft), alias)
    unit = image.reshape(*image.shape[:2], -1) / 255.0
    channels = [cv2.filter2D(unit[..., one], -1, kernel) for one in range(unit.shape[2])]
    filtered = np.dstack(channels)
    levels = (np.clip(filtered, 0, 1) * 255).astype(np.uint8)
    # Next to a whole level OpenCV's own rounding decides, which is another one on each kind of
    # processor: there the sum is to be exact.
    padded = np.pad(
        image.reshape(unit.shape), [(kernel.shape[0], kernel.shape[1])] * 2 + [(0, 0)], "reflect"
    )
    rows, columns = np.nonzero(kernel > 1e-16)
    weights = [Fraction(float(one)) for one in kernel[rows, columns]]
    rows, columns = (
        rows + kernel.shape[0] - kernel.shape[0] // 2,
        columns + kernel.shape[1] - kernel.shape[1] // 2,
    )
    whole = np.rint(filtered * 255)
    for y, x, channel in np.argwhere(
        (abs(filtered * 255 - whole) < 1e-10) & (whole > 0) & (whole < 256)
    ):
        read = padded[y + rows, x + columns, channel].tolist()
        levels[y, x, channel] = min(255, int(sum(map(mul, weights, read))))
    return levels.reshape(image.shape)


def plain_motion(image: np.ndarray, radius: float, sigma: float, angle: float) -> np.ndarray:
    count = 2 * ceil(radius) + 1
    height, width = image.shape[:2]
    padded = np.pad(image, [(count, count)] * 2 + [(0, 0)] * (image.ndim - 2), mode="edge")
    weights = np.array([np.exp(-(i**2) / (2 * sigma**2)) for i in range(count)])
    weights /= weights.sum()
    total = np.zeros(image.shape)
    for i, weight in enumerate(weights):
        x = count + ceil(i * cos(radians(angle)) - 0.5)
        y = count + ceil(i * sin(radians(angle)) - 0.5)
        total += weight * (padded[y : y + height, x : x + width] * 257.0)
    return (np.floor(total + 0.5) // 257).astype(np.uint8)


def plain_zoom(image: np.ndarray, factors: tuple[float, ...]) -> np.ndarray:
    unit = (image / 255.0).astype(np.float32)
    height, width = unit.shape[:2]
    total = np.zeros_like(unit)
    for factor in factors:
        rows, columns = ceil(height / factor), ceil(width / factor)
        top, left = (height - rows) // 2, (width - columns) // 2
        part = unit[top : top + rows, left : left + columns]
        larger = zoom(part, (factor, factor, 1)[: unit.ndim], order=1)
        top, left = (larger.shape[0] - height) // 2, (larger.shape[1] - width) // 2
        total += larger[top : top + height, left : left + width]
    return (np.clip((unit + total) / (len(factors) + 1), 0, 1) * 255).astype(np.uint8)


def plain_gaussian(image: np.ndarray, size: int) -> np.ndarray:
    height, width = image.shape[:2]
    half = size // 2
    padded = np.pad(image, [(half, half)] * 2 + [(0, 0)] * (image.ndim - 2), mode="reflect")
    line = gaussian(size).line
    total = np.zeros(image.shape, np.float32)
    for y in range(size):
        for x in range(size):
            product = float(line[y] * line[x]) * padded[y : y + height, x : x + width]
            total = (product + total).astype(np.float32)
    return np.rint(total).astype(np.uint8)


# What torch 2.15 and torchvision 0.29 gave: the kernels of 3, 5, ... 33 pixels, 16 lines of float32.
TORCH_KERNELS_CRC32 = 0x795FEEC6


def some_angle(parameters: tuple) -> float:
    return ANGLES[zlib.crc32(repr(parameters).encode()) % len(ANGLES)]


CASES = [(defocus_blur, plain_defocus, one) for one in parameters_of("defocus_blur")]
CASES += [(zoom_blur, plain_zoom, one) for one in parameters_of("zoom_blur")]
CASES += [(gaussian_blur, plain_gaussian, one) for one in parameters_of("gaussian_blur")]
CASES += [
    (motion_blur_at, plain_motion, (*one, some_angle(one))) for one in parameters_of("motion_blur")
]
ONE_OF_EACH = [
    (defocus_blur, plain_defocus, (5, 0.2)),
    (motion_blur_at, plain_motion, (10, 7, -31.7)),
    (zoom_blur, plain_zoom, (tuple(np.arange(1, 1.31, 0.03).tolist()),)),
    (gaussian_blur, plain_gaussian, (13,)),
]


def name_of(value: object) -> str | None:
    return getattr(value, "__name__", None)


def awkward_images() -> dict[str, np.ndarray]:
    """Grey, 61 x 70: whatever brings many sums to the edge between two levels."""
    rows, columns = np.mgrid[:61, :70]
    noise = np.random.default_rng(3).integers(0, 256, (61, 70))
    inside = (abs(rows - 30) < 20) & (abs(columns - 35) < 24)
    images = {
        "flat areas": np.where(columns < 35, 200, 77),
        "flat disk": np.where(np.hypot(rows - 30, columns - 35) < 25, 170, 0),
        "white around noise": np.where(inside, noise, 255),
        "black around noise": np.where(inside, noise, 0),
        "flat around noise": np.where((rows > 50) & (columns > 60), noise, 131),
        "steps of one": rows // 2 + columns,
        "ramp": columns * 3,
        "one level apart": 100 + (rows + columns) % 2,
        "checkerboard": (rows // 3 + columns // 3) % 2 * 255,
        "stripes": rows // 4 % 2 * 254 + 1,
        "one pixel": (rows == 30) * (columns == 35) * 255,
        "two levels": noise % 2 * 255,
        "three levels": noise % 3 + 120,
        "coarse": np.kron(noise[:8, :9], np.ones((8, 8), int))[:61, :70],
    }
    return {name: one.astype(np.uint8) for name, one in images.items()}


@pytest.mark.parametrize("shape", SHAPES[:2])
@pytest.mark.parametrize(("function", "plain", "parameters"), CASES, ids=name_of)
def test_equals_the_definition(function, plain, parameters, shape):
    image = sample_image(shape)
    assert np.array_equal(function(image, *parameters), plain(image, *parameters))


@pytest.mark.parametrize(("function", "plain", "parameters"), ONE_OF_EACH, ids=name_of)
def test_equals_the_definition_at_full_size(function, plain, parameters):
    image = sample_image((224, 224))
    assert np.array_equal(function(image, *parameters), plain(image, *parameters))


@pytest.mark.parametrize(("function", "plain", "parameters"), ONE_OF_EACH, ids=name_of)
def test_awkward_images(function, plain, parameters):
    for name, image in awkward_images().items():
        assert np.array_equal(function(image, *parameters), plain(image, *parameters)), name


@pytest.mark.parametrize(("function", "plain", "parameters"), CASES, ids=name_of)
def test_constant_images(function, plain, parameters):
    """A flat image stays flat, though it may come out one level darker."""
    levels = range(256) if parameters in [one for *_, one in ONE_OF_EACH] else range(5, 256, 25)
    for level in levels:
        image = np.full((32, 32), level, np.uint8)
        result = function(image, *parameters)
        assert np.array_equal(result, plain(image, *parameters))
        assert result.min() == result.max()


@pytest.mark.parametrize(("function", "plain", "parameters"), CASES, ids=name_of)
def test_grey_equals_rgb_made_grey(function, plain, parameters):
    grey = sample_image((45, 52), seed=1)[..., 0]
    expected = function(grey, *parameters)
    assert np.array_equal(luma(function(as_rgb(grey), *parameters)), expected)
    assert np.array_equal(plain(grey, *parameters), expected)


@pytest.mark.parametrize("shape", [(32, 75), (75, 32), (41, 40)])
@pytest.mark.parametrize(("function", "plain", "parameters"), ONE_OF_EACH, ids=name_of)
def test_any_shape(function, plain, parameters, shape):
    image = sample_image(shape, seed=2)
    assert np.array_equal(function(image, *parameters), plain(image, *parameters))


@pytest.mark.parametrize(("function", "_", "parameters"), ONE_OF_EACH, ids=name_of)
def test_pure(function, _, parameters, tmp_path):
    def blur(image: np.ndarray) -> np.ndarray:
        return function(image, *parameters)

    image = sample_image((61, 45))
    assert_pure(blur, image, tmp_path)
    assert_pure(blur, image[..., 1], tmp_path)


def test_threads_with_empty_caches_agree():
    image = sample_image((61, 45))
    cases = [(defocus_blur, (2.25, 0.3)), (zoom_blur, ((1.0, 1.07),)), (gaussian_blur, (19,))] * 8
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda case: case[0](image, *case[1]), cases))
    for first, again in zip(results[:3] * 8, results, strict=True):
        assert np.array_equal(first, again)


# Motion blur


@pytest.mark.parametrize("angle", ANGLES)
def test_motion_blur_at_every_kind_of_angle(angle):
    image = sample_image((61, 45))
    for radius, sigma in [(20, 15), (3, 3), (0.5, 2.5)]:
        expected = plain_motion(image, radius, sigma, angle)
        assert np.array_equal(motion_blur_at(image, radius, sigma, angle), expected)


@pytest.mark.parametrize("stream", [np.random.RandomState, np.random.default_rng])
def test_motion_blur_draws_one_angle(stream):
    image, rng, same = sample_image((32, 40)), stream(5), stream(5)
    for _ in range(3):
        expected = motion_blur_at(image, 5, 5, same.uniform(-45, 45))
        assert np.array_equal(motion_blur(image, 5, 5, rng), expected)
    assert rng.uniform() == same.uniform()


def test_motion_blur_looks_to_one_side():
    """A single bright pixel leaves its trace only where the kernel reaches it from."""
    image = np.zeros((40, 40), np.uint8)
    image[20, 20] = 255
    assert np.argwhere(motion_blur_at(image, 5, 5, 0.0)).tolist() == [
        [20, x] for x in range(10, 21)
    ]


# Zoom blur


def test_zoom_blur_where_scipy_leaves_a_black_line():
    """136 pixels by 1.24: rounding puts scipy's last pixel outside of the image."""
    image = np.full((136, 136), 250, np.uint8)
    result = zoom_blur(image, (1.0, 1.24))
    assert result[-1].max() < 200 < result[:-1, :-1].min()
    assert np.array_equal(result, plain_zoom(image, (1.0, 1.24)))


@pytest.mark.parametrize("factors", [(1.0,), (1.2, 1.1), (1.0, 1.0, 1.5), (2, 5.3, 16)])
def test_zoom_blur_by_other_factors(factors):
    image = sample_image((50, 32))
    assert np.array_equal(zoom_blur(image, factors), plain_zoom(image, factors))


# Defocus blur


@pytest.mark.parametrize("radius", [0.5, 8.5, 9, 12])
@pytest.mark.parametrize("alias", [0.01, 0.6])
def test_defocus_blur_of_other_radii(radius, alias):
    """At 0.5 and 0.01 no pixel but the own counts: each sum is a whole level."""
    for image in (sample_image((61, 45)), *awkward_images().values()):
        expected = plain_defocus(image, radius, alias)
        assert np.array_equal(defocus_blur(image, radius, alias), expected)


DISKS_CRC32 = 0x4F9F29ED  # of all radii and softenings of the benchmark, and of wider ones


def test_the_disks_are_the_same_everywhere():
    parameters = [*parameters_of("defocus_blur"), (8.3, 0.55), (9, 0.6), (12, 1.5), (30.5, 0.9)]
    disks = b"".join(_disk(*one).tobytes() for one in parameters)
    assert zlib.crc32(disks) == DISKS_CRC32


@pytest.mark.skipif(
    "AVX2" in os.environ.get("OPENCV_CPU_DISABLE", "")
    or not cv2.checkHardwareSupport(cv2.CPU_AVX2 if hasattr(cv2, "CPU_AVX2") else 11)
    or tuple(map(int, cv2.__version__.split(".")[:2])) < (4, 13),
    reason="another OpenCV, or on another processor, rounds otherwise",
)
def test_the_disks_are_those_of_opencv_with_avx2():
    rng = np.random.default_rng(0)
    drawn = rng.uniform([0.5, 0.05], [20, 1.5], (60, 2)).tolist()
    for radius, alias in [*parameters_of("defocus_blur"), *drawn, (8, 0.45), (9, 0.6)]:
        wide = radius > 8
        own = np.arange(-radius, radius + 1) if wide else np.arange(-8, 9)
        disk = (own**2 + own[:, None] ** 2 <= radius**2).astype(np.float32)
        softened = cv2.GaussianBlur(disk / disk.sum(), [(3, 3), (5, 5)][wide], alias)
        assert np.array_equal(_disk(radius, alias), softened), (radius, alias)


# Gaussian blur


def test_the_gaussian_kernels_are_torchs():
    """To the last bit, though torch's own need not be the same on every processor."""
    lines = {size: gaussian(size).line for size in range(3, 34, 2)}
    for size, line in lines.items():
        steps = np.arange(size) - size // 2
        densities = np.exp(-(steps**2) / (2 * (0.15 * size + 0.35) ** 2))
        np.testing.assert_allclose(line, densities / densities.sum(), rtol=1e-6)
    assert zlib.crc32(b"".join(line.tobytes() for line in lines.values())) == TORCH_KERNELS_CRC32


@pytest.mark.parametrize(("size",), parameters_of("gaussian_blur"))
def test_gaussian_blur_is_torchs_convolution(size):
    """Not to the last bit here: torch's sums need not be the same on every processor."""
    torch = pytest.importorskip("torch")
    steps = torch.arange(size, dtype=torch.float32) - size // 2
    line = torch.exp(-0.5 * (steps / (0.15 * size + 0.35)) ** 2)
    line /= line.sum()
    kernel = torch.outer(line, line).expand(3, 1, size, size)
    different = total = 0
    for seed in range(3):
        image = sample_image((224, 224), seed)
        channels = torch.from_numpy(np.moveaxis(image, -1, 0)[None].astype(np.float32))
        padded = torch.nn.functional.pad(channels, [size // 2] * 4, mode="reflect")
        filtered = torch.nn.functional.conv2d(padded, kernel, groups=3).round()
        expected = np.moveaxis(filtered[0].numpy(), 0, -1)
        difference = abs(gaussian_blur(image, size) - expected)
        assert difference.max() <= 1
        different += np.count_nonzero(difference)
        total += difference.size
    assert different <= total / 10_000


# What they share


def test_what_the_floor_calls_certain_is_certain():
    rng = np.random.default_rng(0)
    exact = np.concatenate([rng.uniform(0, 255, 20_000), np.arange(256), np.arange(256) + 1e-5])
    error = 1e-3
    off = exact + rng.uniform(-0.9, 0.9, exact.shape) * error
    levels, indices = floor_with_error_bound(off.astype(np.float32), 0.25, error)
    certain = np.setdiff1d(np.arange(len(exact)), indices)
    assert np.array_equal(levels[certain], np.floor(exact[certain] + 0.25))
    near = abs(exact + 0.25 - np.rint(exact + 0.25))
    assert near[indices].max() < 3 * error
    assert set(np.flatnonzero(near < error / 20)) <= set(indices.tolist())


def test_resolve_asks_in_parts():
    asked = []

    def exact(indices: np.ndarray) -> np.ndarray:
        asked.append(len(indices))
        return indices % 200

    levels = np.zeros((100, 100), np.uint8)
    resolve(levels, np.arange(0, 10_000, 2), exact, 1 << 10)
    assert sum(asked) == 5000
    assert max(asked) < 1000
    expected = np.arange(10_000) % 200 * (np.arange(10_000) % 2 == 0)
    assert np.array_equal(levels.ravel(), expected)


def test_flat_within_sees_each_channel():
    image = np.full((40, 50, 3), 9, np.uint8)
    image[20, 30, 1] = 10
    rows, columns = np.mgrid[:40, :50]
    for channel in range(3):
        near = (abs(rows - 20) <= 2) & (abs(columns - 30) <= 4) & (channel == 1)
        assert np.array_equal(flat_within(image, 2, 4)[..., channel], ~near)


def test_the_fast_sum_keeps_within_its_error_bound():
    rng = np.random.default_rng(1)
    rows, columns = rng.integers(-9, 10, (2, 60))
    weights = rng.random(60)
    kernel = SparseKernel(rows, columns, weights / weights.sum(), cv2.BORDER_REFLECT_101)
    image = rng.integers(0, 256, (40, 35, 3)).astype(np.uint8)
    padded = np.pad(image, [(9, 9), (9, 9), (0, 0)], mode="reflect").astype(float)
    exact = sum(
        weight * padded[9 + y : 49 + y, 9 + x : 44 + x]
        for y, x, weight in zip(rows, columns, kernel.weights, strict=True)
    )
    padded = kernel.pad(image)
    assert abs(kernel.fast_sum(padded) - exact).max() < 0.01
    for levels, open_places in (kernel.floor_sums(padded, 0), kernel.floor_fast_sum(padded, 0)):
        assert len(open_places) < 0.02 * image.size
        off = np.flatnonzero(levels != exact.astype(np.uint8))
        assert set(off) <= set(open_places)
    read = kernel.levels_at(kernel.pad(image), np.arange(image.size))
    np.testing.assert_allclose(kernel.weights @ read, exact.ravel(), rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (partial(defocus_blur, radius=0, alias=0.1), "radius"),
        (partial(defocus_blur, radius=3, alias=float("nan")), "alias"),
        (partial(defocus_blur, radius=65, alias=0.1), "radius"),
        (partial(motion_blur_at, radius=-1, sigma=3, angle=0), "radius"),
        (partial(motion_blur_at, radius=3, sigma=0, angle=0), "sigma"),
        (partial(motion_blur_at, radius=3, sigma=3, angle=float("inf")), "angle"),
        (partial(zoom_blur, factors=()), "factors"),
        (partial(zoom_blur, factors=(1.0, 0.9)), "factors"),
        (partial(zoom_blur, factors=(1.0, 17)), "factors"),
        (partial(gaussian_blur, kernel_size=4), "kernel_size"),
        (partial(gaussian_blur, kernel_size=-1), "kernel_size"),
        (partial(gaussian_blur, kernel_size=65), "kernel_size"),
    ],
)
def test_parameters_out_of_range_are_refused(call, part):
    with pytest.raises(ValueError, match=part):
        call(sample_image((32, 40)))


@pytest.mark.parametrize(("function", "_", "parameters"), ONE_OF_EACH, ids=name_of)
def test_what_is_no_image_is_refused(function, _, parameters):
    with pytest.raises(TypeError, match="uint8"):
        function(np.zeros((40, 40, 3)), *parameters)
    with pytest.raises(ValueError, match="at least 28"):
        function(np.zeros((40, 27), np.uint8), *parameters)


def test_where_the_line_of_motion_blur_lies_depends_on_no_library_s_sine(monkeypatch):
    angles = [*np.linspace(-360, 360, 145), *np.random.RandomState(0).uniform(-45, 45, 200)]

    def lines() -> list[list]:
        kernels = [blur._motion_kernel(20, 15, angle) for angle in angles]
        return [[kernel.rows.tolist(), kernel.columns.tolist()] for kernel in kernels]

    quick = lines()
    monkeypatch.setattr(blur, "_UNSURE", np.inf)  # the exact sine for all
    exact = lines()
    assert quick == exact
    monkeypatch.setattr(blur, "_UNSURE", 1e-9)
    for wrong_by in (-4, 4):  # units in the last place
        for name, function in (("sin", math.sin), ("cos", math.cos)):

            def bad(x: float, function=function, wrong_by=wrong_by) -> float:
                return function(x) + wrong_by * math.ulp(function(x))

            monkeypatch.setattr(blur, name, bad)
        assert lines() == exact
