"""Probe frozen encoders: heads trained on clean images, scored under every corruption."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
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
from medmnist_c.evaluation.predictions.folder import PredictionFolder, kept_or_temporary
from medmnist_c.evaluation.predictions.validation import ValidationSet
from medmnist_c.evaluation.robustness_report import RobustnessReport
from medmnist_c.models.errors import ModelError
from medmnist_c.models.loaded import Encoder, LoadedModel
from medmnist_c.models.probe.embed import ImageSet, embed
from medmnist_c.models.probe.features import Features
from medmnist_c.models.probe.heads import Head, trained_head
from medmnist_c.models.probe.store import FeatureStore
from medmnist_c.models.probe.threads import side_by_side


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
    with kept_or_temporary(predictions) as folder:
        models = {name: ProbedModel.of(encoder, head) for head, name in names.items()}
        for one in dict.fromkeys(config.dataset for config in configs):
            training = ImageSet.clean(one, clean, "train")
            validation = ImageSet.clean(one, clean, "validation")
            scored = {
                config: ImageSet(config, source) for config in configs if config.dataset == one
            }
            embed(encoder, [training, validation, *scored.values()], store, num_workers)
            learnt = [_kept(store, encoder, images) for images in (training, validation)]
            trained = []
            for head, name in names.items():
                made = trained_head(head, learnt[0], learnt[1], dataset_info(one))
                models[name].chosen[one] = made.chosen
                trained.append((made, _kept_model(models[name], name, folder, one)))
            keep = partial(_keep_scores, store, encoder, ImagesMadeHere(source), trained)
            side_by_side(keep, [(ValidationSet(one), validation), *scored.items()])
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


@dataclass(frozen=True)
class ProbedModel(LoadedModel):
    """A head on an encoder, as `evaluate` reads its kept predictions; it is never asked.

    chosen: for each dataset what the validation split decided.
    """

    chosen: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, encoder: Encoder, head: str) -> "ProbedModel":
        def never_asked(batch: object) -> object:
            raise ModelError(f"{encoder.facts.name}, {head} is scored from features; run it again.")

        return cls(never_asked, facts=replace(encoder.facts, classes=f"{head} head on features"))

    @property
    def provenance(self) -> Mapping[str, object]:
        told = {f"head, {dataset}": words for dataset, words in self.chosen.items()}
        return {**super().provenance, **told}


def _kept(store: FeatureStore, encoder: Encoder, images: ImageSet) -> Features:
    file = store.file(encoder, images.name, images.spec.identity())
    found = store.read(file)
    if found is None:
        raise ModelError(f"The features in {file} have gone meanwhile; run it again.")
    return found


def _keep_scores(
    store: FeatureStore,
    encoder: Encoder,
    origins: ImagesMadeHere,
    heads: Sequence[tuple[Head, KeptModel]],
    of: tuple[Config | ValidationSet, ImageSet],
) -> None:
    """Have all heads say what they make of a set of images, whose features are read once."""
    config, images = of
    found = _kept(store, encoder, images)
    for head, kept in heads:
        origin = kept.origin(config, origins.origin(config))
        kept.store.write(config, found.labels, head.scores(found.features), origin)


def _kept_model(model: LoadedModel, name: str, folder: Path, dataset: str) -> KeptModel:
    named = NamedModel.of(name, model.or_else(Model(print, None, 64, False, False, False)))
    store = PredictionFolder(folder / named.folder)
    return KeptModel(named, store, {dataset: model.fingerprint})
