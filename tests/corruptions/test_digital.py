"""Coarse pixels and JPEG, against Pillow called plainly."""

import io
from functools import partial

import numpy as np
import pytest
from PIL import Image
from support.sample_images import SHAPES, as_rgb, assert_pure, luma, parameters_of, sample_image

from medmnist_c.corruptions.digital import jpeg_compression, pixelate


def plain_pixelate(image: np.ndarray, factor: float) -> np.ndarray:
    whole = Image.fromarray(image)
    small = whole.resize((int(whole.width * factor), int(whole.height * factor)), Image.BOX)
    return np.array(small.resize(whole.size, Image.BOX))


def plain_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.array(Image.open(io.BytesIO(file.getvalue())))


CASES = [(pixelate, plain_pixelate, one) for (one,) in parameters_of("pixelate")]
CASES += [(jpeg_compression, plain_jpeg, one) for (one,) in parameters_of("jpeg_compression")]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("function", "plain", "parameter"), CASES)
def test_equals_pillow(function, plain, parameter, shape):
    image = sample_image(shape)
    assert np.array_equal(function(image, parameter), plain(image, parameter))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("function", "plain", "parameter"), CASES)
def test_grey_equals_rgb_made_grey(function, plain, parameter, shape):
    grey = sample_image(shape)[..., 0]
    assert np.array_equal(function(grey, parameter), luma(plain(as_rgb(grey), parameter)))


def test_grey_jpeg_equals_rgb_at_every_quality():
    grey = sample_image((61, 45))[..., 0]
    for quality in range(1, 96):
        assert np.array_equal(
            jpeg_compression(grey, quality), luma(plain_jpeg(as_rgb(grey), quality))
        )


@pytest.mark.parametrize("size", [32, 33, 45, 61, 64, 100, 224])
def test_pixelate_equals_pillow_at_every_coarseness(size):
    image = sample_image((size, size))
    for small in range(1, size + 1):
        factor = (small + 0.5) / size if small < size else 1.0
        assert np.array_equal(pixelate(image, factor), plain_pixelate(image, factor))


def test_pixelate_keeps_at_least_one_pixel():
    assert len(np.unique(pixelate(sample_image((32, 40)), 0.001).reshape(-1, 3), axis=0)) == 1


@pytest.mark.parametrize(
    "function", [partial(pixelate, factor=0.3), partial(jpeg_compression, quality=9)]
)
@pytest.mark.parametrize("shape", SHAPES)
def test_pure(function, shape, tmp_path):
    image = sample_image(shape)
    assert_pure(function, image, tmp_path)
    assert_pure(function, image[..., 1], tmp_path)


@pytest.mark.parametrize(
    ("image", "error", "part"),
    [
        (np.zeros((40, 40, 3)), TypeError, "uint8"),
        (np.zeros((40, 40, 4), np.uint8), ValueError, r"\(40, 40, 4\)"),
        (np.zeros(40, np.uint8), ValueError, "height x width"),
        (np.zeros((27, 40, 3), np.uint8), ValueError, "at least 28"),
    ],
)
def test_what_is_no_image_is_refused(image, error, part):
    with pytest.raises(error, match=part):
        pixelate(image, 0.5)


@pytest.mark.parametrize("factor", [0, -0.5, 1.5, float("nan")])
def test_factors_that_do_not_shrink_are_refused(factor):
    with pytest.raises(ValueError, match="factor"):
        pixelate(sample_image((32, 32)), factor)


@pytest.mark.parametrize("shape", [(65_501, 32), (32, 65_501, 3)])
def test_item_18_a_side_too_long_for_jpeg_gets_one_sentence(shape):
    with pytest.raises(ValueError, match="up to 65,500 pixels a side, this one is"):
        jpeg_compression(np.zeros(shape, np.uint8), 50)
    longest = np.zeros((65_500, 32), np.uint8)
    assert jpeg_compression(longest, 50).shape == longest.shape
