"""One report over several trainings of a model: figures are means, intervals are over trainings too."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from medmnist_c.builder.configs import Config
from medmnist_c.evaluation.errors import ReportError
from medmnist_c.evaluation.fields import as_text
from medmnist_c.evaluation.metrics.uncertainty.resampled import Figures, pooled
from medmnist_c.evaluation.report.baseline import reported_baseline
from medmnist_c.evaluation.report.kept_errors import KeptErrors, check_same_images, kept_errors
from medmnist_c.evaluation.report.model import DatasetReport, ModelIdentity
from medmnist_c.evaluation.report.robustness import HowScored, dataset_report
from medmnist_c.evaluation.robustness_report import RobustnessReport


def over_seeds(
    reports: Sequence[RobustnessReport | str | Path], model_name: str | None = None
) -> RobustnessReport:
    """One report of one model that was trained several times.

    Each figure is the mean over trainings, with its standard deviation over them (`Estimate.sd`) and an
    interval over images and trainings. All is measured again, from the predictions of each.

    Args:
        reports: of the trainings, or their paths; with predictions kept, on the same test sets.
        model_name: of all; None: the first report's.

    Raises:
        ReportError: fewer than two reports, no predictions, or other test sets, images, thresholds'
            kinds or baselines.
    """
    loaded = [
        one if isinstance(one, RobustnessReport) else RobustnessReport.load(one) for one in reports
    ]
    if len(loaded) < 2:
        raise ReportError("Give two or more reports, one for each training.")
    first = loaded[0]
    for one in loaded:
        if one.model.seeds or one.predictions is None:
            raise ReportError(f"{one.name} is no report of one training with its predictions kept.")
        check_same_images(first, one)
        _check_alike(first, one)
    places = [one.predictions.absolute() for one in loaded if one.predictions]
    if len(set(places)) < len(places):
        raise ReportError(
            "Two of the reports are of the same predictions; give each training once."
        )
    models = kept_errors(loaded)
    datasets = {name: _dataset(models, name) for name in first.datasets}
    names = tuple(as_text(name) for name in _told_apart(loaded))
    report = RobustnessReport(
        _identity(loaded, as_text(model_name or first.name), names),
        first.baseline,
        first.provenance,
        datasets,
    )
    return RobustnessReport.of(report, None, tuple(places))


def _identity(
    reports: Sequence[RobustnessReport], name: str, trainings: tuple[str, ...]
) -> ModelIdentity:
    """That of all trainings: known again if each of them is, with the words that all have alike."""
    fingerprints = [one.model.fingerprint for one in reports]
    together = None
    if None not in fingerprints:
        digest = hashlib.sha256("\n".join(sorted(map(str, fingerprints))).encode()).hexdigest()
        together = f"trainings {digest[:16]}"
    first = reports[0].model.made
    made = {
        key: value
        for key, value in first.items()
        if all(one.model.made.get(key) == value for one in reports)
    }
    return ModelIdentity(name, trainings, together, made)


def _check_alike(first: RobustnessReport, other: RobustnessReport) -> None:
    def what(report: RobustnessReport) -> list:
        return [report.baseline, report.provenance.logits] + [
            (
                name,
                set(report.table(name)),
                one.partial,
                one.clusters,
                one.summary.margin,
                [point.words for point in one.operating_points],
            )
            for name, one in report.datasets.items()
        ]

    if what(first) != what(other):
        raise ReportError(
            f"{other.name} was scored on other test sets, with other thresholds or against another "
            f"baseline than {first.name}; score both alike."
        )


def _dataset(models: Sequence[KeptErrors], name: str) -> DatasetReport:
    told = [one.report.datasets[name] for one in models]
    measures = [one.measures(name) for one in models]
    measured: dict[Config, Figures] = {}
    for config, figures in measures[0].figures.items():
        measured[config] = {
            metric: pooled([one.figures[config][metric] for one in measures]) for metric in figures
        }
    points = tuple(point for one in told for point in one.operating_points)
    how = HowScored(
        told[0].partial,
        points,
        told[0].validation,
        told[0].remark,
        told[0].summary.margin,
        clusters=told[0].clusters,
    )
    baseline = reported_baseline(models[0].report)
    return dataset_report(measured, told[0].count, baseline, how)


def _told_apart(reports: Sequence[RobustnessReport]) -> list[str]:
    """The models' names where they differ, else numbers."""
    names = [one.name for one in reports]
    if len(set(names)) == len(names):
        return names
    return [f"training {number}" for number in range(1, len(names) + 1)]
