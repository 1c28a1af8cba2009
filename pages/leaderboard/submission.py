"""Reports as submissions: read, checked, and taken, or refused with a reason."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.files import absolute
from medmnist_c.builder.suggestions import shown
from medmnist_c.builder.versions import IMAGES_VERSION
from medmnist_c.evaluation.errors import ReportError
from medmnist_c.evaluation.metrics.uncertainty.resampled import CONFIDENCE
from medmnist_c.evaluation.predictions.origin import REFERENCE_IMAGES
from medmnist_c.evaluation.report.baseline import Baseline, alexnet
from medmnist_c.evaluation.report.completeness import missing_test_sets
from medmnist_c.evaluation.report.model import TUNED, DatasetReport, OperatingPoint, Report
from medmnist_c.evaluation.report.operating_point import needs_threshold
from medmnist_c.evaluation.robustness_report import REPORT_FILE, RobustnessReport
from medmnist_c.pages.errors import RefusedError
from medmnist_c.pages.leaderboard.agreement import contradictions

_LARGEST_FILE = 50_000_000  # bytes: a report of all twelve datasets has some 3 MB
_USUAL = 0.5  # the threshold that is chosen without looking at any image


def read_submissions(paths: Sequence[str | Path]) -> tuple[list[RobustnessReport], list[str]]:
    """The reports that are taken, in order, and why the others are refused, one sentence each.

    Args:
        paths: report files, or folders that hold a `report.json`.
    """
    taken: dict[str, RobustnessReport] = {}
    refused = []
    for path in paths:
        try:
            report = read_submission(path)
            _check_beside(report, taken)
        except (RefusedError, ReportError) as error:
            refused.append(str(error))
        else:
            taken[str(path)] = report
    return list(taken.values()), refused


def read_submission(path: str | Path) -> RobustnessReport:
    """A report that may go on the leaderboard.

    Raises:
        ReportError: it is no report.
        RefusedError: it is one, but not of the whole benchmark, as it is, by a model that is known
            again; the message names the file and says why.
    """
    path = absolute(path)
    file = path / REPORT_FILE if path.is_dir() else path
    if file.is_file() and file.stat().st_size > _LARGEST_FILE:
        raise RefusedError(f"{file} is refused: it has more than {_LARGEST_FILE:,} bytes.")
    report = RobustnessReport.load(file)
    for reason in reasons_against(report):
        raise RefusedError(f"{file} ({shown(report.name)}) is refused: {reason}.")
    return report


def reasons_against(report: Report) -> Iterator[str]:
    """Why a report cannot go on the leaderboard; none if it can."""
    if not report.name.strip():
        yield "its model has no name"
    made = report.provenance
    if made.images != REFERENCE_IMAGES:
        yield f"its images are {shown(made.images)}, not the published ones ({REFERENCE_IMAGES!r})"
    if made.images_version not in (None, IMAGES_VERSION):
        yield (
            f"its images are of version {shown(made.images_version)}, the present ones of "
            f"{IMAGES_VERSION!r}"
        )
    if report.model.fingerprint is None:
        yield (
            "it has no fingerprint of its model; score the model with `medmnist-c evaluate`, which "
            "keeps one"
        )
    if made.confidence != CONFIDENCE:
        yield f"its intervals are of {100 * made.confidence:g} %, not of {100 * CONFIDENCE:g} %"
    if report.baseline.name != alexnet().name:
        yield f"it is measured against {shown(report.baseline.name)}, not {alexnet().name}"
    for one in report.datasets.values():
        yield from _incomplete(one)
        yield from _other_thresholds(one, alexnet())
    yield from contradictions(report)


def _incomplete(one: DatasetReport) -> Iterator[str]:
    official = dataset_info(one.dataset).test_count
    if one.count != official or one.partial is not None:
        why = one.partial or f"{one.count:,} of the {official:,} test images"
        yield f"{one.dataset} is partial ({why})"
    severities = {each.name: tuple(each.by_severity()) for each in one.corruptions}
    told = {name: [s for s in found if s is not None] for name, found in severities.items()}
    lacking = missing_test_sets(one.dataset, told)
    if lacking:
        yield f"{one.dataset} is incomplete: {lacking}"


def _other_thresholds(one: DatasetReport, baseline: Baseline) -> Iterator[str]:
    """Thresholds are 0.5, or tuned on all clean validation images, and tuned where AlexNet's are."""
    info = dataset_info(one.dataset)
    if not needs_threshold(info):
        return
    if not one.operating_points:
        yield f"{one.dataset} lacks its thresholds"
    for point in one.operating_points:
        if point.kind == TUNED:
            seen = one.validation
            official = info.validation_count
            if seen is None or (seen.count, seen.official) != (official, official):
                count = 0 if seen is None else seen.count
                yield (
                    f"the thresholds of {one.dataset} are tuned on {count:,} images, not on the "
                    f"{official:,} clean validation images"
                )
        elif not _is_usual(point):
            yield (
                f"the thresholds of {one.dataset} are given, and nothing says on which images they "
                'were chosen; use threshold="validation"'
            )
        elif baseline.thresholds.get(one.dataset) == TUNED:
            yield (
                f"the thresholds of {one.dataset} are {_USUAL:g}, those of {baseline.name} tuned, so "
                'BE compares thresholds; use threshold="validation"'
            )


def _is_usual(point: OperatingPoint) -> bool:
    return set(point.thresholds) == {_USUAL}


def _check_beside(report: Report, taken: dict[str, RobustnessReport]) -> None:
    """RefusedError: the same model, name, or other clean images than those that were taken before."""
    for path, other in taken.items():
        if other.model.fingerprint == report.model.fingerprint:
            raise RefusedError(
                f"{shown(report.name)} is refused: it is the model of {path} "
                f"({shown(other.name)}), by its fingerprint; give one report of each model."
            )
        if other.name == report.name:
            raise RefusedError(
                f"{shown(report.name)} is refused: {path} has a model of that name already; call it "
                "something else."
            )
        for name, source in report.provenance.sources.items():
            known = other.provenance.sources.get(name)
            digests = {source.digest, known.digest if known else None} - {None}
            if len(digests) > 1:
                raise RefusedError(
                    f"{shown(report.name)} is refused: its clean images of {name} are others than "
                    f"those of {path}; one of both is not of the official file."
                )
