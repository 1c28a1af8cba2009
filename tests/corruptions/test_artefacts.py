"""Stains, bubbles, round fields and text, against plain loops over Pillow's and OpenCV's calls."""

import importlib.util
from functools import partial
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage
from support.sample_images import SHAPES, as_rgb, assert_pure, luma, parameters_of, sample_image

from medmnist_c.corruptions.artefacts import black_corner, bubble, characters, stain_deposit
from medmnist_c.corruptions.stain_masks import own_masks

SEEDS = range(8)
MASKS = own_masks()


# The plain ways, for 224 x 224 only. Each starts from `image`, RGB, and draws from `rng`.


def plain_stain_deposit(image, max_marks, masks, rng):
    result = image.copy()
    size = masks.shape[1]
    count = rng.randint(1, max_marks) if max_marks > 1 else max_marks
    for _ in range(count):
        mask = masks[rng.randint(0, 9)]
        left = rng.randint(10, 224 - size - 10)
        top = rng.randint(10, 224 - size - 10)
        for row in range(size):
            for column in range(size):
                if mask[row, column] == 1:
                    result[top + row, left + column] = 0
    return result


def plain_bubble(image, max_radius, max_bubbles, rng):
    layer = Image.new("RGBA", (224, 224), (255, 255, 255, 0))
    draw = ImageDraw.Draw(layer)
    for _ in range(rng.randint(7, max_bubbles)):
        radius = rng.randint(3, max_radius)
        x = rng.randint(radius, 224 - radius)
        y = rng.randint(radius, 224 - radius)
        rim = radius + 2
        draw.ellipse((x - rim, y - rim, x + rim, y + rim), (255, 255, 255, 130))
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), (255, 255, 255, 100))
    result = Image.fromarray(image)
    result.paste(layer, mask=layer)
    return np.array(result)


def plain_characters(image, max_words, max_letters, max_scale, rng):
    if cv2.__version__[0] != "4":
        pytest.skip("OpenCV 5 has other letters; test_letters.py compares them by digest")
    result = image.copy()
    for _ in range(rng.randint(1, max_words)):
        letters = rng.randint(3, max_letters)
        scale = rng.randint(14, int(100 * max_scale)) / 100
        word = "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(letters))
        corner = rng.randint(10, 224 - 8 * letters), rng.randint(10, 214)
        colour = rng.randint(0, 255), rng.randint(0, 255), rng.randint(0, 255)
        font = cv2.FONT_HERSHEY_DUPLEX
        result = cv2.putText(result, word, corner, font, scale, colour, 1, cv2.LINE_AA)
    return result


def plain_black_corner(image, factor):
    field = np.zeros((224, 224), np.uint8)
    cv2.circle(field, (112, 112), int(112 * factor), 255, -1)
    result = image.copy()
    result[field != 255] = 0
    return result


STAINS = [(max_marks, MASKS[size]) for max_marks, size in parameters_of("stain_deposit")]
DRAWN = [(stain_deposit, plain_stain_deposit, one) for one in STAINS]
DRAWN += [(bubble, plain_bubble, one) for one in parameters_of("bubble")]
DRAWN += [(characters, plain_characters, one) for one in parameters_of("characters")]


@pytest.mark.parametrize(("function", "plain", "parameters"), DRAWN)
def test_equals_the_plain_way(function, plain, parameters):
    image = sample_image((224, 224))
    for seed in SEEDS:
        rng, plain_rng = Random(seed), Random(seed)
        expected = plain(image, *parameters, rng=plain_rng)
        assert np.array_equal(function(image, *parameters, rng=rng), expected)
        assert rng.getstate() == plain_rng.getstate()


@pytest.mark.parametrize(("function", "plain", "parameters"), DRAWN)
def test_grey_equals_rgb_made_grey(function, plain, parameters):
    grey = sample_image((224, 224))[..., 0]
    if function is characters:  # colours differ by channel
        with pytest.raises(ValueError, match="repeat its channel three times"):
            function(grey, *parameters, rng=Random(0))
        return
    rng, plain_rng = Random(1), Random(1)
    expected = luma(plain(as_rgb(grey), *parameters, rng=plain_rng))
    assert np.array_equal(function(grey, *parameters, rng=rng), expected)
    assert rng.getstate() == plain_rng.getstate()


@pytest.mark.parametrize("parameters", parameters_of("black_corner"))
def test_black_corner_equals_the_plain_way(parameters):
    image = sample_image((224, 224))
    assert np.array_equal(black_corner(image, *parameters), plain_black_corner(image, *parameters))
    expected = plain_black_corner(image[..., 1], *parameters)
    assert np.array_equal(black_corner(image[..., 1], *parameters), expected)


def test_black_corner_keeps_a_disc_of_any_shape():
    kept = black_corner(np.full((61, 45), 255, np.uint8), 1.0) == 255
    rows, columns = np.mgrid[:61, :45]
    distance = np.hypot(rows - 30, columns - 22)
    assert kept[distance <= 21.4].all()
    assert not kept[distance >= 23].any()


@pytest.mark.parametrize("shape", [(32, 32), (33, 200), (61, 45)])
@pytest.mark.parametrize(("function", "_", "parameters"), DRAWN)
def test_small_images_are_changed_at_some_place(function, _, parameters, shape):
    image = np.full((*shape, 3), 100, np.uint8)
    for seed in range(30):
        result = function(image, *parameters, rng=Random(seed))
        assert result.shape == image.shape
        if function is not characters:  # a word of a dim colour may leave no trace
            assert (result != image).any()


def test_stains_keep_the_margin_where_there_is_room():
    mask = np.ones((1, 24, 24), np.uint8)
    for side, margin in ((224, 10), (44, 10), (43, 9), (32, 4), (24 + 8, 4)):
        reached = np.zeros((side, side), bool)
        for seed in range(300):
            white = np.full((side, side), 255, np.uint8)
            reached |= stain_deposit(white, 1, mask, Random(seed)) == 0
        rows = reached.any(axis=1).nonzero()[0]
        assert rows[0] >= margin
        assert rows[-1] < side - margin


def test_a_mask_may_fill_the_image_but_not_more():
    image = sample_image((32, 40))
    assert (stain_deposit(image, 1, np.ones((1, 32, 40), bool), Random(0)) == 0).all()
    with pytest.raises(ValueError, match="33 x 40 pixels does not fit"):
        stain_deposit(image, 1, np.ones((1, 33, 40), bool), Random(0))


def test_one_stain_draws_no_number():
    class Counting(Random):
        calls = 0

        def randint(self, low, high):
            self.calls += 1
            return super().randint(low, high)

    one, two = Counting(3), Counting(3)
    stain_deposit(sample_image((61, 45)), 1, MASKS[24], one)
    stain_deposit(sample_image((61, 45)), 2, MASKS[24], two)
    assert one.calls == 2  # left and top
    assert two.calls in (3, 5)


@pytest.mark.parametrize("kind", [bool, np.uint8, np.uint64])
def test_masks_of_any_type_do(kind):
    image = sample_image((61, 45))
    expected = stain_deposit(image, 4, MASKS[24], Random(5))
    assert np.array_equal(stain_deposit(image, 4, MASKS[24].astype(kind), Random(5)), expected)


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (partial(stain_deposit, max_marks=0, masks=MASKS[24], rng=Random(0)), "max_marks"),
        (partial(bubble, max_radius=2, max_bubbles=9, rng=Random(0)), "max_radius"),
        (partial(bubble, max_radius=5, max_bubbles=6, rng=Random(0)), "max_bubbles"),
        (partial(characters, max_words=0, max_letters=5, max_scale=0.2, rng=Random(0)), "words"),
        (partial(characters, max_words=1, max_letters=2, max_scale=0.2, rng=Random(0)), "letters"),
        (partial(characters, max_words=1, max_letters=5, max_scale=0.1, rng=Random(0)), "scale"),
        (partial(characters, max_words=1, max_letters=9, max_scale=90, rng=Random(0)), "times"),
    ],
)
def test_empty_ranges_are_refused(call, part):
    with pytest.raises(ValueError, match=part):
        call(sample_image((61, 45)))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "function",
    [
        lambda image: stain_deposit(image, 4, MASKS[24], Random(2)),
        lambda image: bubble(image, 12, 15, Random(2)),
        lambda image: black_corner(image, 0.9),
        lambda image: characters(image, 6, 10, 0.18, Random(2)),
    ],
    ids=["stain_deposit", "bubble", "black_corner", "characters"],
)
def test_pure(function, shape, tmp_path):
    assert_pure(function, sample_image(shape), tmp_path)


# The project's own blots.


def test_the_blots_are_ten_different_ones_of_each_size():
    blots = own_masks()
    assert sorted(blots) == [24, 32]
    for size, masks in blots.items():
        assert masks.shape == (10, size, size)
        assert masks.dtype == np.uint8
        assert set(np.unique(masks)) == {0, 1}
        assert len({mask.tobytes() for mask in masks}) == 10
        for mask in masks:
            parts, _ = ndimage.label(mask)
            assert np.bincount(parts.ravel())[1:].max() >= 0.9 * mask.sum()


# Of the ten masks of `inks.npz` of medmnistc 0.1.0: mean and standard deviation of the coverage, means
# of the outline along pixels' edges (in outlines of the box), of the extent (in sides), of the parts.
REFERENCE_BLOTS = {24: (0.625, 0.094, 1.040, 0.938, 1.1), 32: (0.541, 0.046, 1.228, 0.908, 2.0)}


@pytest.mark.parametrize("size", REFERENCE_BLOTS)
def test_the_blots_cover_as_much_as_the_references_and_have_their_shape(size):
    masks = MASKS[size]
    coverage, deviation, outline, extent, parts = REFERENCE_BLOTS[size]
    coverages = masks.mean(axis=(1, 2))
    assert coverages.mean() == pytest.approx(coverage, rel=0.01)
    assert coverages.std() == pytest.approx(deviation, rel=0.2)
    padded = np.pad(masks.astype(int), [(0, 0), (1, 1), (1, 1)])
    edges = sum(np.abs(np.diff(padded, axis=axis)).sum() for axis in (1, 2))
    assert edges / (10 * 4 * size) == pytest.approx(outline, rel=0.03)
    spans = [np.ptp(np.flatnonzero(mask.any(axis=axis))) + 1 for mask in masks for axis in (0, 1)]
    assert np.mean(spans) / size == pytest.approx(extent, rel=0.03)
    assert np.mean([ndimage.label(mask)[1] for mask in masks]) == pytest.approx(parts, abs=0.1)


def test_the_tool_draws_the_same_blots_again(tmp_path, monkeypatch):
    root = Path(__file__).resolve().parents[2]
    spec = importlib.util.spec_from_file_location(
        "make_blots", root / "tools" / "data" / "make_blots.py"
    )
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    shipped = tool.TARGET.read_bytes()
    monkeypatch.setattr(tool, "TARGET", tmp_path / "blots.npz")
    tool.main()
    assert (tmp_path / "blots.npz").read_bytes() == shipped
