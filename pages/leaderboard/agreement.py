"""Whether the figures of a report agree with each other, and with AlexNet's: a change by hand shows.

Every mean, BE and rBE follows from the balanced errors of the single test sets. Who makes up all of them
is not found out here; the predictions would tell.
"""

import math
from collections.abc import Iterable, Iterator

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.corruptions.table import SEVERITIES, groups_of
from medmnist_c.evaluation.metrics.names import PRIMARY, recall_of
from medmnist_c.evaluation.report.baseline import alexnet, is_stable
from medmnist_c.evaluation.report.model import (
    CorruptionReport,
    DatasetReport,
    Estimate,
    Report,
    Summary,
    TestSetFigures,
)

_NEAR = 1e-6  # figures are kept to their last digit; sums are taken in another order here


def contradictions(report: Report) -> Iterator[str]:
    """What does not agree, in words; nothing where all does. The report is complete."""
    trainings = max(1, len(report.model.seeds))
    for one in report.datasets.values():
        for what, told, computed in _pairs(one, trainings):
            if not _same(told, computed):
                given = _in_words(computed)
                yield f"{what} of {one.dataset} is {_in_words(told)}, its test sets give {given}"
        for what, estimate in _estimates(one):
            if not _is_whole(estimate):
                yield f"{what} of {one.dataset} lacks its interval, or lies outside of it"


_Pair = tuple[str, float | None, float | None]  # what, as told, as computed


def _pairs(one: DatasetReport, trainings: int) -> Iterator[_Pair]:
    """Figures that follow from others, as they are told and as they are computed from these."""
    base = alexnet()
    clean = _value(one.clean.metrics[PRIMARY])
    means, BE, rBE, stable = [], {}, {}, {}
    for each in one.corruptions:
        error = _mean(_value(test_set.metrics[PRIMARY]) for test_set in each.test_sets)
        means.append(error)
        own = base.mean_error(one.dataset, each.name, SEVERITIES)
        drop = base.drop(one.dataset, each.name, SEVERITIES)
        BE[each.name] = error / own if own else None
        rBE[each.name] = (error - clean) / drop if drop else None
        stable[each.name] = is_stable(drop)
        yield from _of_corruption(each, error, BE[each.name], rBE[each.name])
        yield f"AlexNet's error under {each.name}", each.baseline_balanced_error, own
        yield f"whether {each.name} is stable", float(each.stable), float(stable[each.name])
    for at in one.severities:
        errors = [_error_at(each, at.severity) for each in one.corruptions]
        yield f"the mean at severity {at.severity}", at.means[PRIMARY].value, _mean(errors)
    names = [each.name for each in one.corruptions]
    of_group = {each.name: each.group for each in one.corruptions}
    for group in one.groups:
        inside = [name for name in names if of_group[name] == group.name]
        yield f"BE of {group.name}", group.BE.value, _mean_known(BE[n] for n in inside)
        steady = [rBE[n] for n in inside if stable[n]]
        yield f"rBE of {group.name}", group.rBE.value, _mean_known(steady)
        errors = [means[names.index(n)] for n in inside]
        yield f"the mean of {group.name}", group.means[PRIMARY].value, _mean(errors)
    yield from _of_summary(one.summary, means, BE, rBE, stable)
    present = {group.name for group in one.groups}, {at.severity for at in one.severities}
    wanted = set(groups_of(one.dataset)), set(SEVERITIES)
    yield "the number of means", _count(present), _count(wanted)
    yield from _of_test_sets(one, trainings)


def _of_corruption(
    each: CorruptionReport, error: float, BE: float | None, rBE: float | None
) -> Iterator[_Pair]:
    yield f"the mean under {each.name}", each.means[PRIMARY].value, error
    yield f"BE under {each.name}", each.BE.value, BE
    yield f"rBE under {each.name}", each.rBE.value, rBE


def _of_summary(
    summary: Summary,
    means: list[float],
    BE: dict[str, float | None],
    rBE: dict[str, float | None],
    stable: dict[str, bool],
) -> Iterator[_Pair]:
    yield "the mean error", summary.means[PRIMARY].value, _mean(means)
    yield "BE", summary.BE.value, _mean_known(BE.values())
    yield "rBE", summary.rBE.value, _mean_known(rBE.values())
    steady = [value for name, value in rBE.items() if stable[name]]
    yield "rBE without unstable ones", summary.rBE_stable.value, _mean_known(steady)


def _of_test_sets(one: DatasetReport, trainings: int) -> Iterator[_Pair]:
    """Accuracies are whole numbers of answers; balanced errors follow from the classes' recalls."""
    info = dataset_info(one.dataset)
    answers = one.count * trainings * (len(info.labels) if info.multi_label else 1)
    for where, test_set in _test_sets(one):
        accuracy = test_set.metrics.get("accuracy")
        if accuracy is not None and accuracy.value is not None:
            whole = round(accuracy.value * answers)
            yield f"the accuracy {where}", accuracy.value, whole / answers
        recalls = [test_set.metrics.get(recall_of(number)) for number in range(len(info.labels))]
        if info.multi_label or any(each is None or each.value is None for each in recalls):
            continue
        known = [each.value for each in recalls if each is not None and each.value is not None]
        yield f"the balanced error {where}", test_set.metrics[PRIMARY].value, 1 - _mean(known)


def _test_sets(one: DatasetReport) -> Iterator[tuple[str, TestSetFigures]]:
    yield "on clean images", one.clean
    for each in one.corruptions:
        for test_set in each.test_sets:
            yield f"under {each.name} {test_set.severity}", test_set


def _estimates(one: DatasetReport) -> Iterator[tuple[str, Estimate]]:
    """The figures that the leaderboard ranks by."""
    for where, test_set in _test_sets(one):
        yield f"the balanced error {where}", test_set.metrics[PRIMARY]
    for each in one.corruptions:
        yield f"the mean under {each.name}", each.means[PRIMARY]
        yield f"BE under {each.name}", each.BE
    for group in one.groups:
        yield f"BE of {group.name}", group.BE
    for at in one.severities:
        yield f"the mean at severity {at.severity}", at.means[PRIMARY]
    yield "the mean error", one.summary.means[PRIMARY]
    yield "BE", one.summary.BE


def _is_whole(one: Estimate) -> bool:
    if one.value is None or one.low is None or one.high is None:
        return False
    return one.low - _NEAR <= one.value <= one.high + _NEAR


def _error_at(each: CorruptionReport, severity: int) -> float:
    found = each.by_severity()[severity]
    return math.nan if found is None else _value(found)


def _value(one: Estimate) -> float:
    return math.nan if one.value is None else one.value


def _mean(values: Iterable[float]) -> float:
    known = list(values)
    return sum(known) / len(known) if known else math.nan


def _mean_known(values: Iterable[float | None]) -> float | None:
    """None where one is missing, as a report has it, or where there is none."""
    known = list(values)
    numbers = [one for one in known if one is not None]
    return _mean(numbers) if numbers and len(numbers) == len(known) else None


def _same(told: float | None, computed: float | None) -> bool:
    if told is None or computed is None:
        return told is computed
    return abs(told - computed) <= _NEAR * max(1.0, abs(computed))


def _in_words(value: float | None) -> str:
    return "missing" if value is None else f"{value:.6g}"


def _count(sets: tuple[set, ...]) -> float:
    return float(sum(map(len, sets)))
