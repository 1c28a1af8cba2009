"""MedMNIST-C on Hugging Face `datasets`. Importing this package makes the name known to them."""

from importlib import import_module
from typing import TYPE_CHECKING

from medmnist_c.builder.hf.registration import register

if TYPE_CHECKING:
    __version__: str
    from medmnist_c.augmentation.augmix import TargetedAugMix
    from medmnist_c.augmentation.targeted import TargetedAugmentation
    from medmnist_c.builder.configs import config_names
    from medmnist_c.builder.dataset_info import dataset_info
    from medmnist_c.builder.npz.build import build_npz
    from medmnist_c.builder.parquet.build import build
    from medmnist_c.builder.testset.single import corrupt
    from medmnist_c.custom.build import build_custom
    from medmnist_c.custom.corrupt_dataset import corrupt_dataset
    from medmnist_c.evaluation.evaluate import evaluate
    from medmnist_c.evaluation.model import Model
    from medmnist_c.evaluation.report.comparison import compare
    from medmnist_c.evaluation.robustness_report import RobustnessReport
    from medmnist_c.evaluation.score import score
    from medmnist_c.evaluation.seeds import over_seeds
    from medmnist_c.medmnist_c import MedMNISTC, MedMNISTCConfig
    from medmnist_c.models.load import load_encoder, load_model
    from medmnist_c.models.preprocessing import Preprocessing
    from medmnist_c.models.probe.probe import probe
    from medmnist_c.publishing.push import push
    from medmnist_c.verification import verify

__all__ = [
    "MedMNISTC",
    "MedMNISTCConfig",
    "Model",
    "Preprocessing",
    "RobustnessReport",
    "TargetedAugMix",
    "TargetedAugmentation",
    "__version__",
    "build",
    "build_custom",
    "build_npz",
    "compare",
    "config_names",
    "corrupt",
    "corrupt_dataset",
    "dataset_info",
    "evaluate",
    "load_encoder",
    "load_model",
    "over_seeds",
    "probe",
    "push",
    "score",
    "verify",
]

register()

# Imported when first asked for: `medmnist-c register` imports this package wherever `datasets` is
# imported, most of those processes need no more than the name, and a worker process only its own part.
_LATE = {
    "MedMNISTC": "medmnist_c.medmnist_c",
    "MedMNISTCConfig": "medmnist_c.medmnist_c",
    "Model": "medmnist_c.evaluation.model",
    "Preprocessing": "medmnist_c.models.preprocessing",
    "RobustnessReport": "medmnist_c.evaluation.robustness_report",
    "TargetedAugMix": "medmnist_c.augmentation.augmix",
    "TargetedAugmentation": "medmnist_c.augmentation.targeted",
    "build": "medmnist_c.builder.parquet.build",
    "build_custom": "medmnist_c.custom.build",
    "build_npz": "medmnist_c.builder.npz.build",
    "compare": "medmnist_c.evaluation.report.comparison",
    "config_names": "medmnist_c.builder.configs",
    "corrupt": "medmnist_c.builder.testset.single",
    "corrupt_dataset": "medmnist_c.custom.corrupt_dataset",
    "dataset_info": "medmnist_c.builder.dataset_info",
    "evaluate": "medmnist_c.evaluation.evaluate",
    "load_encoder": "medmnist_c.models.load",
    "load_model": "medmnist_c.models.load",
    "over_seeds": "medmnist_c.evaluation.seeds",
    "probe": "medmnist_c.models.probe.probe",
    "push": "medmnist_c.publishing.push",
    "score": "medmnist_c.evaluation.score",
    "verify": "medmnist_c.verification",
}

if not TYPE_CHECKING:  # a type checker would take any misspelt name for one that is here

    def __getattr__(name: str) -> object:
        if name == "__version__":
            from importlib.metadata import version

            return version("medmnist_c")
        if name not in _LATE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_LATE[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATE})
