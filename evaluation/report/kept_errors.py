"""Balanced errors and AUCs of reports with their resamples, from the predictions that were kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from medmnist_c.builder.configs import CleanConfig, Config, CorruptedConfig
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.evaluation.errors import ReportError
from medmnist_c.evaluation.metrics.test_set import (
    Classified,
    area,
    balanced_error,
    classify,
    error_parts,
)
from medmnist_c.evaluation.metrics.uncertainty.resampled import Resampled, pooled
from medmnist_c.evaluation.predictions.file import PredictionFile
from medmnist_c.evaluation.predictions.folder import PredictionFolder, open_predictions
from medmnist_c.evaluation.report.completeness import OTHER_IMAGES
from medmnist_c.evaluation.report.measures import Measures, temperature_of
from medmnist_c.evaluation.report.model import Report
from medmnist_c.evaluation.report.operating_point import threshold_of


def kept_errors(reports: Sequence[Report]) -> list["KeptErrors"]:
    """Of each report; reports of the same predictions are one model, and do not differ."""
    places = [tuple(place.absolute() for place in one.places) for one in reports]
    return [
        KeptErrors(one, places.index(place) if place else number)
        for number, (one, place) in enumerate(zip(reports, places, strict=True))
    ]


@dataclass(frozen=True)
class KeptFigures:
    """What two models are compared by, on one test set.

    labels: whole numbers, N x 1, or N x L of 0 and 1.
    groups: what each image belongs to, N; None if each stands for itself.
    error: balanced error.
    auc: mean over classes or labels.
    losses: what each image takes from the AUC, float64, N; None over several trainings, or without it.
    error_parts, auc_parts: what each image adds to the balanced error, and takes from the AUC, float64,
        N; None likewise.
    """

    labels: np.ndarray
    groups: np.ndarray | None
    error: Resampled
    auc: Resampled
    losses: np.ndarray | None = None
    error_parts: np.ndarray | None = None
    auc_parts: np.ndarray | None = None


class KeptErrors:
    """Labels, resampled balanced errors and AUCs of a report's test sets, read when first asked for."""

    def __init__(self, report: Report, position: int) -> None:
        self.report = report
        self.position = position
        self._found: dict[Config, KeptFigures | None] = {}

    @cached_property
    def stores(self) -> list[PredictionFolder | PredictionFile]:
        """Of each training."""
        places = self.report.places
        if not self.is_kept:
            told = ", ".join(map(str, places)) or "None"
            raise ReportError(
                f"The predictions of {self.report.name} are not there ({told}), which a paired "
                "comparison needs; evaluate with predictions=FOLDER and keep it beside the report."
            )
        return [open_predictions(place) for place in places]

    def reported(self) -> set[Config]:
        return {
            _config(dataset, corruption, severity)
            for dataset in self.report.datasets
            for corruption, severity in self.report.table(dataset)
        }

    def of(self, config: Config) -> KeptFigures | None:
        """None where the labels are not kept."""
        if config not in self._found:
            self._found[config] = self._read(config)
        return self._found[config]

    def _read(self, config: Config) -> KeptFigures | None:
        corrupted = isinstance(config, CorruptedConfig)
        first: Classified | None = None
        errors, areas = [], []
        for number in range(len(self.stores)):
            one = self._classified(config, number)
            if one is None or (first is not None and (first.labels != one.labels).any()):
                return None
            first = first or one
            errors.append(balanced_error(one, corrupted=corrupted, model=self.position))
            areas.append(area(one, corrupted=corrupted, model=self.position))
        if first is None:
            return None
        if len(errors) == 1:
            found = areas[0]
            parts = None if found.misplaced is None else found.misplaced / len(found.misplaced)
            return KeptFigures(
                first.labels,
                first.groups,
                errors[0],
                found.figure,
                found.losses,
                error_parts(first),
                parts,
            )
        auc = pooled([one.figure for one in areas])
        return KeptFigures(first.labels, first.groups, pooled(errors), auc)

    def _classified(self, config: Config, number: int) -> Classified | None:
        """Answers of one training; None where the labels are not kept."""
        kept = self.stores[number].read(config, logits=self.report.provenance.logits)
        if kept.labels is None:
            return None
        points = self.report.datasets[config.dataset].operating_points
        threshold = threshold_of(points[number] if points else None)
        info = dataset_info(config.dataset)
        return classify(
            info,
            kept.labels,
            kept.scores,
            threshold,
            groups=kept.groups,
            class_counts=kept.class_counts,
        )

    def configs(self, dataset: str) -> list[Config]:
        """The test sets of a dataset, the clean one first."""
        return [_config(dataset, *place) for place in self.report.table(dataset)]

    def measures(self, dataset: str) -> Measures:
        """All figures of a dataset, of a report of one training.

        Raises:
            ReportError: labels are not kept.
        """
        kept = self.stores[0].validation(dataset, logits=self.report.provenance.logits)
        found = Measures(temperature_of(None if kept is None else kept.predictions))
        for config in self.configs(dataset):
            one = self._classified(config, 0)
            if one is None:
                raise ReportError(
                    f"The labels of {config.name} are not kept for {self.report.name}."
                )
            found.add(config, one)
        return found

    def errors(self, dataset: str) -> dict[tuple[str | None, int | None], Resampled]:
        """As `Report.table`; without draws where predictions or labels are not kept."""
        told = self.report.table(dataset)
        found = {}
        for (corruption, severity), estimate in told.items():
            config = _config(dataset, corruption, severity)
            kept = self.of(config) if self.is_kept else None
            value = Resampled(estimate.value, note=estimate.note)
            found[corruption, severity] = value if kept is None else kept.error
        return found

    @property
    def is_kept(self) -> bool:
        """Whether there are predictions."""
        places = self.report.places
        return bool(places) and all(one.exists() for one in places)


def _config(dataset: str, corruption: str | None, severity: int | None) -> Config:
    if corruption is None or severity is None:
        return CleanConfig(dataset)
    return CorruptedConfig(dataset, corruption, severity)


def check_same_images(a: Report, b: Report) -> None:
    """Of the datasets that both have.

    Raises:
        ReportError: the images are not the same, or there is no such dataset.
    """
    shared = [name for name in a.datasets if name in b.datasets]
    if not shared:
        raise ReportError(f"{a.name} and {b.name} have no dataset in common.")
    one, other = a.provenance, b.provenance
    same = one.images == other.images != OTHER_IMAGES
    for name in shared:
        digests = [made.sources[name].digest for made in (one, other)]
        same = same and (None in digests or digests[0] == digests[1])
        same = same and one.sources[name].limit == other.sources[name].limit
        same = same and a.datasets[name].clusters == b.datasets[name].clusters
    if not same:
        raise ReportError(
            f"{a.name} was scored on other images ({one.images}) than {b.name} "
            f"({other.images}), or on other clean ones; evaluate both on the same."
        )
