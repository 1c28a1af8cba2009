"""Noise: the reference's streams against numpy called plainly, other generators by statistics."""

import numpy as np
import pytest
from scipy import special, stats
from support.sample_images import SHAPES, assert_pure, parameters_of, sample_image

from medmnist_c.corruptions.noise import gaussian_noise, impulse_noise, shot_noise, speckle_noise
from medmnist_c.corruptions.random import compiled
from medmnist_c.corruptions.random.inverse_cdf import mask_of_uniforms_up_to


def cut(x: np.ndarray) -> np.ndarray:
    return (np.clip(x, 0, 1) * 255).astype(np.uint8)


def plain_gaussian(image, scale, rng):
    return cut(image / 255.0 + rng.normal(scale=scale, size=image.shape))


def plain_speckle(image, scale, rng):
    x = image / 255.0
    return cut(x + x * rng.normal(scale=scale, size=image.shape))


def plain_impulse(image, amount, rng):
    x = image / 255.0
    flipped = rng.random(image.shape) <= amount
    white = rng.random(image.shape) <= 0.5
    x[flipped & white] = 1
    x[flipped & ~white] = 0
    return cut(x)


def plain_shot(image, photons, rng):
    return cut(rng.poisson(image / 255.0 * photons) / photons)


def legacy(seed=0):
    return np.random.RandomState(seed)


def pcg(seed=0):
    return np.random.default_rng(seed)


def sfc(seed=0):
    return np.random.Generator(np.random.SFC64(seed))


def state(rng):
    """The state of a generator as something to compare."""
    if isinstance(rng, np.random.RandomState):
        return tuple(np.asarray(part).tolist() for part in rng.get_state())
    return repr(rng.bit_generator.state)


RELEASE = [
    (function, plain, stream, one)
    for function, plain, stream, algorithm in (
        (gaussian_noise, plain_gaussian, legacy, "gaussian_noise"),
        (speckle_noise, plain_speckle, legacy, "speckle_noise"),
        (impulse_noise, plain_impulse, pcg, "impulse_noise"),
        (shot_noise, plain_shot, legacy, "shot_noise"),
    )
    for (one,) in parameters_of(algorithm)
]
FUNCTIONS = [gaussian_noise, speckle_noise, impulse_noise, shot_noise]


@pytest.fixture(params=["compiled", "numpy"])
def either_way(request, monkeypatch):
    """With the compiled draws, where there are any, and without."""
    if request.param == "numpy":
        monkeypatch.setattr(compiled, "library", lambda: None)


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize(("function", "plain", "stream", "parameter"), RELEASE)
def test_equals_the_release_and_moves_its_stream_the_same(function, plain, stream, parameter):
    rng, plain_rng = stream(), stream()
    for number, shape in enumerate([(224, 224), (61, 45), (32, 32), (61, 45), (96, 64)]):
        image = sample_image(shape, number)
        assert np.array_equal(function(image, parameter, rng), plain(image, parameter, plain_rng))
        assert state(rng) == state(plain_rng)


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("scale", [0.0, 1e-6, 1e-3, 2.0, 100.0])
@pytest.mark.parametrize(
    ("function", "plain"), [(gaussian_noise, plain_gaussian), (speckle_noise, plain_speckle)]
)
def test_any_strength_of_normal_noise_equals_the_plain_way(function, plain, scale):
    rng, plain_rng = legacy(3), legacy(3)
    image = sample_image((61, 64))
    for _ in range(3):
        assert np.array_equal(function(image, scale, rng), plain(image, scale, plain_rng))
        assert state(rng) == state(plain_rng)


# ---- other generators: each byte is the inverse of its uniform


class Scripted:
    """Gives each byte a known u: a cell of 1/65536 at random, `place` (0-1) within the cell."""

    def __init__(self, count, place):
        self.cells = np.random.default_rng(8).integers(0, 1 << 16, count, dtype=np.uint16)
        self.u = (self.cells + place) / (1 << 16)
        self.place, self.given = place, 0

    def integers(self, low, high, size, dtype=np.int64):
        if high == 1 << 64:  # four cells each
            cells = self.cells[self.given : self.given + 4 * size]
            self.given += len(cells)
            return np.append(cells, np.zeros(-len(cells) % 4, np.uint16)).view(np.uint64)
        return np.full(size, int(self.place * high), dtype)

    def random(self, size):
        return np.full(size, self.place)


@pytest.mark.parametrize("place", [0.001, 0.25, 0.5, 0.999])
@pytest.mark.parametrize("scale", [0.05, 0.26, 0.6, 20.0])
@pytest.mark.parametrize("function", [gaussian_noise, speckle_noise])
def test_normal_noise_of_a_generator_inverts_its_uniforms(function, scale, place):
    image = sample_image((224, 224))
    rng = Scripted(image.size, place)
    noise = scale * special.ndtri(rng.u).reshape(image.shape)
    level = image.astype(float)
    exact = level + 255 * noise if function is gaussian_noise else level * (1 + noise)
    assert np.array_equal(function(image, scale, rng), np.clip(exact, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("place", [0.001, 0.25, 0.5, 0.999])
@pytest.mark.parametrize("photons", [0.5, 5, 18, 60.5, 300])
def test_shot_noise_of_a_generator_inverts_its_uniforms(photons, place):
    image = sample_image((224, 224))
    rng = Scripted(image.size, place)
    counts = np.arange(int(np.ceil(photons)) + 1)
    levels = image.reshape(-1)
    expected = np.empty_like(levels)
    for level in range(256):
        here = levels == level
        below = stats.poisson.cdf(counts[:-1], level / 255 * photons)
        expected[here] = cut(counts / photons)[np.searchsorted(below, rng.u[here], side="right")]
    assert np.array_equal(shot_noise(image, photons, rng).reshape(-1), expected)


@pytest.mark.parametrize("place", [0.001, 0.5, 0.999])
@pytest.mark.parametrize("limit", [0.0, 0.01, 0.17, 0.5, 1 / 3, 1.0])
def test_jumps_of_a_generator_go_by_its_uniforms(limit, place):
    rng = Scripted(150_528, place)
    mask = mask_of_uniforms_up_to(limit, 150_528, rng)
    assert np.array_equal(mask, np.where(rng.u <= limit, 255, 0))


# ---- other generators: the distribution, level by level


def levels_image(levels, count):
    """An image that holds each of `levels` count times, and where each lies."""
    image = np.repeat(np.array(levels, np.uint8), count).reshape(-1, 64, 3)
    return image, [slice(i * count, (i + 1) * count) for i in range(len(levels))]


def assert_fits(drawn, chances):
    """A chi-square test of bytes against the chances of the 256 levels; sparse ones are pooled."""
    expected = chances * len(drawn)
    seen = np.bincount(drawn, minlength=256)
    assert not seen[expected == 0].any()
    enough = expected >= 10
    seen = np.append(seen[enough], seen[~enough].sum())
    expected = np.append(expected[enough], expected[~enough].sum())
    if expected[-1] < 10:
        seen, expected = seen[:-1], expected[:-1]
    if len(seen) > 1:
        expected *= seen.sum() / expected.sum()
        assert stats.chisquare(seen, expected).pvalue > 1e-5


LEVELS = [0, 1, 2, 30, 101, 128, 200, 254, 255]
COUNT = 64 * 3 * 500  # of each level


def normal_chances(level, scale):
    """The chances of the bytes of a level with normal noise of `scale` levels."""
    if scale == 0:
        return np.eye(256)[level]
    edges = (np.arange(1, 256) - level) / scale
    return np.diff(np.concatenate([[0], stats.norm.cdf(edges), [1]]))


@pytest.mark.parametrize("stream", [pcg, sfc])
@pytest.mark.parametrize("scale", [0.04, 0.26])
def test_gaussian_noise_of_a_generator_is_normal(scale, stream):
    image, places = levels_image(LEVELS, COUNT)
    result = gaussian_noise(image, scale, stream(1)).reshape(-1)
    for level, place in zip(LEVELS, places, strict=True):
        assert_fits(result[place], normal_chances(level, 255 * scale))


@pytest.mark.parametrize("stream", [pcg, sfc])
@pytest.mark.parametrize("scale", [0.05, 0.6])
def test_speckle_noise_of_a_generator_is_normal(scale, stream):
    image, places = levels_image(LEVELS, COUNT)
    result = speckle_noise(image, scale, stream(2)).reshape(-1)
    for level, place in zip(LEVELS, places, strict=True):
        assert_fits(result[place], normal_chances(level, level * scale))


@pytest.mark.parametrize("stream", [pcg, sfc])
@pytest.mark.parametrize("photons", [0.5, 5, 7.3, 60, 300, 5000])
def test_shot_noise_of_a_generator_is_poisson(photons, stream):
    image, places = levels_image(LEVELS, COUNT)
    result = shot_noise(image, photons, stream(3)).reshape(-1)
    counts = np.arange(int(np.ceil(photons)) + 1)
    byte = cut(counts / photons)
    for level, place in zip(LEVELS, places, strict=True):
        rate = level / 255 * photons
        chances = np.zeros(256)
        np.add.at(chances, byte[:-1], stats.poisson.pmf(counts[:-1], rate))
        chances[255] += max(0.0, 1 - chances.sum())
        if rate == 0:
            chances = np.eye(256)[0]
        assert_fits(result[place], chances)


@pytest.mark.parametrize("level", [1, 60, 128])
def test_shot_noise_of_a_generator_has_the_mean_and_the_variance(level):
    image, photons = np.full((500, 200, 3), level, np.uint8), 200
    byte_of_count = cut(np.arange(photons + 1) / photons)  # all different
    counts = np.searchsorted(byte_of_count, shot_noise(image, photons, sfc(4)))
    rate = level / 255 * photons
    assert counts.mean() == pytest.approx(rate, abs=5 * np.sqrt(rate / image.size))
    assert counts.var() == pytest.approx(rate, rel=5 * np.sqrt((2 + 1 / rate) / image.size))


@pytest.mark.parametrize("function", [gaussian_noise, speckle_noise, shot_noise])
def test_a_generators_bytes_are_drawn_independently(function):
    image = np.full((224, 224, 3), 120, np.uint8)
    one, two = (function(image, 0.2 if function is not shot_noise else 20, sfc(s)) for s in (5, 6))
    assert abs(np.corrcoef(one.ravel(), two.ravel())[0, 1]) < 0.02
    for shift in (1, 3, 224 * 3):
        assert abs(np.corrcoef(one.ravel()[shift:], one.ravel()[:-shift])[0, 1]) < 0.02


@pytest.mark.parametrize("strength", [0.0, 1e-4])
@pytest.mark.parametrize("function", [gaussian_noise, speckle_noise])
def test_a_generators_noise_fades(function, strength):
    image = sample_image((61, 45))
    difference = function(image, strength, pcg()).astype(int) - image
    assert difference.max() <= 0 if strength == 0 else difference.max() <= 1
    assert difference.min() >= (0 if strength == 0 else -1)


def test_impulse_noise_has_its_share_of_black_and_white():
    image = np.full((500, 200, 3), 77, np.uint8)
    result = impulse_noise(image, 0.1, sfc(7))
    for value in (0, 255):
        share = np.mean(result == value)
        assert share == pytest.approx(0.05, abs=5 * np.sqrt(0.05 / image.size))
    assert set(np.unique(result)) == {0, 77, 255}


# ---- all


@pytest.mark.parametrize("stream", [legacy, pcg, sfc])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_pure(function, shape, stream, tmp_path):
    parameter = 30 if function is shot_noise else 0.12
    assert_pure(lambda image: function(image, parameter, stream(9)), sample_image(shape), tmp_path)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_grey_is_refused(function):
    with pytest.raises(ValueError, match="repeat its channel three times"):
        function(sample_image((61, 45))[..., 0], 0.1, pcg())


@pytest.mark.parametrize(
    ("function", "parameter", "name"),
    [
        (gaussian_noise, -0.1, "scale"),
        (speckle_noise, float("nan"), "scale"),
        (speckle_noise, 101, "scale"),
        (impulse_noise, -0.01, "amount"),
        (impulse_noise, 1.01, "amount"),
        (shot_noise, 0, "photons"),
        (shot_noise, -5, "photons"),
        (shot_noise, 1e7, "photons"),
    ],
)
def test_impossible_strengths_are_refused(function, parameter, name):
    with pytest.raises(ValueError, match=name):
        function(sample_image((32, 32)), parameter, pcg())
