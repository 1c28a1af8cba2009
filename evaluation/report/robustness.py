"""From test sets to the benchmark's figures: BE, rBE, and means by corruption, group and severity.

    BE_c  = mean_s err(s, c) / mean_s err_baseline(s, c)
    rBE_c = (mean_s err(s, c) - err_clean) / (mean_s err_baseline(s, c) - err_baseline,clean)

(MedMNIST-C, arXiv 2406.17536). A dataset's BE and rBE are the plain means over its corruptions; where
the baseline's drop is below 0.02, rBE is called unstable, and a second mean leaves it out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from medmnist_c.builder.configs import CleanConfig, Config, CorruptedConfig
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES, Corruption
from medmnist_c.evaluation.metrics.names import PRIMARY
from medmnist_c.evaluation.metrics.ranks import severity_lost
from medmnist_c.evaluation.metrics.uncertainty.resampled import (
    Figures,
    Resampled,
    combine,
    mean,
    means,
    missing,
)
from medmnist_c.evaluation.report.baseline import Baseline, is_stable
from medmnist_c.evaluation.report.completeness import missing_test_sets
from medmnist_c.evaluation.report.measures import Measures
from medmnist_c.evaluation.report.model import (
    CorruptionReport,
    DatasetReport,
    Estimate,
    GroupReport,
    OperatingPoint,
    Reliability,
    ReliabilityBin,
    SeverityReport,
    Summary,
    TestSetFigures,
    ValidationImages,
    metrics_of,
)

MARGIN = 0.05  # of balanced error


@dataclass(frozen=True)
class HowScored:
    """What a dataset's figures came from, beside its scores.

    partial: why the images are no whole test set; there is no BE and rBE then.
    operating_points, validation, remark: as `DatasetReport` has them.
    margin: of the severity that a model is lost at (`Summary.lost_at`).
    temperature, reliability, clusters: as `DatasetReport` has them.
    """

    partial: str | None = None
    operating_points: tuple[OperatingPoint, ...] = ()
    validation: ValidationImages | None = None
    remark: str | None = None
    margin: float = MARGIN
    temperature: float | None = None
    reliability: tuple[Reliability, ...] = ()
    clusters: int | None = None


def dataset_report(
    measured: Mapping[Config, Figures],
    count: int,
    baseline: Baseline,
    how: HowScored | None = None,
) -> DatasetReport:
    """All figures of one dataset.

    Args:
        measured: figures of each test set; the clean one is among them.
        count: images of each.
        baseline: whom to measure against.
        how: the model was scored.
    """
    how = how or HowScored()
    clean = next(one for one in measured if isinstance(one, CleanConfig))
    corruptions = []
    for entry in CORRUPTIONS[clean.dataset].values():
        own = {
            one.severity: figures
            for one, figures in measured.items()
            if isinstance(one, CorruptedConfig) and one.entry is entry
        }
        if own:
            severities = dict(sorted(own.items()))
            corruptions.append(
                _against(
                    baseline,
                    clean.dataset,
                    entry,
                    severities,
                    measured[clean][PRIMARY],
                    how.partial,
                )
            )
    by_severity = {}
    for severity in SEVERITIES:
        having = [one.test_sets[severity] for one in corruptions if severity in one.test_sets]
        if having:
            by_severity[severity] = means(having)
    lost_at = severity_lost(
        measured[clean][PRIMARY],
        {s: found[PRIMARY] for s, found in by_severity.items()},
        how.margin,
    )
    info = dataset_info(clean.dataset)
    return DatasetReport(
        dataset=clean.dataset,
        task=info.task,
        classes=info.labels,
        count=count,
        partial=how.partial,
        operating_points=how.operating_points,
        validation=how.validation,
        remark=how.remark,
        temperature=how.temperature,
        reliability=how.reliability,
        clusters=how.clusters,
        clean=TestSetFigures(None, count, metrics_of(measured[clean])),
        corruptions=tuple(one.report(count) for one in corruptions),
        groups=tuple(
            _group(clean.dataset, group, [one for one in corruptions if one.group == group])
            for group in dict.fromkeys(one.group for one in corruptions)
        ),
        severities=tuple(
            SeverityReport(severity, metrics_of(figures))
            for severity, figures in by_severity.items()
        ),
        summary=_summary(clean.dataset, corruptions, how, lost_at),
    )


def told_reliability(measures: Measures) -> tuple[Reliability, ...]:
    """As a report has it."""
    return tuple(
        Reliability(severity, tuple(ReliabilityBin(**asdict(one)) for one in bins))
        for severity, bins in measures.reliability().items()
    )


@dataclass(frozen=True)
class _Measured:
    """One corruption with its resamples: figures by severity, their means, BE and rBE."""

    name: str
    group: str
    test_sets: dict[int, Figures]
    means: Figures
    baseline_error: float | None
    baseline_drop: float | None
    BE: Resampled
    rBE: Resampled

    @property
    def stable(self) -> bool:
        return is_stable(self.baseline_drop)

    def report(self, count: int) -> CorruptionReport:
        return CorruptionReport(
            name=self.name,
            group=self.group,
            test_sets=tuple(
                TestSetFigures(severity, count, metrics_of(figures))
                for severity, figures in self.test_sets.items()
            ),
            BE=Estimate.of(self.BE),
            rBE=Estimate.of(self.rBE),
            baseline_balanced_error=self.baseline_error,
            baseline_drop=self.baseline_drop,
            stable=self.stable,
            means=metrics_of(self.means),
        )


def _against(
    baseline: Baseline,
    dataset: str,
    entry: Corruption,
    test_sets: dict[int, Figures],
    clean: Resampled,
    partial: str | None,
) -> _Measured:
    """One corruption's figures by severity, measured against the baseline."""
    averages = means(list(test_sets.values()))
    base = baseline.mean_error(dataset, entry.name, tuple(test_sets))
    drop = baseline.drop(dataset, entry.name, tuple(test_sets))
    if base is None or drop is None:
        told = ", ".join(map(str, test_sets))
        be = rbe = missing(f"{baseline.name} is not known for severities {told} alone")
    elif partial is not None:
        be = rbe = missing(f"partial: {partial}")
    else:
        be, rbe = _ratios(averages[PRIMARY], clean, base, drop, baseline.name)
    return _Measured(entry.name, entry.group, test_sets, averages, base, drop, be, rbe)


def _ratios(
    error: Resampled, clean: Resampled, base: float, drop: float, name: str
) -> tuple[Resampled, Resampled]:
    """BE and rBE of a mean error."""
    be = missing(f"{name} makes no error here")
    if base:
        be = combine(lambda own: own / base, error)
    rbe = missing(f"{name} does not change here")
    if drop:
        note = None if is_stable(drop) else f"unstable: the drop of {name} is {drop:.4f}"
        rbe = combine(lambda own, at: (own - at) / drop, error, clean, note=note)
    return be, rbe


def _group(dataset: str, name: str, corruptions: list[_Measured]) -> GroupReport:
    every = [one for one in CORRUPTIONS[dataset].values() if one.group == name]
    if len(corruptions) < len(every):
        part = missing(f"partial: {len(corruptions)} of {len(every)} corruptions")
        told = Estimate.of(part)
        return GroupReport(name, told, told, _means([one.means for one in corruptions]))
    stable = [one.rBE for one in corruptions if one.stable]
    unstable = ", ".join(one.name for one in corruptions if not one.stable)
    note = f"without unstable {unstable}" if unstable and stable else None
    return GroupReport(
        name,
        BE=Estimate.of(mean([one.BE for one in corruptions])),
        rBE=Estimate.of(mean(stable, note) if stable else missing("no stable corruption")),
        means=_means([one.means for one in corruptions]),
    )


def _summary(
    dataset: str, corruptions: list[_Measured], how: HowScored, lost_at: Resampled
) -> Summary:
    lacking = missing_test_sets(dataset, {one.name: one.test_sets for one in corruptions})
    unstable = [one.name for one in corruptions if not one.stable]
    stable = [one.rBE for one in corruptions if one.stable]
    if lacking:
        be = rbe = rbe_stable = missing(f"partial: {lacking}")
    else:
        be = mean([one.BE for one in corruptions])
        named = ", ".join(unstable)
        rbe = mean([one.rBE for one in corruptions], named and f"includes unstable {named}")
        rbe_stable = mean(stable, named and f"without {named}")
    return Summary(
        BE=Estimate.of(be),
        rBE=Estimate.of(rbe),
        rBE_stable=Estimate.of(rbe_stable),
        unstable=tuple(unstable),
        means=_means([one.means for one in corruptions]),
        complete=lacking is None and how.partial is None,
        margin=how.margin,
        lost_at=Estimate.of(lost_at),
    )


def _means(several: Sequence[Figures]) -> dict[str, Estimate]:
    return metrics_of(means(several))
