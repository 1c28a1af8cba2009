"""Which model it is, not what it is called: a digest of its weights, or its first answers."""

import hashlib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from medmnist_c.builder.configs import CleanConfig
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.testset.parts import Part
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.feeding.asked import AskedModel
from medmnist_c.evaluation.feeding.blocks import Lanes, fed_here
from medmnist_c.evaluation.feeding.feed import InputOfModel
from medmnist_c.evaluation.feeding.inputs import ModelInput
from medmnist_c.evaluation.image_sources import ImageOrigins, LabelledImage, ReadableTestSet
from medmnist_c.evaluation.model import NamedModel
from medmnist_c.evaluation.predictions.folder import PredictionFolder

_IMAGES = 16  # of the clean test set, whose answers stand for a model
_NEAR = 1e-3  # answers of one model: other batches, devices and libraries round otherwise


@dataclass(frozen=True)
class _FirstImages:
    """The first images of a test set."""

    test_set: ReadableTestSet

    @property
    def name(self) -> str:
        return self.test_set.name

    @property
    def count(self) -> int:
        return min(_IMAGES, self.test_set.count)

    def parts(self, longest: int) -> list[Part]:
        return [part for part in self.test_set.parts(longest) if part.start < self.count]

    def rows(self, start: int, stop: int) -> Iterator[LabelledImage]:
        return self.test_set.rows(start, stop)

    def rows_at(self, indices: list[int]) -> Iterator[LabelledImage]:
        return self.test_set.rows_at(indices)

    def labels(self) -> np.ndarray:
        return self.test_set.labels()[: self.count]


def of_answers(scores: np.ndarray) -> str:
    """Of the probabilities for a clean test set."""
    first = np.ascontiguousarray(scores[:_IMAGES], np.float64)
    return f"answers {hashlib.sha256(first.tobytes()).hexdigest()[:16]}"


def fingerprint(
    model: NamedModel, store: PredictionFolder, dataset: str, source: ImageOrigins
) -> str | None:
    """A model's own, or that of its answers to the first clean images; None where nothing is kept yet,
    and the clean test set will tell.

    Args:
        model: it is asked if it has no fingerprint of its own and predictions are kept.
        store: where they are.
        dataset: its name.
        source: of the clean images.

    Raises:
        PredictionError: what is kept under its name is another model's.
    """
    kept = [one for one in store.configs() if one.dataset == dataset]
    if model.fingerprint is not None or not kept:
        return model.fingerprint
    clean = CleanConfig(dataset)
    answers = _first_answers(model, clean, source)
    if clean not in kept:
        return of_answers(answers)
    try:
        found, origin = store.read(clean).scores[: len(answers)], store.origin(clean)
    except PredictionError:  # a damaged file is made anew
        return of_answers(answers)
    if origin.images.part != source.origin(clean).part:
        return origin.fingerprint  # of other images; it is refused for that
    apart = np.abs(found - answers).max() if found.shape == answers.shape else 1.0
    if origin.model == model.name and apart > _NEAR:
        raise PredictionError(
            f"{store.path} has predictions of another model that was called {model.name}, too: its "
            f"probabilities for the first clean images of {dataset} differ by up to {apart:.2g}; give "
            "another model_name and folder, or remove that one."
        )
    return origin.fingerprint


def _first_answers(model: NamedModel, clean: CleanConfig, source: ImageOrigins) -> np.ndarray:
    first = _FirstImages(source.open(clean, source.origin(clean).digest))
    inputs = [ModelInput(model.transform, model.form.rgb)]
    asked = AskedModel(model, InputOfModel(0), clean.name, dataset_info(clean.dataset))
    for _, block in fed_here(Lanes(iter([(clean, first)])), inputs, _IMAGES):
        asked.take(block)
    return np.concatenate(asked.scores)


def making(model: NamedModel) -> dict[str, str]:
    """What more is known of how predictions are made, by name: the model's own words (`provenance`),
    libraries in use, and the day (UTC)."""
    told = {str(key): str(value) for key, value in model.provenance.items()}
    for library in ("torch", "transformers"):
        if library in sys.modules and library not in told:
            try:
                told[library] = version(library)
            except PackageNotFoundError:
                continue
    if model.transform is not None:
        told["transform"] = " ".join(repr(model.transform).split())[:500]
    return told | {"day": time.strftime("%Y-%m-%d", time.gmtime())}
