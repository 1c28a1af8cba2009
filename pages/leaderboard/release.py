"""The published AlexNet as an entry: the release has its mean errors, and no report."""

from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES, corruptions_of, groups_of
from medmnist_c.evaluation.report.baseline import Baseline, alexnet, is_stable
from medmnist_c.evaluation.report.model import Estimate
from medmnist_c.pages.leaderboard.entry import Entry
from medmnist_c.pages.leaderboard.figures import DatasetFigures, Scope, mean_value
from medmnist_c.pages.leaderboard.kinds import BASELINE

_ONE = Estimate(1.0)  # BE and rBE are measured against it


def released_alexnet() -> Entry:
    """AlexNet as the release scored it, on all twelve datasets."""
    baseline = alexnet()
    return Entry(
        name=baseline.name,
        kind=BASELINE,
        origin="release",
        datasets={name: _figures(baseline, name) for name in CORRUPTIONS},
        provenance=(
            ("figures", "the release's own (medmnistc 0.1.0, arXiv 2406.17536), not measured here"),
            ("known", "the clean error and the mean over severities 1 to 5 of each corruption"),
            ("not known", "single severities, intervals, the weights"),
            ("BE and rBE", "1 by definition: all others are measured against it"),
            (
                "thresholds",
                "tuned on chestmnist and pneumoniamnist, as its errors show (docs/statistics.md)",
            ),
        ),
    )


def _figures(baseline: Baseline, dataset: str) -> DatasetFigures:
    corruptions = {name: _scope(baseline, dataset, name) for name in CORRUPTIONS[dataset]}
    of_groups = {
        group: _mean([corruptions[name] for name in corruptions_of(dataset, group)])
        for group in groups_of(dataset)
    }
    clean = Estimate(baseline.clean[dataset])
    return DatasetFigures(clean, _mean(list(corruptions.values())), of_groups, corruptions)


def _scope(baseline: Baseline, dataset: str, corruption: str) -> Scope:
    stable = is_stable(baseline.drop(dataset, corruption, SEVERITIES))
    error = Estimate(baseline.mean_error(dataset, corruption, SEVERITIES))
    return Scope(error, _ONE, _ONE, _ONE if stable else Estimate(None))


def _mean(scopes: list[Scope]) -> Scope:
    stable = [one.stable for one in scopes if one.stable.value is not None]
    error = mean_value(one.error for one in scopes)
    return Scope(error, _ONE, _ONE, mean_value(stable))
