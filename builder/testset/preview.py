"""A labelled grid of one image: corruptions down, the clean image and the severities across."""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from medmnist_c.builder.configs import CleanConfig, Config, CorruptedConfig
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.corruptions.image import IMAGE_SIZE
from medmnist_c.corruptions.table import SEVERITIES

_GAP = 8  # pixels
_LABEL_WIDTH = 250
_HEADER_HEIGHT = 48
_INK = (30, 30, 30)


def preview(
    dataset: str,
    corruptions: list[str],
    index: int,
    *,
    source: ImageSource,
    cache_dir: str | Path,
) -> Image.Image:
    """The grid as an RGB image.

    Args:
        dataset: which one.
        corruptions: rows, from top to bottom.
        index: number of the image in the clean test set.
        source: which images.
        cache_dir: for the clean test set.

    Raises:
        IndexError: the test set has no image of that number.
    """

    def image(one: Config) -> Image.Image:
        test_set = TestSetSpec(one, source).open(cache_dir)
        if not 0 <= index < test_set.count:
            raise IndexError(
                f"There is no image {index} in {one.name}: they are numbered 0 to "
                f"{test_set.count - 1}."
            )
        return Image.fromarray(test_set.image(index)).convert("RGB")

    columns = ["clean", *(f"severity {severity}" for severity in SEVERITIES)]
    cell = IMAGE_SIZE + _GAP
    size = (_LABEL_WIDTH + len(columns) * cell, _HEADER_HEIGHT + len(corruptions) * cell)
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(22)
    draw.text((_GAP, _HEADER_HEIGHT // 2), dataset, _INK, font, anchor="lm")
    for column, label in enumerate(columns):
        middle = _LABEL_WIDTH + column * cell + IMAGE_SIZE // 2
        draw.text((middle, _HEADER_HEIGHT // 2), label, _INK, font, anchor="mm")
    clean = image(CleanConfig(dataset))
    for row, corruption in enumerate(corruptions):
        top = _HEADER_HEIGHT + row * cell
        draw.text((_GAP, top + IMAGE_SIZE // 2), corruption, _INK, font, anchor="lm")
        sheet.paste(clean, (_LABEL_WIDTH, top))
        for severity in SEVERITIES:
            made = image(CorruptedConfig(dataset, corruption, severity))
            sheet.paste(made, (_LABEL_WIDTH + severity * cell, top))
    return sheet
