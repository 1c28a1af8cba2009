"""Facts about the twelve MedMNIST+ datasets, read from the installed `medmnist` package.

`medmnist` itself imports torch; its table of facts, `medmnist/info.py`, needs nothing. So that file
is run by itself and the package around it is never imported.
"""

import importlib.util
import operator
import runpy
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import SupportsIndex

from medmnist_c.builder.errors import UnknownNameError
from medmnist_c.builder.splits import Split
from medmnist_c.builder.suggestions import nearest, shown
from medmnist_c.corruptions.image import IMAGE_SIZE
from medmnist_c.corruptions.table import CORRUPTIONS

SIZES = (28, 64, 128, IMAGE_SIZE)  # pixels a side, of MedMNIST+
PUBLISHED_SIZE = IMAGE_SIZE  # of the published benchmark
_UNNAMED = 28  # the size that file names and `medmnist.INFO` leave out


@dataclass(frozen=True)
class MedMNISTInfo:
    """One MedMNIST+ dataset, as `medmnist.INFO` states it.

    `labels` are the class names in the order of their numbers (for a multi-label dataset: the names
    of the yes/no labels), `size` is the side of the images in pixels (28, 64, 128 or 224), `md5` and
    `url` are those of the file of that size.
    """

    name: str
    grey: bool
    task: str
    labels: tuple[str, ...]
    train_count: int
    validation_count: int
    test_count: int
    license: str
    size: int
    url: str
    md5: str

    @property
    def multi_label(self) -> bool:
        return self.task.startswith("multi-label")

    @property
    def file_name(self) -> str:
        return f"{self.name}.npz" if self.size == _UNNAMED else f"{self.name}_{self.size}.npz"

    @property
    def image_shape(self) -> tuple[int, ...]:
        return (self.size, self.size) if self.grey else (self.size, self.size, 3)

    @property
    def image_count(self) -> int:
        """The images of all three splits."""
        return self.train_count + self.validation_count + self.test_count

    def count(self, split: Split) -> int:
        """The images of a split."""
        counts = {
            "train": self.train_count,
            "validation": self.validation_count,
            "test": self.test_count,
        }
        return counts[split]


@lru_cache(maxsize=1)
def medmnist_info() -> dict[str, dict]:
    """`medmnist.INFO`, as it stands in the installed package."""
    package = importlib.util.find_spec("medmnist")  # finds, does not import
    if package is None or package.origin is None:
        raise ModuleNotFoundError("There is no package medmnist; install it.", name="medmnist")
    return runpy.run_path(str(Path(package.origin).with_name("info.py")))["INFO"]


def dataset_info(name: str, size: int = PUBLISHED_SIZE) -> MedMNISTInfo:
    """Facts about the dataset `name`, e.g. "dermamnist", and its file of images of that size.

    Raises:
        TypeError: `name` is no string.
        UnknownNameError: no such dataset; the message names the nearest ones.
    """
    if not isinstance(name, str):
        raise TypeError(f"The dataset's name is a string such as 'octmnist', not {shown(name)}.")
    if name not in CORRUPTIONS:
        raise UnknownNameError(
            f"There is no dataset {shown(name)} in MedMNIST-C{nearest(name, CORRUPTIONS)}"
        )
    return _info_of(name, known_size(size))


def known_size(size: SupportsIndex) -> int:
    """`size` as an `int`, if MedMNIST+ has images of that side.

    Raises:
        TypeError: it is no whole number.
        ValueError: there are none of that size.
    """
    if isinstance(size, bool) or not hasattr(size, "__index__"):
        raise TypeError(f"The size is a whole number such as 64, not {shown(size)}.")
    if operator.index(size) not in SIZES:
        raise ValueError(
            f"MedMNIST+ has no images of size {size}; it has {', '.join(map(str, SIZES[:-1]))} and "
            f"{SIZES[-1]} pixels a side, and the published benchmark {PUBLISHED_SIZE}."
        )
    return operator.index(size)


@cache
def _info_of(name: str, size: int) -> MedMNISTInfo:
    info = medmnist_info()[name]
    labels = sorted(info["label"].items(), key=lambda item: int(item[0]))
    suffix = "" if size == _UNNAMED else f"_{size}"
    return MedMNISTInfo(
        name=name,
        grey=info["n_channels"] == 1,
        task=info["task"],
        labels=tuple(label for _, label in labels),
        train_count=info["n_samples"]["train"],
        validation_count=info["n_samples"]["val"],
        test_count=info["n_samples"]["test"],
        license=info["license"],
        size=size,
        url=info[f"url{suffix}"],
        md5=info[f"MD5{suffix}"],
    )
