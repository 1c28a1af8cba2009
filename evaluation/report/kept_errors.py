"""Balanced errors of reports with their resamples, from the predictions that were kept."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from medmnist_c.builder.configs import CleanConfig, Config, CorruptedConfig
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.evaluation.errors import ReportError
from medmnist_c.evaluation.metrics.resampled import Resampled
from medmnist_c.evaluation.metrics.test_set import balanced_error, classify
from medmnist_c.evaluation.predictions.file import PredictionFile
from medmnist_c.evaluation.predictions.folder import PredictionFolder, open_predictions
from medmnist_c.evaluation.report.completeness import OTHER_IMAGES
from medmnist_c.evaluation.report.model import Report
from medmnist_c.evaluation.report.operating_point import threshold_of


def kept_errors(reports: Sequence[Report]) -> list["KeptErrors"]:
    """Of each report; reports of the same predictions are one model, and do not differ."""
    places = [one.predictions and one.predictions.absolute() for one in reports]
    return [
        KeptErrors(one, places.index(place)) for one, place in zip(reports, places, strict=True)
    ]


class KeptErrors:
    """Labels and resampled balanced errors of a report's test sets, read when first asked for."""

    def __init__(self, report: Report, position: int) -> None:
        self.report = report
        self.position = position
        self._found: dict[Config, tuple[np.ndarray, Resampled] | None] = {}

    @cached_property
    def store(self) -> PredictionFolder | PredictionFile:
        predictions = self.report.predictions
        if predictions is None or not predictions.exists():
            raise ReportError(
                f"The predictions of {self.report.name} are not there ({predictions}), which a paired "
                "comparison needs; evaluate with predictions=FOLDER and keep it beside the report."
            )
        return open_predictions(predictions)

    def reported(self) -> set[Config]:
        return {
            _config(dataset, corruption, severity)
            for dataset in self.report.datasets
            for corruption, severity in self.report.table(dataset)
        }

    def of(self, config: Config) -> tuple[np.ndarray, Resampled] | None:
        """None where the labels are not kept."""
        if config not in self._found:
            made = self.report.provenance
            kept = self.store.read(config, logits=made.logits)
            self._found[config] = None
            if kept.labels is not None:
                info = dataset_info(config.dataset)
                point = self.report.datasets[config.dataset].operating_point
                classified = classify(info, kept.labels, kept.scores, threshold_of(point))
                error = balanced_error(
                    classified, corrupted=isinstance(config, CorruptedConfig), model=self.position
                )
                self._found[config] = kept.labels, error
        return self._found[config]

    def errors(self, dataset: str) -> dict[tuple[str | None, int | None], Resampled]:
        """As `Report.table`; without draws where predictions or labels are not kept."""
        told = self.report.table(dataset)
        found = {}
        for (corruption, severity), estimate in told.items():
            config = _config(dataset, corruption, severity)
            kept = self.of(config) if self.is_kept else None
            value = Resampled(estimate.value, note=estimate.note)
            found[corruption, severity] = value if kept is None else kept[1]
        return found

    @property
    def is_kept(self) -> bool:
        """Whether there are predictions."""
        return self.report.predictions is not None and self.report.predictions.exists()


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
    if not same:
        raise ReportError(
            f"{a.name} was scored on other images ({one.images}) than {b.name} "
            f"({other.images}), or on other clean ones; evaluate both on the same."
        )
