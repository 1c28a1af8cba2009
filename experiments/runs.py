"""Which trainings an experiment is made of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.builder.suggestions import nearest, shown
from medmnist_c.corruptions.table import groups_of
from medmnist_c.experiments.errors import ExperimentError
from medmnist_c.experiments.protocol import Protocol

AUGMENTATIONS = (
    "none",
    "randaugment",
    "trivialaugment",
    "augmix",
    "targeted",
    "targeted_augmix",
)
TARGETED = ("targeted", "targeted_augmix")
"""Those that draw the benchmark's own corruptions: a k-fold leaves a group of them out."""


@dataclass(frozen=True)
class Run:
    """One training.

    without: the group of corruptions that is never shown, of a targeted augmentation; None for all.
    """

    dataset: str
    architecture: str
    augmentation: str
    seed: int
    without: str | None = None

    def __post_init__(self) -> None:
        dataset_info(self.dataset)
        if self.augmentation not in AUGMENTATIONS:
            raise ExperimentError(
                f"There is no augmentation {shown(self.augmentation)}"
                f"{nearest(self.augmentation, AUGMENTATIONS)}"
            )
        if self.without is None:
            return
        if self.augmentation not in TARGETED:
            raise ExperimentError(
                f"{self.augmentation} draws none of the benchmark's corruptions, so no group of them "
                "can be left out."
            )
        if self.without not in groups_of(self.dataset):
            raise ExperimentError(
                f"{self.dataset} has no group of corruptions {shown(self.without)}"
                f"{nearest(self.without, groups_of(self.dataset))}"
            )

    @property
    def trained_as(self) -> str:
        """Architecture and augmentation, without the seed, as a folder is called."""
        parts = [self.architecture.replace(":", "-").replace("/", "-"), self.augmentation]
        parts += [] if self.without is None else [f"without-{self.without}"]
        return "_".join(parts)

    @property
    def name(self) -> str:
        return f"{self.trained_as}_seed{self.seed}"

    def folder(self, output: Path, protocol: Protocol) -> Path:
        """Of its checkpoints and weights."""
        return output / protocol.name / "runs" / self.dataset / self.name


def table2_runs(protocol: Protocol) -> list[Run]:
    """Every network, dataset by dataset, all seeds."""
    runs = protocol.runs
    return [
        Run(dataset, architecture, "none", seed)
        for dataset in runs.datasets
        for seed in runs.seeds
        for architecture in runs.table2_architectures
    ]


def table3_runs(protocol: Protocol) -> list[Run]:
    """Every augmentation with all corruptions, and the targeted ones without each group, too.

    Others draw none of the groups: the same training is tested on each.
    """
    runs = protocol.runs
    return [
        run
        for dataset in runs.datasets
        for seed in runs.seeds
        for augmentation in runs.table3_augmentations
        for run in with_folds(Run(dataset, runs.table3_architecture, augmentation, seed))
    ]


def with_folds(run: Run) -> Iterator[Run]:
    """A run, and the same without each group where it draws from groups."""
    yield run
    if run.augmentation in TARGETED:
        for group in groups_of(run.dataset):
            yield replace(run, without=group)


RUNS_OF = {"table2": table2_runs, "table3": table3_runs}


def chosen(protocol: Protocol, **which: str | Sequence[str] | Sequence[int]) -> Protocol:
    """A protocol with other runs (`WhichRuns`), where what is given is not empty."""
    given: dict[str, Any] = {
        key: value if isinstance(value, str) else list(value)
        for key, value in which.items()
        if value
    }
    return replace(protocol, runs=replace(protocol.runs, **given))
