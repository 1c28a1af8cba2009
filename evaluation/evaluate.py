"""Score models under the corruptions, streamed: nothing is prepared on disk."""

import contextlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import numpy as np

from medmnist_c.builder.configs import Config
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.evaluation.configs import chosen_configs
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.feeding.asked import AskedModel
from medmnist_c.evaluation.feeding.feed import (
    InputOfModel,
    checked_workers,
    fed,
    shared_inputs,
    workers_for,
)
from medmnist_c.evaluation.feeding.stretches import Stretch
from medmnist_c.evaluation.image_sources import (
    ImageOrigins,
    ImagesMadeHere,
    PublishedImages,
    ReadableTestSet,
)
from medmnist_c.evaluation.metrics.test_set import Threshold
from medmnist_c.evaluation.model import Model, NamedModel, Predict, Transform, models_of
from medmnist_c.evaluation.predictions.folder import PredictionFolder
from medmnist_c.evaluation.predictions.origin import CleanOrigin, ImagesOrigin, Origin
from medmnist_c.evaluation.progress import Progress, progress_over
from medmnist_c.evaluation.robustness_report import RobustnessReport
from medmnist_c.evaluation.scoring import ScoredImages, Scoring, report_of


@overload
def evaluate(
    predict: Predict | Model,
    dataset: str | Sequence[str],
    *,
    corruptions: str | Sequence[str] | None = ...,
    severities: int | Iterable[int] | None = ...,
    data_dir: str | Path | None = ...,
    sample: bool = ...,
    seed: int | None = ...,
    repo: str | None = ...,
    batch_size: int = ...,
    transform: Transform | None = ...,
    pil: bool = ...,
    rgb: bool = ...,
    threshold: Threshold = ...,
    logits: bool = ...,
    predictions: str | Path | None = ...,
    model_name: str | None = ...,
    baseline: RobustnessReport | str | Path | None = ...,
    num_workers: int | None = ...,
) -> RobustnessReport: ...
@overload
def evaluate(
    predict: Mapping[str, Predict | Model],
    dataset: str | Sequence[str],
    *,
    corruptions: str | Sequence[str] | None = ...,
    severities: int | Iterable[int] | None = ...,
    data_dir: str | Path | None = ...,
    sample: bool = ...,
    seed: int | None = ...,
    repo: str | None = ...,
    batch_size: int = ...,
    transform: Transform | None = ...,
    pil: bool = ...,
    rgb: bool = ...,
    threshold: Threshold = ...,
    logits: bool = ...,
    predictions: str | Path | None = ...,
    model_name: str | None = ...,
    baseline: RobustnessReport | str | Path | None = ...,
    num_workers: int | None = ...,
) -> dict[str, RobustnessReport]: ...
def evaluate(
    predict: Predict | Model | Mapping[str, Predict | Model],
    dataset: str | Sequence[str],
    *,
    corruptions: str | Sequence[str] | None = None,
    severities: int | Iterable[int] | None = None,
    data_dir: str | Path | None = None,
    sample: bool = False,
    seed: int | None = None,
    repo: str | None = None,
    batch_size: int = 64,
    transform: Transform | None = None,
    pil: bool = False,
    rgb: bool = False,
    threshold: Threshold = 0.5,
    logits: bool = False,
    predictions: str | Path | None = None,
    model_name: str | None = None,
    baseline: RobustnessReport | str | Path | None = None,
    num_workers: int | None = None,
) -> RobustnessReport | dict[str, RobustnessReport]:
    """How well a model does on the clean test set and under every corruption and severity.

    Images are made by other processes while `predict` works, each once for all models; memory does not
    grow with the test set. The predictions are the same for any number of processes.

    Args:
        predict: from a batch of images, a uint8 array B x 224 x 224 x C (grey: C = 1), to scores, B x
            classes: probabilities, an array or a torch tensor. For a multi-label dataset that of "yes"
            for each label; for two classes both columns, "yes" the last. Or a `Model`. Or several by
            name, `{"resnet50": f, "vit": g}`: each gets its own report, and a folder of its own in
            `predictions`.
        dataset: its name, e.g. "breastmnist", or several; wildcards as in "organ*".
        corruptions: names, or wildcards as in "*_noise"; None for all the dataset has.
        severities: 1-5; None for all.
        data_dir, sample, seed: as for `load_dataset`: a folder of MedMNIST+ files, the few images
            inside the package, a seed in place of the release's draws.
        repo: stream published test sets instead, "USER/medmnist_c" or a folder that `build` made.
        batch_size: the last batch may be smaller.
        transform: from a PIL image (mode L or RGB) to an array or a tensor, of one shape and dtype for
            all images; it runs in the processes, and `predict` gets the results stacked, in pinned
            memory if CUDA is used. It must not draw at random.
        pil: `predict` gets a list of PIL images instead (mode L or RGB).
        rgb: grey images are given as RGB.
        threshold: of the score of "yes", in binary and multi-label datasets; there one for each label
            may be given.
        logits: `predict` gives logits; softmax or sigmoid is applied.
        predictions: folder to keep them in. The same call goes on from there, after an interruption
            too: what is finished is not computed anew.
        model_name: for the report; predictions of another model are never mixed in.
        baseline: another model's report, or its path, in place of AlexNet's errors.
        num_workers: processes that make images; 0 for a thread of this one, None for one a core unless
            there are few images.

    Returns:
        The report; of several models one for each, by name.

    Raises:
        PredictionError: the scores cannot be scored, the transform fails or a process was killed; the
            message says why. What is finished is kept in `predictions`.
        UnknownNameError: no such dataset, corruption or severity.
        CleanDataError: the clean test set cannot be found or fetched.
    """
    configs = chosen_configs(dataset, corruptions, severities)
    scoring = Scoring.of(threshold, False, baseline)
    for one in dict.fromkeys(config.dataset for config in configs):
        scoring.check(dataset_info(one))
    if repo is not None and (sample or data_dir is not None or seed is not None):
        raise ValueError("Give either repo=, or data_dir=, sample= and seed=, not both.")
    source: ImagesMadeHere | PublishedImages
    source = (
        ImagesMadeHere(ImageSource(seed, data_dir, sample))
        if repo is None
        else PublishedImages.at(repo)
    )
    defaults = Model(print, transform, batch_size, pil, rgb, logits)
    models = models_of(predict, defaults, model_name)
    workers = checked_workers(num_workers)
    several = isinstance(predict, Mapping)
    with contextlib.ExitStack() as stack:
        folder = predictions or stack.enter_context(
            tempfile.TemporaryDirectory(prefix="medmnist_c_")
        )
        asked = [
            _Asked(model, PredictionFolder(Path(folder, model.folder) if several else folder))
            for model in models
        ]
        origins = _predict_all(asked, configs, source, workers)
        reports = {
            one.model.name: report_of(one.store, configs, origins.scored(one.model.name), scoring)
            for one in asked
        }
        if predictions is None:
            reports = {name: RobustnessReport.of(report) for name, report in reports.items()}
    return reports if several else reports[models[0].name]


@dataclass(frozen=True)
class _Job:
    """A test set, and the numbers of the models that have not been asked about it yet."""

    config: Config
    images: ImagesOrigin
    pending: list[int]


class _Origins:
    """What identifies the images of test sets; the clean ones must not change on the way."""

    def __init__(self, source: ImageOrigins) -> None:
        self.source = source
        self._clean: dict[str, CleanOrigin] = {}
        self._latest: ImagesOrigin | None = None

    def of(self, config: Config) -> ImagesOrigin:
        """PredictionError: the clean images are others than before."""
        images = self.source.origin(config)
        if self._clean.setdefault(config.dataset, images.source) != images.source:
            raise PredictionError(
                f"The clean test set of {config.dataset} has changed since the evaluation began; "
                "give the same file throughout, and run it again."
            )
        self._latest = images
        return images

    def scored(self, model: str) -> ScoredImages:
        """A model's answers to all of them."""
        assert self._latest is not None
        return ScoredImages(model, self._latest.images, self._latest.images_version, self._clean)


@dataclass(frozen=True)
class _Asked:
    """A model, and where its predictions are kept."""

    model: NamedModel
    store: PredictionFolder

    def origin(self, config: Config, images: ImagesOrigin) -> Origin:
        return Origin(config.name, self.model.name, images, self.model.form)


def _predict_all(
    asked: Sequence[_Asked], configs: list[Config], source: ImageOrigins, num_workers: int | None
) -> _Origins:
    """Keep the predictions of every model on every test set that are not there yet."""
    origins = _Origins(source)
    with progress_over(sum(source.count(config) for config in configs)) as progress:
        for dataset in dict.fromkeys(config.dataset for config in configs):
            for one in asked:
                one.store.tidy(dataset)
            own = [config for config in configs if config.dataset == dataset]
            _predict_dataset(asked, own, origins, num_workers, progress)
    return origins


def _predict_dataset(
    asked: Sequence[_Asked],
    configs: list[Config],
    origins: _Origins,
    num_workers: int | None,
    progress: Progress,
) -> None:
    models = [one.model for one in asked]
    images = len(configs) * origins.source.count(configs[0])
    workers = workers_for(num_workers, images)
    inputs, own = shared_inputs(models, workers)
    longest = max(model.batch_size for model in models)
    jobs = _jobs(asked, configs, origins, progress)
    with contextlib.closing(fed(jobs, inputs, workers, longest)) as fed_jobs:
        for job, stretches in fed_jobs:
            origins.of(job.config)  # it may have been planned long ago
            progress.at(job.config.name)
            pending = [(asked[number], own[number]) for number in job.pending]
            _predict_test_set(job, pending, stretches, progress)


def _jobs(
    asked: Sequence[_Asked], configs: list[Config], origins: _Origins, progress: Progress
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
            yield _Job(config, images, pending), origins.source.open(config, images.digest)
        else:
            progress.kept(origins.source.count(config))


def _predict_test_set(
    job: _Job,
    pending: Sequence[tuple[_Asked, InputOfModel]],
    stretches: Iterator[Stretch],
    progress: Progress,
) -> None:
    """Ask models about one test set, and keep what each says when it is whole."""
    info = dataset_info(job.config.dataset)
    models = [AskedModel(one.model, own, job.config.name, info) for one, own in pending]
    labels = []
    for stretch in stretches:
        for model in models:
            model.take(stretch)
        labels.append(stretch.labels)
        progress.done(len(stretch.labels))
    for (one, _), model in zip(pending, models, strict=True):
        scores = np.concatenate(model.scores)
        one.store.write(
            job.config, np.concatenate(labels), scores, one.origin(job.config, job.images)
        )
