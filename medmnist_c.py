"""MedMNIST-C for Hugging Face `datasets`: 655 corrupted medical test sets, made on the fly.

    import medmnist_c
    from datasets import load_dataset

    load_dataset("medmnist_c", "dermamnist_black_corner_3", split="test")
    load_dataset("medmnist_c", dataset="dermamnist", corruption="black_corner", severity=3)
    load_dataset("medmnist_c", "dermamnist_clean", splits=("train", "validation"))

A configuration is a dataset x corruption x severity. Its builder opens the clean MedMNIST+ test set,
corrupts each image, encodes it and hands it on as Arrow tables: to disk, or into a stream. Where
`datasets` still runs loading scripts (3.x), this file is one.
"""

if __name__ == "medmnist_c":
    # Python was started inside the checkout and found this file before the package around it.
    import importlib.util
    import sys

    _package = importlib.util.spec_from_file_location(
        "medmnist_c", __file__.replace("medmnist_c.py", "__init__.py")
    )
    assert _package is not None and _package.loader is not None
    sys.modules["medmnist_c"] = importlib.util.module_from_spec(_package)
    _package.loader.exec_module(sys.modules["medmnist_c"])

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import datasets
import pyarrow as pa

from medmnist_c.builder import dataset_info as datasets_info
from medmnist_c.builder.arrow import features
from medmnist_c.builder.arrow.encoding import Encoding
from medmnist_c.builder.arrow.tables import stream_ranges
from medmnist_c.builder.card import words
from medmnist_c.builder.configs import all_configs, asked_config, config_named
from medmnist_c.builder.dataset_info import PUBLISHED_SIZE
from medmnist_c.builder.hf.errors import PlainErrors
from medmnist_c.builder.hf.location import FixedLocation
from medmnist_c.builder.hf.prepared import CheckedPreparation
from medmnist_c.builder.hf.splits import KnownSplits
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.splits import PUBLISHED, chosen_splits
from medmnist_c.builder.testset.spec import TestSet, TestSetSpec
from medmnist_c.builder.versions import IMAGES_VERSION


@dataclass
class MedMNISTCConfig(datasets.BuilderConfig):
    """One test set: a dataset, a corruption and a severity (1-5); both None for the clean one.

    `seed=None` gives the reference's own images, a number a fresh, independent draw. `data_dir` is a
    folder of MedMNIST+ files; `sample=True` takes the few images inside the package. `splits` are
    the splits to make, of "train", "validation" and "test"; only these are fetched. `size` is the side
    of the images in pixels, 28, 64, 128 or 224. The published benchmark is "test" at 224.
    """

    version: datasets.Version = datasets.Version(f"{IMAGES_VERSION}.0.0")
    dataset: str = ""
    corruption: str | None = None
    severity: int | None = None
    seed: int | None = None
    sample: bool = False
    splits: Sequence[str] = (PUBLISHED,)
    size: int = PUBLISHED_SIZE

    def specs(self) -> list[TestSetSpec]:
        """What is asked for, checked: one for each split."""
        if self.data_files is not None:
            raise ValueError(
                "medmnist_c takes data_dir=, a folder of MedMNIST+ files, no data_files=."
            )
        source = ImageSource(self.seed, self.data_dir, self.sample, self.size)
        config = config_named(self.name)
        return [TestSetSpec(config, source, split) for split in chosen_splits(self.splits)]

    def create_config_id(
        self, config_kwargs: dict[str, Any], custom_features: datasets.Features | None = None
    ) -> str:
        """Name of the cache folder: another for other images. The clean file is looked at here."""
        specs = self.specs()
        self.clean_sources = [spec.clean_source() for spec in specs]
        self.identities = [
            spec.identity_with(clean) for spec, clean in zip(specs, self.clean_sources, strict=True)
        ]
        return super().create_config_id({"images": "-".join(self.identities)}, custom_features)


class MedMNISTC(FixedLocation, CheckedPreparation, KnownSplits, PlainErrors):
    """Builds any test set of MedMNIST-C: `MedMNISTC(config_name="dermamnist_black_corner_3")`.

    In place of a name, `dataset=`, `corruption=` and `severity=` say which; only `dataset=` is the
    clean one.
    """

    BUILDER_CONFIG_CLASS = MedMNISTCConfig
    BUILDER_CONFIGS = [
        MedMNISTCConfig(
            name=name,
            dataset=one.dataset,
            corruption=getattr(one, "corruption", None),
            severity=getattr(one, "severity", None),
        )
        for name, one in all_configs().items()
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # A loading script's hash is over its source: the cache is the same for the same images.
        super().__init__(*args, **kwargs | {"hash": IMAGES_VERSION})

    def _create_builder_config(
        self,
        config_name: str | None = None,
        custom_features: datasets.Features | None = None,
        **kwargs: Any,
    ) -> tuple[MedMNISTCConfig, str]:
        fields = {name: kwargs.pop(name, None) for name in ("dataset", "corruption", "severity")}
        config = asked_config(config_name, **fields)
        return super()._create_builder_config(config.name, custom_features, **kwargs)

    def _info(self) -> datasets.DatasetInfo:
        info = datasets_info.dataset_info(self.config.dataset)
        return datasets.DatasetInfo(
            description=words.describe(config_named(self.config.name), self.config.size),
            citation=words.citation(),
            homepage=words.HOMEPAGE,
            license=info.license,
            features=features.features_of(info),
            splits={
                clean.split: {"name": clean.split, "num_examples": clean.count}
                for clean in self.config.clean_sources
            },
        )

    def _split_generators(
        self, dl_manager: datasets.DownloadManager
    ) -> list[datasets.SplitGenerator]:
        config = self.config
        generators = []
        for spec, identity, clean in zip(
            config.specs(), config.identities, config.clean_sources, strict=True
        ):
            test_set = spec.open(self._cache_dir_root, identity, clean)
            test_set.advance()
            generators.append(
                datasets.SplitGenerator(
                    name=spec.split,
                    gen_kwargs={
                        "test_set": test_set,
                        "shards": stream_ranges(test_set.count),
                        "encoding": "pnm" if dl_manager.is_streaming else "png",
                    },
                )
            )
        return generators

    def _generate_tables(
        self, test_set: TestSet, shards: list[tuple[int, int]], encoding: Encoding
    ) -> Iterator[tuple[tuple[int, int], pa.Table]]:
        for shard, (start, stop) in enumerate(shards):
            for number, table in enumerate(test_set.tables(start, stop, encoding)):
                yield (shard, number), table
