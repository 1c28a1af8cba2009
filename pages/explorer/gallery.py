"""Which images the explorer shows, and their files."""

import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

import numpy as np
from PIL import Image

from medmnist_c.builder.arrow.encoding import encode
from medmnist_c.builder.configs import CleanConfig, Config, CorruptedConfig
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.errors import CleanDataError
from medmnist_c.builder.source.clean_cache import load_clean
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES
from medmnist_c.pages.errors import SiteError

QUALITIES = (95, 85)  # of WebP: the better one where it is small
_SMALL = 8000  # bytes; all images of the sample are 6 MB then, and 24 MB as PNG
SAMPLE = ImageSource(sample=True)


@dataclass(frozen=True)
class Shown:
    """An image of a dataset that the explorer shows, and what to say of it."""

    dataset: str
    index: int
    caption: str

    @property
    def folder(self) -> str:
        """Of its files, from the site's."""
        return f"images/{self.dataset}/{self.index}"


@dataclass(frozen=True)
class Gallery:
    """The images that are shown, where they come from, and how they are stored.

    exact: as PNG, pixel by pixel; else as WebP, which is a quarter as large.
    """

    source: ImageSource
    shown: tuple[Shown, ...]
    exact: bool = False

    @property
    def extension(self) -> str:
        return "png" if self.exact else "webp"

    def files(self, cache_dir: str | Path) -> Iterator[tuple[str, bytes]]:
        """Path, from the site's folder, and content of each file.

        Raises:
            SiteError: a test set has no image of that number.
            CleanDataError: a clean test set cannot be had.
        """
        for one in self.shown:
            for config in _configs_of(one.dataset):
                test_set = TestSetSpec(config, self.source).open(cache_dir)
                if not 0 <= one.index < test_set.count:
                    raise SiteError(
                        f"There is no image {one.index} of {one.dataset}: they are numbered 0 to "
                        f"{test_set.count - 1}."
                    )
                path = f"{one.folder}/{_name(config)}.{self.extension}"
                yield path, self._encoded(test_set.image(one.index))

    def _encoded(self, image: np.ndarray) -> bytes:
        if self.exact:
            return encode(image, "png")
        for quality in QUALITIES:
            file = io.BytesIO()
            Image.fromarray(image).save(file, "WEBP", quality=quality, method=4)
            if len(file.getvalue()) <= _SMALL:
                break
        return file.getvalue()


def sample_gallery(datasets: Sequence[str] = tuple(CORRUPTIONS)) -> Gallery:
    """One image of the package's sample for each of these datasets."""
    told = _sample_images()
    shown = [Shown(name, told[name]["index"], told[name]["shows"]) for name in datasets]
    return Gallery(SAMPLE, tuple(shown))


def own_gallery(
    data_dir: str | Path,
    datasets: Sequence[str] | None,
    indices: Sequence[int],
    seed: int,
    cache_dir: str | Path,
) -> Gallery:
    """Test images of MedMNIST+ files, under corruptions that are drawn from a seed, pixel by pixel.

    Args:
        data_dir: folder of the files.
        datasets: whose; None for all whose file is there.
        indices: numbers of test images, of each dataset.
        seed: the published draws of some corruptions need all images before to be drawn through.
        cache_dir: for the clean test sets.

    Raises:
        CleanDataError: there is no file of a dataset, or of any.
        SiteError: a test set has no image of that number.
    """
    source = ImageSource(seed, data_dir)
    found = [name for name in datasets or CORRUPTIONS if datasets or _has(source, name)]
    if not found:
        raise CleanDataError(
            f"There is no MedMNIST+ file of 224 pixels in {data_dir}, such as bloodmnist_224.npz; "
            "`medmnist-c fetch DATASET -o FOLDER` gets them."
        )
    caption = _labels(source, cache_dir)
    shown = [Shown(name, index, caption(name, index)) for name in found for index in indices]
    return Gallery(source, tuple(shown), exact=True)


@lru_cache(maxsize=1)
def _sample_images() -> dict[str, dict]:
    text = resources.files(__package__).joinpath("sample_images.json").read_text("utf-8")
    return dict(json.loads(text))


def _has(source: ImageSource, dataset: str) -> bool:
    try:
        TestSetSpec(CleanConfig(dataset), source).clean_source()
    except CleanDataError:
        return False
    return True


def _labels(source: ImageSource, cache_dir: str | Path) -> Callable[[str, int], str]:
    """What to say of an image: its number and its classes."""

    def caption(dataset: str, index: int) -> str:
        info = dataset_info(dataset)
        clean = load_clean(TestSetSpec(CleanConfig(dataset), source).open(cache_dir).clean_folder)
        if not 0 <= index < len(clean.labels):
            raise SiteError(
                f"There is no image {index} of {dataset}: they are numbered 0 to "
                f"{len(clean.labels) - 1}."
            )
        row = clean.labels[index]
        if info.multi_label:
            names = [name for name, yes in zip(info.labels, row, strict=True) if yes]
        else:
            names = [info.labels[int(row[0])]]
        return f"Test image {index}: {', '.join(names) or 'no finding'} ({info.license})."

    return caption


def _configs_of(dataset: str) -> Iterator[Config]:
    yield CleanConfig(dataset)
    for name in CORRUPTIONS[dataset]:
        for severity in SEVERITIES:
            yield CorruptedConfig(dataset, name, severity)


def _name(config: Config) -> str:
    if isinstance(config, CleanConfig):
        return "clean"
    return f"{config.corruption}_{config.severity}"
