"""A labelled grid of one picture: corruptions down, the clean picture and the severities across."""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from medmnist_c.builder.configs import Configuration
from medmnist_c.builder.testset.spec import Recipe
from medmnist_c.corruptions.table import IMAGE_SIZE, SEVERITIES

_GAP = 8  # pixels
_LABEL_WIDTH = 250
_HEADER_HEIGHT = 48
_INK = (30, 30, 30)


def preview(
    dataset: str,
    corruptions: list[str],
    index: int,
    *,
    seed: int | None,
    data_dir: str | Path | None,
    sample: bool,
    cache_dir: str | Path,
) -> Image.Image:
    """The grid as an RGB picture.

    Args:
        dataset: which one.
        corruptions: rows, from top to bottom.
        index: number of the picture in the clean test set.
        seed, data_dir, sample, cache_dir: as `Recipe`.

    Raises:
        IndexError: the test set has no picture of that number.
    """

    def picture(one: Configuration) -> Image.Image:
        test_set = Recipe(one, seed, data_dir, sample).open(cache_dir)
        if not 0 <= index < test_set.count:
            raise IndexError(
                f"There is no picture {index} in {one.name}: they are numbered 0 to "
                f"{test_set.count - 1}."
            )
        return Image.fromarray(test_set.picture(index)).convert("RGB")

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
    clean = picture(Configuration(dataset))
    for row, corruption in enumerate(corruptions):
        top = _HEADER_HEIGHT + row * cell
        draw.text((_GAP, top + IMAGE_SIZE // 2), corruption, _INK, font, anchor="lm")
        sheet.paste(clean, (_LABEL_WIDTH, top))
        for severity in SEVERITIES:
            made = picture(Configuration(dataset, corruption, severity))
            sheet.paste(made, (_LABEL_WIDTH + severity * cell, top))
    return sheet
