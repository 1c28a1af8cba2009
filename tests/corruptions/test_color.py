"""Brightness, contrast, gamma and saturation, against Pillow and scikit-image called plainly."""

import zlib
from functools import partial

import numpy as np
import pytest
from PIL import Image, ImageEnhance
from skimage.color import hsv2rgb, rgb2hsv
from support.sample_images import SHAPES, as_rgb, assert_pure, luma, parameters_of, sample_image

from medmnist_c.corruptions.color import (
    _blend_with_grey,
    brightness,
    contrast,
    gamma_correction,
    saturate,
)


def plain_brightness(image: np.ndarray, factor: float) -> np.ndarray:
    return np.array(ImageEnhance.Brightness(Image.fromarray(image)).enhance(factor))


def plain_contrast(image: np.ndarray, factor: float) -> np.ndarray:
    return np.array(ImageEnhance.Contrast(Image.fromarray(image)).enhance(factor))


def plain_gamma(image: np.ndarray, gamma: float) -> np.ndarray:
    table = [int((255 + 1 - 1e-3) * pow(level / 255.0, gamma)) for level in range(256)]
    return np.array(Image.fromarray(image).point(table * 3))


def plain_saturate(image: np.ndarray, amount: float) -> np.ndarray:
    hsv = rgb2hsv(image / 255.0)
    hsv[..., 1] = np.clip(hsv[..., 1] + amount, 0, 1)
    return (np.clip(hsv2rgb(hsv), 0, 1) * 255).astype(np.uint8)


CASES = [
    (function, plain, one)
    for function, plain, algorithm in (
        (brightness, plain_brightness, "brightness"),
        (contrast, plain_contrast, "contrast"),
        (gamma_correction, plain_gamma, "gamma_correction"),
        (saturate, plain_saturate, "saturate"),
    )
    for (one,) in parameters_of(algorithm)
]
TABLES = [case for case in CASES if case[0] is not saturate]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("function", "plain", "parameter"), CASES)
def test_equals_the_library(function, plain, parameter, shape):
    image = sample_image(shape)
    assert np.array_equal(function(image, parameter), plain(image, parameter))


@pytest.mark.parametrize(("function", "plain", "parameter"), TABLES)
def test_grey_equals_rgb_made_grey(function, plain, parameter):
    grey = sample_image((61, 45))[..., 0]
    assert np.array_equal(function(grey, parameter), luma(plain(as_rgb(grey), parameter)))


@pytest.mark.parametrize("factor", [0.15, 1.8])
def test_contrast_turns_about_the_rounded_mean(factor):
    # Halves up and down: means of 100.49, 100.5 and 100.51.
    for brighter in (4900, 5000, 5100):
        grey = np.full((100, 100), 100, np.uint8)
        grey.reshape(-1)[:brighter] = 101
        for image in (grey, as_rgb(grey)):
            assert np.array_equal(contrast(image, factor), plain_contrast(image, factor))


@pytest.mark.parametrize("gamma", [0.0, 0.05, 1.0, 7.0])
def test_any_gamma_stays_in_range(gamma):
    levels = np.tile(np.arange(256, dtype=np.uint8), (32, 1))
    result = gamma_correction(levels, gamma)
    assert np.array_equal(as_rgb(result), plain_gamma(as_rgb(levels), gamma))
    assert result[0, 255] == 255


@pytest.mark.parametrize("factor", [float("nan"), float("inf"), -1e39])
@pytest.mark.parametrize("function", [brightness, contrast])
def test_factors_that_are_no_numbers_are_refused(function, factor):
    with pytest.raises(ValueError, match="factor"):
        function(sample_image((32, 32)), factor)


def test_every_mean_and_level_is_blended_as_on_x86():
    """The digest is of Pillow 11, 12 and 13 on x86-64; on ARM their own would be another."""
    tables = b"".join(
        _blend_with_grey(mean, factor).tobytes()
        for factor in (-0.7, 0.0, 0.15, 0.55, 0.9, 1.0, 1.15, 1.3, 1.8, 2.5, 9.1)
        for mean in range(256)
    )
    assert zlib.crc32(tables) == 0xF85F3A0C


@pytest.mark.parametrize("gamma", [-1.0, float("nan"), float("inf")])
def test_gamma_below_0_is_refused(gamma):
    with pytest.raises(ValueError, match="gamma"):
        gamma_correction(sample_image((32, 32)), gamma)


@pytest.mark.parametrize("amount", [0.0, 0.05, 0.17, 1.0, -0.3])
def test_saturate_over_the_whole_cube(amount):
    levels = np.unique(np.r_[0:256:13, 0:4, 126:130, 252:256])
    cube = np.stack(np.meshgrid(levels, levels, levels), axis=-1).astype(np.uint8)
    image = cube.reshape(len(levels), -1, 3)
    image = np.concatenate([image] * (1 + 32 // len(levels)))
    assert np.array_equal(saturate(image, amount), plain_saturate(image, amount))


def test_saturate_turns_grey_reddish():
    grey = as_rgb(np.full((32, 32), 200, np.uint8))
    result = saturate(grey, 0.25)
    assert np.all(result == [200, 150, 150])


def test_saturate_refuses_grey():
    with pytest.raises(ValueError, match="repeat its channel three times"):
        saturate(sample_image((32, 32))[..., 0], 0.1)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("function", [brightness, contrast, gamma_correction, saturate])
def test_pure(function, shape, tmp_path):
    image = sample_image(shape)
    half = partial(lambda function, image: function(image, 0.5), function)
    assert_pure(half, image, tmp_path)
    if function is not saturate:
        assert_pure(half, image[..., 2], tmp_path)
