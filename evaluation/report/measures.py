"""All figures of a dataset's test sets, gathered one test set at a time."""

from dataclasses import dataclass, field

import numpy as np

from medmnist_c.builder.configs import CleanConfig, Config
from medmnist_c.evaluation.metrics.calibration import (
    ReliabilityBin,
    fit_temperature,
    pooled_reliability,
    reliability,
)
from medmnist_c.evaluation.metrics.further import (
    further,
    image_confidences,
    out_of_distribution,
    tempered,
)
from medmnist_c.evaluation.metrics.test_set import Classified, measure
from medmnist_c.evaluation.metrics.uncertainty.resampled import Figures
from medmnist_c.evaluation.predictions.rows import Predictions


def temperature_of(validation: Predictions | None) -> float | None:
    """Fitted on clean validation images; None if there are none."""
    if validation is None or validation.labels is None:
        return None
    return fit_temperature(validation.labels, validation.scores)


@dataclass
class Measures:
    """Figures of each test set of a dataset; the clean one comes first.

    temperature: that of `temperature_of`.
    figures: by test set.
    """

    temperature: float | None = None
    figures: dict[Config, Figures] = field(default_factory=dict)
    _bins: dict[int | None, list[list[ReliabilityBin]]] = field(default_factory=dict)
    _clean: np.ndarray | None = None

    def add(self, config: Config, test_set: Classified) -> None:
        """Measure one more."""
        severity = None if isinstance(config, CleanConfig) else config.severity
        found = measure(test_set, corrupted=severity is not None) | further(test_set)
        confidences = image_confidences(test_set)
        if severity is None:
            self._clean = confidences
        elif self._clean is not None and test_set.class_counts is None:
            found |= out_of_distribution(self._clean, confidences)
        if self.temperature is not None:
            found |= tempered(test_set, self.temperature)
        self.figures[config] = found
        if test_set.class_counts is None:
            bins = reliability(test_set.confidences.ravel(), test_set.correct.ravel())
            self._bins.setdefault(severity, []).append(bins)

    def reliability(self) -> dict[int | None, list[ReliabilityBin]]:
        """Bins by severity, over all corruptions; those of the clean images under None."""
        return {severity: pooled_reliability(bins) for severity, bins in self._bins.items()}
