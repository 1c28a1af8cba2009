"""Facts about the twelve MedMNIST+ datasets, read from the installed `medmnist` package.

`medmnist` itself imports torch; its table of facts, `medmnist/info.py`, needs nothing. So that file
is run by itself and the package around it is never imported.
"""

import importlib.util
import runpy
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from medmnist_c.builder.errors import UnknownNameError
from medmnist_c.builder.suggestions import nearest, shown
from medmnist_c.corruptions.image import IMAGE_SIZE
from medmnist_c.corruptions.table import CORRUPTIONS


@dataclass(frozen=True)
class MedMNISTInfo:
    """One MedMNIST+ dataset, as `medmnist.INFO` states it.

    `labels` are the class names in the order of their numbers (for a multi-label dataset: the names
    of the yes/no labels), `image_count` is that of all three splits, `md5` and `url` those of the
    file `{name}_224.npz`.
    """

    name: str
    grey: bool
    task: str
    labels: tuple[str, ...]
    test_count: int
    validation_count: int
    image_count: int
    license: str
    url: str
    md5: str

    @property
    def multi_label(self) -> bool:
        return self.task.startswith("multi-label")

    @property
    def file_name(self) -> str:
        return f"{self.name}_{IMAGE_SIZE}.npz"

    @property
    def image_shape(self) -> tuple[int, ...]:
        return (IMAGE_SIZE, IMAGE_SIZE) if self.grey else (IMAGE_SIZE, IMAGE_SIZE, 3)


@lru_cache(maxsize=1)
def medmnist_info() -> dict[str, dict]:
    """`medmnist.INFO`, as it stands in the installed package."""
    package = importlib.util.find_spec("medmnist")  # finds, does not import
    if package is None or package.origin is None:
        raise ModuleNotFoundError("There is no package medmnist; install it.", name="medmnist")
    return runpy.run_path(str(Path(package.origin).with_name("info.py")))["INFO"]


def dataset_info(name: str) -> MedMNISTInfo:
    """Facts about the dataset `name`, e.g. "dermamnist".

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
    return _info_of(name)


@cache
def _info_of(name: str) -> MedMNISTInfo:
    info = medmnist_info()[name]
    labels = sorted(info["label"].items(), key=lambda item: int(item[0]))
    return MedMNISTInfo(
        name=name,
        grey=info["n_channels"] == 1,
        task=info["task"],
        labels=tuple(label for _, label in labels),
        test_count=info["n_samples"]["test"],
        validation_count=info["n_samples"]["val"],
        image_count=sum(info["n_samples"].values()),
        license=info["license"],
        url=info[f"url_{IMAGE_SIZE}"],
        md5=info[f"MD5_{IMAGE_SIZE}"],
    )
