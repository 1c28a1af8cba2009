"""Which processes make images for which models."""

import multiprocessing
import operator
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import SupportsIndex

from medmnist_c.builder.errors import one_line
from medmnist_c.builder.executor.processes import available_cores
from medmnist_c.evaluation.feeding.blocks import Fed, Job, Lanes, fed_by_processes, fed_here
from medmnist_c.evaluation.feeding.inputs import ModelInput
from medmnist_c.evaluation.feeding.worker import dump_inputs
from medmnist_c.evaluation.model import NamedModel

_FEW_IMAGES = 2000  # made before processes have started


@dataclass(frozen=True)
class InputOfModel:
    """Which of the shared inputs a model has, and what is still to be done here; None for nothing."""

    number: int
    here: ModelInput | None = None


def checked_workers(given: SupportsIndex | None) -> int | None:
    """ValueError: it is not None or a whole number from 0 on."""
    if given is None:
        return None
    if isinstance(given, bool) or not hasattr(given, "__index__") or operator.index(given) < 0:
        raise ValueError(
            f"num_workers is a whole number from 0 on, or None for one a core, not {given!r}."
        )
    return operator.index(given)


def workers_for(given: int | None, images: int) -> int:
    """How many processes make so many images; 0 for this one alone."""
    if given is not None:
        return given
    if images < _FEW_IMAGES or multiprocessing.current_process().daemon:
        return 0
    return available_cores()


def shared_inputs(
    models: Sequence[NamedModel], workers: int
) -> tuple[list[ModelInput], list[InputOfModel]]:
    """The different inputs of models, and which of them each model has.

    A transform that cannot be sent to another process is left to this one, with a warning.
    """
    inputs: list[ModelInput] = []
    own = []
    for model in models:
        wanted = ModelInput(model.transform, model.form.rgb)
        here = None
        if workers and wanted.transform and (reason := _why_not_sent(wanted)):
            warnings.warn(
                f"The transform of {model.name} cannot be sent to worker processes ({reason}); it "
                "runs in this one, an image at a time.",
                stacklevel=2,
            )
            wanted, here = ModelInput(), wanted
        if wanted not in inputs:
            inputs.append(wanted)
        own.append(InputOfModel(inputs.index(wanted), here))
    return inputs, own


def _why_not_sent(wanted: ModelInput) -> str | None:
    try:
        dump_inputs([wanted])
    except Exception as error:
        return f"{type(error).__name__}: {one_line(error)}"
    return None


def fed(lanes: Lanes[Job], inputs: Sequence[ModelInput], workers: int, longest: int) -> Fed[Job]:
    """The images of each job's test set, in order: the same for any number of workers.

    Args:
        lanes: what is to be done, and on which test sets, all of one dataset; with workers they are
            asked for ahead, and one of each lane is under way at a time.
        inputs: what is made of each image.
        workers: processes; 0 for a thread of this one.
        longest: images of a block, where there are no workers.
    """
    if workers:
        return fed_by_processes(lanes, inputs, workers)
    return fed_here(lanes, inputs, longest)
