"""Probe frozen encoders: heads trained on clean images, scored under every corruption."""

import contextlib
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from medmnist_c.builder.configs import Config
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.files import absolute
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.evaluation.configs import chosen_configs
from medmnist_c.evaluation.evaluate import evaluate
from medmnist_c.evaluation.image_sources import ImagesMadeHere
from medmnist_c.evaluation.model import Model, NamedModel
from medmnist_c.evaluation.predict import KeptModel
from medmnist_c.evaluation.predictions.folder import PredictionFolder
from medmnist_c.evaluation.robustness_report import RobustnessReport
from medmnist_c.models.errors import ModelError
from medmnist_c.models.loaded import Encoder
from medmnist_c.models.probe.embed import ImageSet, embed
from medmnist_c.models.probe.features import Features
from medmnist_c.models.probe.heads import Head, trained_head
from medmnist_c.models.probe.store import FeatureStore


def probe(
    encoder: Encoder,
    dataset: str | Sequence[str],
    heads: Sequence[str] = ("linear", "knn"),
    *,
    features: str | Path,
    corruptions: str | Sequence[str] | None = None,
    severities: int | Iterable[int] | None = None,
    data_dir: str | Path | None = None,
    sample: bool = False,
    seed: int | None = None,
    predictions: str | Path | None = None,
    num_workers: int | None = None,
    **scoring: Any,
) -> dict[str, RobustnessReport]:
    """How robust heads on a frozen encoder are.

    The features of the clean training, validation and all test images are made once and kept in
    `features`; another head, or the same call again, embeds nothing. Heads are trained on the clean
    training images; the clean validation images choose the regularisation, or the number of neighbours.

    Args:
        encoder: of `load_encoder`.
        dataset: its name, or several, with wildcards.
        heads: "linear", logistic regression, and "knn", nearest neighbours by the cosine.
        features: folder to keep features in, of any number of encoders.
        corruptions, severities, data_dir, sample, seed, predictions, num_workers: as for `evaluate`.
        scoring: `threshold`, `baseline`: as for `evaluate`.

    Returns:
        A report for each head, by "{encoder}, {head}".

    Raises:
        ModelError: no such head, or features that cannot be used.
        Others: as `evaluate`.
    """
    source = ImageSource(seed, data_dir, sample)
    clean = ImageSource(None, data_dir, sample)
    configs = chosen_configs(dataset, corruptions, severities)
    store = FeatureStore(absolute(features))
    names = {head: f"{encoder.facts.name}, {head}" for head in heads}
    if not names:
        raise ModelError("Give at least one head, such as heads=['linear'].")
    with contextlib.ExitStack() as stack:
        folder = predictions or stack.enter_context(
            tempfile.TemporaryDirectory(prefix="medmnist_c_")
        )
        models = {}
        for one in dict.fromkeys(config.dataset for config in configs):
            own = [config for config in configs if config.dataset == one]
            training, validation = (
                ImageSet.clean(one, clean, split) for split in ("train", "validation")
            )
            tests = [ImageSet(config, source) for config in own]
            embed(encoder, [training, validation, *tests], store, num_workers)
            made = [
                trained_head(
                    head,
                    _kept(store, encoder, training),
                    _kept(store, encoder, validation),
                    dataset_info(one),
                )
                for head in names
            ]
            for head in made:
                model = _model(encoder, names[head.name])
                models[names[head.name]] = model
                kept = _kept_model(model, names[head.name], folder)
                _predict(kept, head, encoder, own, source, store)
        return evaluate(
            models,
            dataset,
            corruptions=corruptions,
            severities=severities,
            data_dir=data_dir,
            sample=sample,
            seed=seed,
            predictions=folder,
            num_workers=0,
            **scoring,
        )


def _predict(
    kept: KeptModel,
    head: Head,
    encoder: Encoder,
    configs: Sequence[Config],
    source: ImageSource,
    store: FeatureStore,
) -> None:
    """Keep a head's predictions, as `evaluate` keeps a model's."""
    origins = ImagesMadeHere(source)
    for config in configs:
        origin = kept.origin(config, origins.origin(config))
        if not kept.store.has(config, origin):
            found = _kept(store, encoder, ImageSet(config, source))
            kept.store.write(config, found.labels, head.scores(found.features), origin)


def _kept(store: FeatureStore, encoder: Encoder, images: ImageSet) -> Features:
    file = store.file(encoder, images.name, images.spec.identity())
    found = store.read(file)
    if found is None:
        raise ModelError(f"The features in {file} have gone meanwhile; run it again.")
    return found


def _model(encoder: Encoder, name: str) -> Model:
    def never_asked(batch: object) -> object:
        raise ModelError(f"{name} was to be scored from its features; run it again.")

    return Model(never_asked)


def _kept_model(model: Model, name: str, folder: str | Path) -> KeptModel:
    named = NamedModel.of(name, model.or_else(Model(print, None, 64, False, False, False)))
    return KeptModel(named, PredictionFolder(Path(folder, named.folder)))
