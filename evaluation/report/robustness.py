"""From test sets to the benchmark's figures: BE, rBE, and means by corruption, group and severity.

    BE_c  = mean_s err(s, c) / mean_s err_baseline(s, c)
    rBE_c = (mean_s err(s, c) - err_clean) / (mean_s err_baseline(s, c) - err_baseline,clean)

(MedMNIST-C, arXiv 2406.17536). A dataset's BE and rBE are the plain means over its corruptions; where
the baseline's drop is below 0.02, rBE is called unstable, and a second mean leaves it out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from medmnist_c.builder.configs import CleanConfig, Config, CorruptedConfig
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES, Corruption
from medmnist_c.evaluation.metrics.names import PRIMARY
from medmnist_c.evaluation.metrics.resampled import (
    Figures,
    Resampled,
    combine,
    mean,
    means,
    missing,
)
from medmnist_c.evaluation.report.baseline import STABLE_DROP, Baseline
from medmnist_c.evaluation.report.model import (
    CorruptionReport,
    DatasetReport,
    Estimate,
    GroupReport,
    SeverityReport,
    Summary,
    TestSetFigures,
    metrics_of,
)


def dataset_report(
    measured: Mapping[Config, Figures], count: int, baseline: Baseline
) -> DatasetReport:
    """All figures of one dataset.

    Args:
        measured: figures of each test set; the clean one is among them.
        count: images of each.
        baseline: whom to measure against.
    """
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
                _against(baseline, clean.dataset, entry, severities, measured[clean][PRIMARY])
            )
    info = dataset_info(clean.dataset)
    return DatasetReport(
        dataset=clean.dataset,
        task=info.task,
        classes=info.labels,
        count=count,
        clean=TestSetFigures(None, count, metrics_of(measured[clean])),
        corruptions=tuple(one.report(count) for one in corruptions),
        groups=tuple(
            _group(group, [one for one in corruptions if one.group == group])
            for group in dict.fromkeys(one.group for one in corruptions)
        ),
        severities=tuple(
            SeverityReport(severity, _means(having))
            for severity in SEVERITIES
            if (
                having := [
                    one.test_sets[severity] for one in corruptions if severity in one.test_sets
                ]
            )
        ),
        summary=_summary(clean.dataset, corruptions),
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
        return self.baseline_drop is not None and self.baseline_drop >= STABLE_DROP

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
) -> _Measured:
    """One corruption's figures by severity, measured against the baseline."""
    averages = means(list(test_sets.values()))
    base = baseline.mean_error(dataset, entry.name, tuple(test_sets))
    drop = baseline.drop(dataset, entry.name, tuple(test_sets))
    if base is None or drop is None:
        told = ", ".join(map(str, test_sets))
        be = rbe = missing(f"{baseline.name} is not known for severities {told} alone")
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
        note = None if drop >= STABLE_DROP else f"unstable: the drop of {name} is {drop:.4f}"
        rbe = combine(lambda own, at: (own - at) / drop, error, clean, note=note)
    return be, rbe


def _group(name: str, corruptions: list[_Measured]) -> GroupReport:
    stable = [one.rBE for one in corruptions if one.stable]
    unstable = ", ".join(one.name for one in corruptions if not one.stable)
    note = f"without unstable {unstable}" if unstable and stable else None
    return GroupReport(
        name,
        BE=Estimate.of(mean([one.BE for one in corruptions])),
        rBE=Estimate.of(mean(stable, note) if stable else missing("no stable corruption")),
        means=_means([one.means for one in corruptions]),
    )


def _summary(dataset: str, corruptions: list[_Measured]) -> Summary:
    every = CORRUPTIONS[dataset]
    complete = len(corruptions) == len(every) and all(
        len(one.test_sets) == len(SEVERITIES) for one in corruptions
    )
    note = None if complete else f"over {len(corruptions)} of {len(every)} corruptions"
    unstable = [one.name for one in corruptions if not one.stable]
    stable = [one.rBE for one in corruptions if one.stable]
    left_out = f"without {', '.join(unstable)}" if unstable else note
    plain = f"includes unstable {', '.join(unstable)}" if unstable else note
    return Summary(
        BE=Estimate.of(mean([one.BE for one in corruptions], note)),
        rBE=Estimate.of(mean([one.rBE for one in corruptions], plain)),
        rBE_stable=Estimate.of(mean(stable, left_out)),
        unstable=tuple(unstable),
        means=_means([one.means for one in corruptions]),
        complete=complete,
    )


def _means(several: Sequence[Figures]) -> dict[str, Estimate]:
    return metrics_of(means(several))
