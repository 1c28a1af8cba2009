"""Make the name "medmnist_c" known to `datasets`.

`datasets` 4 and later has neither loading scripts nor a plug-in point. All its ways in (`load_dataset`,
`load_dataset_builder`, `get_dataset_config_names`, ...) look a name up by one function, which
`datasets.load` and `datasets.inspect` both hold: a thin wrapper around it knows one name more.
"""

import functools
import sys
import warnings
from collections.abc import Callable
from typing import Any

from medmnist_c.builder.hf.after_datasets import AfterDatasets
from medmnist_c.builder.versions import IMAGES_VERSION

NAME = "medmnist_c"
_LOOK_UP = "dataset_module_factory"
_MARK = "knows_medmnist_c"  # attribute of a look-up that is wrapped


def register() -> None:
    """Wrap the look-up, once `datasets` is imported: now, or later by whoever needs it.

    It takes a second to import, and many processes that import this package never need it.
    """
    if "datasets" in sys.modules:
        _wrap_look_up()
    elif not any(isinstance(finder, AfterDatasets) for finder in sys.meta_path):
        sys.meta_path.insert(0, AfterDatasets(_wrap_look_up))


def _wrap_look_up() -> None:
    """If `datasets` has moved it, warn and name the other way in."""
    import datasets.inspect
    import datasets.load

    try:
        look_up = getattr(datasets.load, _LOOK_UP)
        if hasattr(look_up, _MARK):
            return
        wrapped = _with_our_name(look_up, datasets.load.DatasetModule)
        setattr(datasets.inspect, _LOOK_UP, wrapped)
        setattr(datasets.load, _LOOK_UP, wrapped)
    except AttributeError:
        warnings.warn(
            f"datasets {datasets.__version__} looks names up in a way that medmnist_c does not know, "
            f'so load_dataset("{NAME}", ...) will not work; use the builder class itself: '
            "medmnist_c.MedMNISTC(config_name=...), then .download_and_prepare() and "
            '.as_dataset(split="test"), or .as_streaming_dataset(split="test").',
            stacklevel=2,
        )


def _with_our_name(look_up: Callable[..., Any], module_class: type) -> Callable[..., Any]:
    @functools.wraps(look_up)
    def dataset_module_factory(path: str, *args: Any, **kwargs: Any) -> Any:
        if path == NAME:
            return module_class("medmnist_c.medmnist_c", IMAGES_VERSION, {"dataset_name": NAME})
        return look_up(path, *args, **kwargs)

    setattr(dataset_module_factory, _MARK, True)
    return dataset_module_factory
