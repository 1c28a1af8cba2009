"""Score models under the corruptions, streamed: nothing is prepared on disk."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import overload

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.evaluation.configs import chosen_configs
from medmnist_c.evaluation.feeding.feed import checked_workers
from medmnist_c.evaluation.image_sources import ImagesMadeHere, PublishedImages
from medmnist_c.evaluation.limited import LimitedImages, checked_limit
from medmnist_c.evaluation.model import Model, Predict, Transform, models_of
from medmnist_c.evaluation.predict import KeptModel, predict_all
from medmnist_c.evaluation.predictions.folder import PredictionFolder, kept_or_temporary
from medmnist_c.evaluation.report.operating_point import ThresholdSetting
from medmnist_c.evaluation.report.robustness import MARGIN
from medmnist_c.evaluation.robustness_report import RobustnessReport
from medmnist_c.evaluation.scoring import Scoring, report_of


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
    limit: int | None = ...,
    repo: str | None = ...,
    batch_size: int = ...,
    transform: Transform | None = ...,
    pil: bool = ...,
    rgb: bool = ...,
    threshold: ThresholdSetting = ...,
    logits: bool = ...,
    predictions: str | Path | None = ...,
    model_name: str | None = ...,
    baseline: RobustnessReport | str | Path | None = ...,
    margin: float = ...,
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
    limit: int | None = ...,
    repo: str | None = ...,
    batch_size: int = ...,
    transform: Transform | None = ...,
    pil: bool = ...,
    rgb: bool = ...,
    threshold: ThresholdSetting = ...,
    logits: bool = ...,
    predictions: str | Path | None = ...,
    model_name: str | None = ...,
    baseline: RobustnessReport | str | Path | None = ...,
    margin: float = ...,
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
    limit: int | None = None,
    repo: str | None = None,
    batch_size: int = 64,
    transform: Transform | None = None,
    pil: bool = False,
    rgb: bool = False,
    threshold: ThresholdSetting = None,
    logits: bool = False,
    predictions: str | Path | None = None,
    model_name: str | None = None,
    baseline: RobustnessReport | str | Path | None = None,
    margin: float = MARGIN,
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
        limit: look at so many images of each test set at most, for a quick look: a fixed part, the same
            for everybody, with as equal numbers of each class as there are. Figures are estimates of
            those of the whole; intervals are wider accordingly. The report is partial: it has no BE
            and rBE. All validation images are used.
        repo: stream published test sets instead, "USER/medmnist_c" or a folder that `build` made.
        batch_size: the last batch may be smaller.
        transform: from a PIL image (mode L or RGB) to an array or a tensor, of one shape and dtype for
            all images; it runs in the processes, and `predict` gets the results stacked, in pinned
            memory if CUDA is used. It must not draw at random.
        pil: `predict` gets a list of PIL images instead (mode L or RGB).
        rgb: grey images are given as RGB.
        threshold: of the score of "yes", in binary and multi-label datasets; there one for each label
            may be given. "validation": each label's threshold of best balanced accuracy on the clean
            validation images. None: that if they can be had, else 0.5, as the release's scorer has it.
        logits: `predict` gives logits; softmax or sigmoid is applied.
        predictions: folder to keep them in. The same call goes on from there, after an interruption
            too: what is finished is not computed anew.
        model_name: for the report; predictions of another model are never mixed in.
        baseline: another model's report, or its path, in place of AlexNet's errors.
        margin: the report says at which severity the mean balanced error is by more than this above
            the clean one.
        num_workers: processes that make images; 0 for a thread of this one, None for one a core unless
            there are few images.

    Returns:
        The report; of several models one for each, by name.

    Raises:
        PredictionError: the scores cannot be scored, the transform fails or a process was killed; the
            message says why. What is finished is kept in `predictions`.
        UnknownNameError: no such dataset, corruption or severity.
        CleanDataError: the clean test set cannot be found or fetched.
        ValueError: an argument that cannot be, such as a folder called as the package is.
    """
    configs = chosen_configs(dataset, corruptions, severities)
    scoring = Scoring.of(threshold, False, baseline, margin)
    for one in dict.fromkeys(config.dataset for config in configs):
        scoring.check(dataset_info(one))
    if repo is not None and (sample or data_dir is not None or seed is not None):
        raise ValueError("Give either repo=, or data_dir=, sample= and seed=, not both.")
    source: ImagesMadeHere | PublishedImages | LimitedImages
    source = (
        ImagesMadeHere(ImageSource(seed, data_dir, sample))
        if repo is None
        else PublishedImages.at(repo)
    )
    if limit is not None:
        source = LimitedImages(source, checked_limit(limit))
    defaults = Model(print, transform, batch_size, pil, rgb, logits)
    models = models_of(predict, defaults, model_name)
    workers = checked_workers(num_workers)
    several = isinstance(predict, Mapping)
    with kept_or_temporary(predictions) as folder:
        asked = [
            KeptModel(model, PredictionFolder(folder / model.folder if several else folder))
            for model in models
        ]
        origins = predict_all(asked, configs, source, workers)
        reports = {
            one.model.name: report_of(one.store, configs, origins.scored(one.model.name), scoring)
            for one in asked
        }
        if predictions is None:
            reports = {name: RobustnessReport.of(report) for name, report in reports.items()}
    return reports if several else reports[models[0].name]
