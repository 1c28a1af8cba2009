"""Trained networks scored: all of a dataset in one pass over its images, those of a fold in another."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.corruptions.table import corruptions_of
from medmnist_c.evaluation.evaluate import evaluate
from medmnist_c.evaluation.robustness_report import REPORT_FILE, RobustnessReport
from medmnist_c.experiments.protocol import Protocol
from medmnist_c.experiments.runs import Run
from medmnist_c.models.load import load_model


@dataclass(frozen=True)
class Pass:
    """Runs that are scored together: of a dataset, on all corruptions or on one group's."""

    dataset: str
    without: str | None
    runs: tuple[Run, ...]
    folder: Path

    @property
    def lock_file(self) -> Path:
        return self.folder / f".{self.dataset}_{self.without or 'all'}.lock"

    def report_folder(self, run: Run) -> Path:
        return self.folder / "reports" / self.dataset / run.name

    def report_file(self, run: Run) -> Path:
        return self.report_folder(run) / REPORT_FILE

    @property
    def done(self) -> bool:
        return all(self.report_file(run).exists() for run in self.runs)


def passes(runs: Iterable[Run], output: Path, protocol: Protocol) -> list[Pass]:
    """A pass for each dataset, and one more for each group that networks were trained without."""
    found: dict[tuple[str, str | None], list[Run]] = {}
    for run in runs:
        found.setdefault((run.dataset, run.without), []).append(run)
    folder = output / protocol.name / f"scored-{protocol.scoring.thresholds}"
    return [Pass(dataset, without, tuple(own), folder) for (dataset, without), own in found.items()]


def score(
    one: Pass,
    protocol: Protocol,
    output: Path,
    source: ImageSource,
    device: str | None,
    num_workers: int | None,
) -> None:
    """Evaluate the runs of a pass and keep their reports; what is finished is not done again.

    A network without a group is tested on that group alone. Thresholds come from the clean validation
    images, as the protocol says.

    Raises:
        ModelError, PredictionError, CleanDataError: as `load_model` and `evaluate`.
    """
    how: dict[str, Any] = {"device": device, "batch_size": protocol.scoring.test_batch_size}
    models = {
        run.name: load_model(f"run:{run.folder(output, protocol)}", run.dataset, **how)
        for run in one.runs
    }
    corruptions = None if one.without is None else corruptions_of(one.dataset, one.without)
    reports = evaluate(
        models,
        one.dataset,
        corruptions=corruptions,
        data_dir=source.data_dir,
        sample=source.sample,
        predictions=one.folder / "predictions",
        threshold=protocol.scoring.thresholds,
        num_workers=num_workers,
    )
    for run in one.runs:
        reports[run.name].save(one.report_folder(run))


def kept_reports(all_passes: Iterable[Pass]) -> Mapping[Run, RobustnessReport]:
    """The reports that there are, by run."""
    return {
        run: RobustnessReport.load(one.report_file(run))
        for one in all_passes
        for run in one.runs
        if one.report_file(run).exists()
    }
