"""A table of the paper in one call: every run trained, scored and put into the table."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from medmnist_c.builder.files import folder_to_write
from medmnist_c.builder.source.image_source import ImageSource
from medmnist_c.experiments.protocol import Protocol
from medmnist_c.experiments.runs import RUNS_OF, Run
from medmnist_c.experiments.scoring import Pass, kept_reports, passes, score
from medmnist_c.experiments.sharing import work_through
from medmnist_c.experiments.subset import source_for
from medmnist_c.experiments.tables.rendering import write
from medmnist_c.experiments.tables.table import Table
from medmnist_c.experiments.tables.table2 import table2
from medmnist_c.experiments.tables.table3 import table3
from medmnist_c.experiments.time_left import TimeLeft
from medmnist_c.experiments.training.loop import Machine, is_finished, train

TableName = Literal["table2", "table3"]
_TABLES = {"table2": table2, "table3": table3}


@dataclass(frozen=True)
class Experiment:
    """What is run, on which images, into which folder.

    The folder may be shared by several processes, also of several machines: each run and each pass of
    scoring is done by one of them.
    """

    table: TableName
    protocol: Protocol
    source: ImageSource
    output: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "output", folder_to_write(self.output))

    @property
    def runs(self) -> list[Run]:
        return RUNS_OF[self.table](self.protocol)

    @property
    def passes(self) -> list[Pass]:
        return passes(self.runs, self.output, self.protocol)

    def folder(self, run: Run) -> Path:
        return run.folder(self.output, self.protocol)

    def images(self, dataset: str) -> ImageSource:
        """Of a dataset, as many as the protocol takes."""
        folder = self.output / self.protocol.name
        return source_for(dataset, self.protocol.training, self.source, folder)


def reproduce(
    experiment: Experiment,
    machine: Machine,
    say: Callable[[str], None] = print,
    scoring_workers: int | None = None,
) -> list[Path]:
    """Train what is not trained, score what is not scored, write the table.

    Interrupted at any moment, the same call goes on from there.

    Returns:
        The table's files: CSV, LaTeX, Markdown, page.

    Raises:
        As `train` and `evaluate`.
    """
    train_all(experiment, machine, say)

    def do(one: Pass) -> None:
        score(
            one,
            experiment.protocol,
            experiment.output,
            experiment.images(one.dataset),
            machine.device,
            scoring_workers,
        )
        say(f"{one.dataset}{f', {one.without}' if one.without else ''}: scored")

    work_through(experiment.passes, lambda one: one.lock_file, lambda one: one.done, do)
    return write_table(experiment)


def train_one(
    run: Run,
    protocol: Protocol,
    source: ImageSource,
    output: Path,
    machine: Machine,
    say: Callable[[str], None] = print,
) -> Path:
    """Train one run, if it is not finished; returns its folder. Raises: as `train`."""
    output = folder_to_write(output)
    folder = run.folder(output, protocol)
    images = source_for(run.dataset, protocol.training, source, output / protocol.name)
    time_left = TimeLeft(1, protocol.training.epochs, say)

    def do(one: Run) -> None:
        train(
            one,
            protocol.training,
            images,
            folder,
            machine,
            lambda progress, count: time_left.epoch(one, progress, count),
        )

    work_through([run], lambda one: _lock(folder), lambda one: is_finished(folder), do)
    return folder


def train_all(experiment: Experiment, machine: Machine, say: Callable[[str], None]) -> None:
    """Train every run that is not finished."""
    training = experiment.protocol.training
    left = [run for run in experiment.runs if not is_finished(experiment.folder(run))]
    say(f"{len(experiment.runs)} runs, {len(experiment.runs) - len(left)} of them finished")
    time_left = TimeLeft(len(left), training.epochs, say)

    def do(run: Run) -> None:
        train(
            run,
            training,
            experiment.images(run.dataset),
            experiment.folder(run),
            machine,
            lambda progress, images: time_left.epoch(run, progress, images),
        )
        time_left.finished()

    work_through(
        left,
        lambda run: _lock(experiment.folder(run)),
        lambda run: is_finished(experiment.folder(run)),
        do,
    )


def _lock(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.lock")


def write_table(experiment: Experiment) -> list[Path]:
    """The table of what is finished; the rest leaves gaps."""
    made = table_of(experiment)
    return write(made, experiment.protocol, experiment.output / experiment.protocol.name)


def table_of(experiment: Experiment) -> Table:
    """Likewise, as data."""
    return _TABLES[experiment.table](experiment.protocol, kept_reports(experiment.passes))
