"""Ask models about test sets, one after the other, and keep what they say."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from medmnist_c.builder.configs import Config
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.feeding.asked import AskedModel
from medmnist_c.evaluation.feeding.blocks import Block, Lanes
from medmnist_c.evaluation.feeding.feed import InputOfModel, fed, shared_inputs, workers_for
from medmnist_c.evaluation.fingerprints import fingerprint, making, of_answers
from medmnist_c.evaluation.image_sources import ImageOrigins, ReadableTestSet
from medmnist_c.evaluation.model import NamedModel
from medmnist_c.evaluation.predictions.folder import PredictionFolder
from medmnist_c.evaluation.predictions.origin import CleanOrigin, ImagesOrigin, Origin
from medmnist_c.evaluation.predictions.validation import ValidationSet
from medmnist_c.evaluation.progress import Progress, progress_over
from medmnist_c.evaluation.scoring import ScoredImages


@dataclass(frozen=True)
class _Job:
    """A test set, and the numbers of the models that have not been asked about it yet.

    indices: which of its images; None for all.
    """

    config: Config | ValidationSet
    images: ImagesOrigin
    pending: list[int]
    indices: np.ndarray | None


class Origins:
    """What identifies the images of test sets; the clean ones must not change on the way."""

    def __init__(self, source: ImageOrigins) -> None:
        self.source = source
        self._clean: dict[str, CleanOrigin] = {}
        self._limits: dict[str, int] = {}
        self._latest: ImagesOrigin | None = None

    def of(self, config: Config | ValidationSet) -> ImagesOrigin:
        """PredictionError: the clean images are others than before."""
        images = self.source.origin(config)
        if isinstance(config, ValidationSet):
            return images
        if self._clean.setdefault(config.dataset, images.source) != images.source:
            raise PredictionError(
                f"The clean test set of {config.dataset} has changed since the evaluation began; "
                "give the same file throughout, and run it again."
            )
        self._latest = images
        if images.part is not None:
            self._limits[config.dataset] = images.part.limit
        return images

    def scored(self, model: str) -> ScoredImages:
        """A model's answers to all of them."""
        assert self._latest is not None
        latest = self._latest
        return ScoredImages(model, latest.images, latest.images_version, self._clean, self._limits)


@dataclass
class KeptModel:
    """A model, and where its predictions are kept.

    fingerprints: by dataset, as soon as it is known.
    """

    model: NamedModel
    store: PredictionFolder
    fingerprints: dict[str, str | None] = field(default_factory=dict)

    def origin(self, config: Config | ValidationSet, images: ImagesOrigin) -> Origin:
        model, known = self.model, self.fingerprints.get(config.dataset)
        return Origin(config.name, model.name, images, model.form, known, making(model))


def predict_all(
    asked: Sequence[KeptModel], configs: list[Config], source: ImageOrigins, num_workers: int | None
) -> Origins:
    """Keep the predictions of every model on every test set that are not there yet."""
    origins = Origins(source)
    with progress_over(sum(source.count(config) for config in configs)) as progress:
        for dataset in dict.fromkeys(config.dataset for config in configs):
            for one in asked:
                one.store.tidy(dataset)
                found = fingerprint(one.model, one.store, dataset, source)
                one.fingerprints[dataset] = found
            clean, *corrupted = [config for config in configs if config.dataset == dataset]
            more = [ValidationSet(dataset)] if source.has_validation(dataset) else []
            own = [clean, *more, *corrupted]
            _predict_dataset(asked, own, origins, num_workers, progress)
    return origins


def _predict_dataset(
    asked: Sequence[KeptModel],
    configs: Sequence[Config | ValidationSet],
    origins: Origins,
    num_workers: int | None,
    progress: Progress,
) -> None:
    models = [one.model for one in asked]
    images = len(configs) * origins.source.count(configs[0])
    workers = workers_for(num_workers, images)
    inputs, own = shared_inputs(models, workers)
    longest = max(model.batch_size for model in models)
    chained = [config for config in configs if origins.source.chained(config)]
    apart = [config for config in configs if config not in chained]
    lanes = Lanes(*(_jobs(asked, some, origins, progress) for some in (apart, chained)))
    running: dict[str, _Running] = {}
    with contextlib.closing(fed(lanes, inputs, workers, longest)) as blocks:
        for job, block in blocks:
            name = job.config.name
            if name not in running:
                origins.of(job.config)  # it may have been planned long ago
                progress.at(name)
                running[name] = _Running.of(job, asked, own)
            running[name].take(block)
            progress.done(len(block.labels))
            if block.last:
                running.pop(name).keep()


def _jobs(
    asked: Sequence[KeptModel],
    configs: Sequence[Config | ValidationSet],
    origins: Origins,
    progress: Progress,
) -> Iterator[tuple[_Job, ReadableTestSet]]:
    """What is to be done, opened; it may be asked for before the one before is finished."""
    for config in configs:
        images = origins.of(config)
        pending = [
            number
            for number, one in enumerate(asked)
            if not one.store.has(config, one.origin(config, images))
        ]
        if pending:
            job = _Job(config, images, pending, origins.source.indices(config))
            yield job, origins.source.open(config, images.digest)
        else:
            progress.kept(origins.source.count(config))


@dataclass
class _Running:
    """Models that are being asked about one test set; what each says is kept when it is whole."""

    job: _Job
    models: list[tuple[KeptModel, AskedModel]]
    labels: list[np.ndarray] = field(default_factory=list)

    @classmethod
    def of(cls, job: _Job, asked: Sequence[KeptModel], own: Sequence[InputOfModel]) -> "_Running":
        name, info = job.config.name, dataset_info(job.config.dataset)
        models = [
            (asked[number], AskedModel(asked[number].model, own[number], name, info))
            for number in job.pending
        ]
        return cls(job, models)

    def take(self, block: Block) -> None:
        for _, model in self.models:
            model.take(block)
        self.labels.append(block.labels)

    def keep(self) -> None:
        config, images = self.job.config, self.job.images
        for one, model in self.models:
            scores = np.concatenate(model.scores)
            if one.fingerprints.get(config.dataset) is None:  # nothing is kept, and this is clean
                one.fingerprints[config.dataset] = of_answers(scores)
            origin = one.origin(config, images)
            one.store.write(config, np.concatenate(self.labels), scores, origin, self.job.indices)
