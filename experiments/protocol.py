"""A protocol: how networks are trained and compared, read from a file of data.

A file has three tables, `[training]`, `[scoring]` and `[runs]`; each line is
`name = { value = ..., source = "...", status = "known" or "assumed" }`. The presets are such files.
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked_dataclass

from medmnist_c.builder.files import absolute
from medmnist_c.builder.splits import Split
from medmnist_c.builder.suggestions import nearest, shown
from medmnist_c.experiments.errors import ExperimentError

PRESETS = ("paper", "smoke", "two_cores")
_EXACT = ConfigDict(extra="forbid")

Whole = Annotated[int, Field(strict=True, ge=1)]
Count = Annotated[int, Field(strict=True, ge=0)]
Positive = Annotated[float, Field(gt=0)]
Names = Annotated[list[str], Field(min_length=1)]
T = TypeVar("T")


@checked_dataclass(frozen=True, config=_EXACT)
class Training:
    """How one network is trained.

    images: how many of each split, evenly spaced; 0 for all.
    side: pixels a side that the network sees; images are augmented, and corrupted, at 224 before.
    normalization: "weights", mean and std of the pretrained weights, or a name of `--normalize`.
    patience: epochs without a lower validation loss, after which a training ends.
    precision: "no", "bf16" or "fp16": mixed precision.
    """

    pretrained: Annotated[bool, Field(strict=True)]
    side: Annotated[int, Field(ge=16, le=1024)]
    normalization: Literal["weights", "imagenet", "half", "none"]
    optimizer: str
    learning_rate: Positive
    weight_decay: Annotated[float, Field(ge=0)]
    schedule: Literal["cosine", "constant"]
    epochs: Whole
    patience: Whole
    batch_size: Whole
    loss: Literal["cross-entropy"]
    precision: Literal["no", "bf16", "fp16"]
    images: dict[Split, Count]

    @property
    def identity(self) -> str:
        """8 hex digits: the same for the same training only."""
        plain = json.dumps(TypeAdapter(Training).dump_python(self), sort_keys=True)
        return hashlib.sha256(plain.encode()).hexdigest()[:8]


@checked_dataclass(frozen=True, config=_EXACT)
class HowCompared:
    """How trained networks are scored. `thresholds` as `evaluate` takes them."""

    test_batch_size: Whole
    thresholds: Literal["validation"] | Annotated[float, Field(ge=0, le=1)]


@checked_dataclass(frozen=True, config=_EXACT)
class WhichRuns:
    """Which trainings the tables are of."""

    datasets: Names
    seeds: Annotated[list[Count], Field(min_length=1)]
    table2_architectures: Names
    table2_baseline: str
    table3_architecture: str
    table3_augmentations: Names


@checked_dataclass(frozen=True, config=_EXACT)
class Line:
    """A line's value, where it is from, and whether it is known."""

    value: object
    source: str
    status: Literal["known", "assumed"]


@dataclass(frozen=True)
class Protocol:
    """How networks are trained, scored and chosen.

    name: the preset's or the file's, with 8 digits that are the training's own: another way of
        training has another name.
    sources: by "table.line" what the file says of it.
    """

    name: str
    training: Training
    scoring: HowCompared
    runs: WhichRuns
    sources: Mapping[str, Line] = field(default_factory=dict, repr=False)


def load_protocol(preset: str | Path) -> Protocol:
    """The protocol of a preset (one of `PRESETS`), or of a file of that form.

    Raises:
        ExperimentError: there is none, or a line is not as it should be; the message says which.
    """
    name, text = _read(str(preset))
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ExperimentError(f"The protocol {name} is no TOML ({error}).") from error
    if set(tables) != {"training", "scoring", "runs"}:
        raise ExperimentError(
            f"The protocol {name} should have the tables training, scoring and runs, and has "
            f"{', '.join(tables) or 'none'}."
        )
    sources: dict[str, Line] = {}
    for table, lines in tables.items():
        for key, line in lines.items():
            sources[f"{table}.{key}"] = _checked(Line, line, f"{name}, {table}.{key}")

    def values(table: str) -> dict[str, object]:
        return {key: sources[f"{table}.{key}"].value for key in tables[table]}

    training = _checked(Training, values("training"), f"{name}, [training]")
    return Protocol(
        f"{name}-{training.identity}",
        training,
        _checked(HowCompared, values("scoring"), f"{name}, [scoring]"),
        _checked(WhichRuns, values("runs"), f"{name}, [runs]"),
        sources,
    )


def _read(preset: str) -> tuple[str, str]:
    if preset in PRESETS:
        return preset, resources.files(__package__).joinpath(f"presets/{preset}.toml").read_text(
            "utf-8"
        )
    path = absolute(preset)
    if path.suffix != ".toml":
        raise ExperimentError(
            f"There is no preset {shown(preset)}{nearest(preset, PRESETS)} A protocol of one's own is a "
            "file that ends in .toml."
        )
    try:
        return path.stem, path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise ExperimentError(f"Cannot read the protocol {path} ({error}).") from error


def _checked(kind: type[T], plain: object, where: str) -> T:
    try:
        return TypeAdapter(kind).validate_python(plain)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ExperimentError(f"The protocol {where}: {place} {first['msg']}.") from error
