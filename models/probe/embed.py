"""Show images to an encoder, each set of them once."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medmnist_c.builder.configs import CleanConfig, Config
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.files import absolute
from medmnist_c.builder.settings import cache_folder
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.builder.splits import PUBLISHED, Split
from medmnist_c.builder.testset.spec import TestSetSpec
from medmnist_c.evaluation.feeding.asked import AskedModel
from medmnist_c.evaluation.feeding.blocks import Lanes
from medmnist_c.evaluation.feeding.feed import fed, shared_inputs, workers_for
from medmnist_c.evaluation.image_sources import MadeTestSet
from medmnist_c.evaluation.model import Model, NamedModel
from medmnist_c.evaluation.progress import progress_over
from medmnist_c.models.errors import ModelError
from medmnist_c.models.loaded import Encoder
from medmnist_c.models.probe.features import Features
from medmnist_c.models.probe.store import FeatureStore


@dataclass(frozen=True)
class ImageSet:
    """Images to embed: a test set, or the clean images of another split."""

    config: Config
    source: ImageSource
    split: Split = PUBLISHED

    @property
    def name(self) -> str:
        return (
            self.config.name if self.split == PUBLISHED else f"{self.config.dataset}_{self.split}"
        )

    @property
    def spec(self) -> TestSetSpec:
        return TestSetSpec(self.config, self.source, self.split)

    @classmethod
    def clean(cls, dataset: str, source: ImageSource, split: Split) -> "ImageSet":
        return cls(CleanConfig(dataset), source, split)


class _AskedEncoder(AskedModel):
    """Keeps features where a model's scores would be checked."""

    def _accepted(self, given: object, count: int, where: str) -> np.ndarray:
        features = np.asarray(given, np.float32)
        if features.ndim != 2 or len(features) != count:
            raise ModelError(
                f"{self.model.name} gives {features.shape} for {count} images; an encoder gives a row "
                "of features for each."
            )
        if not np.isfinite(features).all():
            raise ModelError(f"{self.model.name} gives features that are not finite, for {where}.")
        return features


def embed(
    encoder: Encoder, image_sets: Sequence[ImageSet], store: FeatureStore, num_workers: int | None
) -> int:
    """Keep the features of all that is not there yet, and say how many images were embedded.

    Args:
        encoder: the frozen network.
        image_sets: of one dataset.
        store: where features are kept.
        num_workers: as for `evaluate`.

    Raises:
        ModelError: the encoder gives no features, or they cannot be kept.
        CleanDataError: images cannot be had.
        PredictionError: a transform fails, or a process was killed.
    """
    model = NamedModel.of(
        encoder.facts.name, Model(encoder.embed, encoder.transform, encoder.batch_size)
    )
    counts = {one: one.spec.clean_source().count for one in image_sets}
    workers = workers_for(num_workers, sum(counts.values()))
    inputs, own = shared_inputs([model], workers)
    info = dataset_info(image_sets[0].config.dataset)
    done = 0
    with progress_over(sum(counts.values())) as progress:

        def jobs(chained: bool) -> Iterator[tuple[Path, MadeTestSet]]:
            for one in image_sets:
                spec = one.spec
                if spec.is_behind_images != chained:
                    continue
                file = store.file(encoder, one.name, spec.identity())
                if store.read(file) is not None:
                    progress.kept(counts[one])
                    continue
                cache_dir = absolute(cache_folder())
                yield file, MadeTestSet.open(spec, cache_dir)

        running: dict[Path, tuple[_AskedEncoder, list[np.ndarray]]] = {}
        lanes = Lanes(jobs(chained=False), jobs(chained=True))
        with contextlib.closing(fed(lanes, inputs, workers, model.batch_size)) as blocks:
            for file, block in blocks:
                if file not in running:
                    progress.at(file.stem.rsplit("-", 2)[0])
                    running[file] = (_AskedEncoder(model, own[0], file.stem, info), [])
                asked, labels = running[file]
                asked.take(block)
                labels.append(block.labels)
                progress.done(len(block.labels))
                if block.last:
                    del running[file]
                    features = Features(np.concatenate(asked.scores), np.concatenate(labels))
                    store.write(file, features)
                    done += len(features.labels)
    return done
