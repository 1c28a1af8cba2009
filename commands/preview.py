"""`medmnist-c preview`: one image under its corruptions, as a grid."""

from pathlib import Path

import click

from medmnist_c.augmentation.preview import preview as augmentation_sheet
from medmnist_c.augmentation.targeted import TargetedAugmentation
from medmnist_c.builder.configs import CleanConfig, find_config
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.settings import cache_folder
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.testset.preview import preview as preview_sheet
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.commands.options import Command, complete_dataset, source_options
from medmnist_c.corruptions.table import CORRUPTIONS


@click.command(cls=Command)
@click.argument("dataset", shell_complete=complete_dataset)
@click.option(
    "--corruption",
    multiple=True,
    help="Row of the grid, or what --augment draws from; may be repeated. [default: all]",
)
@click.option("--index", default=0, show_default=True, help="Number of the image.")
@click.option(
    "--augment",
    is_flag=True,
    help="Draws of TargetedAugmentation in place of the severities; --seed makes them the same again.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="PNG or JPEG. [default: {dataset}.png]",
)
@source_options
def preview(
    dataset: str,
    corruption: tuple[str, ...],
    index: int,
    augment: bool,
    output: Path | None,
    data_dir: Path | None,
    sample: bool,
    seed: int | None,
) -> None:
    """Draw one image of DATASET under its corruptions.

    At all severities, or augmented."""
    dataset_info(dataset)
    rows = [find_config(dataset, name, 1).corruption for name in corruption]
    source = ImageSource(seed, data_dir, sample)
    if augment:
        clean = TestSetSpec(CleanConfig(dataset), source).open(cache_folder())
        if not 0 <= index < clean.count:
            raise IndexError(
                f"There is no image {index} of {dataset}: they are numbered 0 to {clean.count - 1}."
            )
        transform = TargetedAugmentation(dataset, seed, corruptions=rows or None)
        sheet = augmentation_sheet(clean.image(index), transform)
    else:
        sheet = preview_sheet(
            dataset,
            rows or list(CORRUPTIONS[dataset]),
            index,
            source=source,
            cache_dir=cache_folder(),
        )
    output = output or Path(f"{dataset}_augmented.png" if augment else f"{dataset}.png")
    output.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(output)
    click.echo(f"{output}: {sheet.width} x {sheet.height}")
