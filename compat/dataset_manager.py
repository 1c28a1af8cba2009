"""The corrupted test sets as files."""

from pathlib import Path

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.npz.build import build_npz
from medmnist_c.corruptions.table import CORRUPTIONS


class DatasetManager:
    """Makes `{output_path}/{dataset}/{corruption}.npz`.

    Args:
        medmnist_path: folder with `{dataset}_224.npz`; where a file is not there, it is taken from
            `~/.medmnist`, or fetched.
        output_path: where to; made if it is not there.
        random_seed: 0 gives the published images. Another one gives a draw of ours: the published
            program's own images for it are not known without drawing through all of them.
    """

    def __init__(self, medmnist_path: str, output_path: str, random_seed: int = 0) -> None:
        self.medmnist_path, self.output_path = medmnist_path, output_path
        self.random_seed = random_seed
        self.supported_datasets = sorted(CORRUPTIONS)

    def create_dataset(self, dataset_name: str) -> None:
        """Make the files of a dataset, or of "all"."""
        for name in self.supported_datasets if dataset_name == "all" else [dataset_name]:
            self.create_single_dataset(name)

    def create_single_dataset(self, dataset_name: str) -> None:
        """Make the files of a dataset; those that are there, of the same images, are kept."""
        if dataset_name not in self.supported_datasets:
            raise AssertionError(
                f"There is no dataset {dataset_name!r}; there are {', '.join(self.supported_datasets)}."
            )
        print(f"=========== {dataset_name} ===========")
        file = Path(self.medmnist_path) / dataset_info(dataset_name).file_name
        build_npz(
            dataset_name,
            self.output_path,
            seed=self.random_seed or None,
            data_dir=self.medmnist_path if file.exists() else None,
        )
