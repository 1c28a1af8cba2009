"""Corrupted images at 28, 64 and 128 pixels beside those at 224: digests, and a table of differences.

    python tools/reference/other_sizes.py

The images are the sample's, made smaller by the mean of the pixels (`write_sample`), under seed 0.
Writes `tests/reference/digests_other_sizes.json`: for each size, dataset and corruption the first 8
hex digits of the SHA-256 of the images' bytes, severities 1 to 5; and `docs/sizes.txt`: for each of
them the mean absolute difference from the clean images in levels and the structural similarity
(SSIM), at all sizes.
"""

import hashlib
import json
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from math import gcd
from pathlib import Path

import numpy as np
from skimage.metrics import structural_similarity

from medmnist_c.builder.configs import CleanConfig, CorruptedConfig
from medmnist_c.builder.dataset_info import PUBLISHED_SIZE, SIZES, dataset_info
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.source.sample import SAMPLE_FOLDER
from medmnist_c.builder.testset.spec import TestSet, TestSetSpec
from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES

OTHER_SIZES = SIZES[:-1]
SEED = 0
REPOSITORY = Path(__file__).resolve().parents[2]
DIGESTS = REPOSITORY / "tests" / "reference" / "digests_other_sizes.json"
TABLE = REPOSITORY / "docs" / "sizes.txt"


def smaller(image: np.ndarray, size: int) -> np.ndarray:
    """An image of `size` pixels a side: each pixel the rounded mean of its area, in whole numbers."""
    own = image.shape[0]
    times = size // gcd(own, size)
    parts = image.astype(np.int64).repeat(times, axis=0).repeat(times, axis=1)
    side = own * times // size
    sums = parts.reshape(size, side, size, side, *image.shape[2:]).sum(axis=(1, 3))
    return ((2 * sums + side * side) // (2 * side * side)).astype(np.uint8)


def write_sample(dataset: str, size: int, folder: Path) -> None:
    """The sample's images of a dataset at another size, as MedMNIST+ has files of that size."""
    with np.load(SAMPLE_FOLDER / dataset_info(dataset).file_name) as arrays:
        images, labels = arrays["test_images"], arrays["test_labels"]
    small = np.stack([smaller(image, size) for image in images])
    with zipfile.ZipFile(folder / dataset_info(dataset, size).file_name, "w") as archive:
        for name, array in (("test_images", small), ("test_labels", labels)):
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w") as file:
                np.lib.format.write_array(file, array)


def test_sets(dataset: str, size: int, folder: Path) -> Iterator[tuple[str, list[TestSet]]]:
    """The clean test set of a size, and of each corruption those of the five severities."""
    if size == PUBLISHED_SIZE:
        source = ImageSource(SEED, sample=True)
    else:
        write_sample(dataset, size, folder)
        source = ImageSource(SEED, folder, size=size)

    def opened(config: CleanConfig | CorruptedConfig) -> TestSet:
        return TestSetSpec(config, source).open(folder / "cache")

    yield "clean", [opened(CleanConfig(dataset))]
    for corruption in CORRUPTIONS[dataset]:
        yield (
            corruption,
            [opened(CorruptedConfig(dataset, corruption, severity)) for severity in SEVERITIES],
        )


def digest(test_set: TestSet) -> str:
    """8 hex digits over the bytes of its images, in order."""
    made = hashlib.sha256()
    for image in test_set.images():
        made.update(np.ascontiguousarray(image))
    return made.hexdigest()[:8]


def differences(test_set: TestSet, clean: list[np.ndarray]) -> tuple[float, float]:
    """The mean absolute difference in levels, and the mean SSIM."""
    absolute, similar = [], []
    for made, original in zip(test_set.images(), clean, strict=True):
        absolute.append(np.abs(made.astype(int) - original).mean())
        axis = None if made.ndim == 2 else 2
        similar.append(structural_similarity(original, made, data_range=255, channel_axis=axis))
    return float(np.mean(absolute)), float(np.mean(similar))


def main() -> None:
    digests: dict[str, dict[str, dict[str, str]]] = {}
    found: dict[tuple[int, str, str], list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as name:
        for size in SIZES:
            for dataset in CORRUPTIONS:
                sets = test_sets(dataset, size, Path(name))
                _, (clean,) = next(sets)
                originals = list(clean.images())
                for corruption, severities in sets:
                    key = (size, dataset, corruption)
                    found[key] = [differences(one, originals) for one in severities]
                    if size in OTHER_SIZES:
                        digests.setdefault(str(size), {}).setdefault(dataset, {})[corruption] = (
                            " ".join(map(digest, severities))
                        )
                print(size, dataset, file=sys.stderr)
    DIGESTS.write_text(json.dumps(digests, indent=0) + "\n")
    TABLE.write_text("\n".join(_lines(found)) + "\n")


def _lines(found: dict[tuple[int, str, str], list[tuple[float, float]]]) -> Iterator[str]:
    yield "The sample's images under every corruption, seed 0, severities 1 to 5, against the clean."
    yield "28, 64 and 128 pixels are not the published benchmark. By tools/reference/other_sizes.py."
    for title, part, form in (
        ("Mean absolute difference, levels of 0-255", 0, "{:6.2f}"),
        ("SSIM", 1, "{:6.3f}"),
    ):
        yield ""
        yield title
        columns = " | ".join(f"{f'{size} x {size}':^34}" for size in SIZES)
        yield f"{'dataset':15}{'corruption':17}{columns}".rstrip()
        for dataset, corruptions in CORRUPTIONS.items():
            for corruption in corruptions:
                cells = [
                    " ".join(form.format(one[part]) for one in found[size, dataset, corruption])
                    for size in SIZES
                ]
                yield f"{dataset:15}{corruption:17}{' | '.join(cells)}"


if __name__ == "__main__":
    main()
