"""What a worker process does: parts of test sets, as it is told, into shared memory."""

import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection

import dill
import numpy as np

from medmnist_c.builder.executor.processes import prepare_process, set_up_process
from medmnist_c.builder.testset.parts import Part
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.feeding.inputs import ModelInput, RowFormat
from medmnist_c.evaluation.feeding.maker import Maker
from medmnist_c.evaluation.feeding.memory import SharedMemory
from medmnist_c.evaluation.image_sources import ReadableTestSet


@dataclass(frozen=True)
class Task:
    """A part of a test set to be made, and the offsets in the shared memory at which each input goes."""

    test_set: ReadableTestSet
    part: Part
    offsets: tuple[int, ...]


@dataclass(frozen=True)
class Result:
    """The labels of a part that is made, int64, N x K, or why it is not."""

    labels: np.ndarray | None
    error: Exception | None = None


def work(
    connection: Connection, memory: SharedMemory, inputs: bytes, formats: Sequence[RowFormat]
) -> None:
    """Make what comes, one after the other, until the connection is closed.

    Args:
        connection: gives tasks and takes results, in the same order.
        memory: where images go.
        inputs: what `dump_inputs` gave.
        formats: of the inputs.
    """
    set_up_process()
    prepare_process()
    own = _load_inputs(inputs)
    if isinstance(own, PredictionError):
        connection.send(Result(None, own))
        return
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)  # as many processes as cores already
    maker, everything = Maker(own, formats), memory.array()
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return
        count = task.part.stop - task.part.start
        rows = rows_at(everything, task.offsets, formats, count)
        try:
            result = Result(maker.make(task.test_set, task.part, rows))
        except Exception as error:
            error.add_note(f"In a worker process:\n{traceback.format_exc()}")
            result = Result(None, error)
        _send(connection, result)


def rows_at(
    everything: np.ndarray, offsets: Sequence[int], formats: Sequence[RowFormat], count: int
) -> list[np.ndarray]:
    """The places of `count` images in the shared memory, for each input: uint8, count x row_bytes."""
    return [
        everything[offset : offset + count * form.row_bytes].reshape(count, form.row_bytes)
        for offset, form in zip(offsets, formats, strict=True)
    ]


def dump_inputs(inputs: Sequence[ModelInput]) -> bytes:
    """Inputs for a process, also where a transform is a lambda or of a script or notebook.

    Raises:
        Exception: a transform cannot be sent to a process; of any kind.
    """
    return dill.dumps(list(inputs), recurse=True)


def _load_inputs(inputs: bytes) -> list[ModelInput] | PredictionError:
    try:
        return dill.loads(inputs)
    except Exception as error:
        return PredictionError(
            f"The transform cannot be loaded in a worker process ({type(error).__name__}: {error}); "
            "put it into a module, or give num_workers=0."
        )


def _send(connection: Connection, result: Result) -> None:
    try:
        connection.send(result)
    except (TypeError, ValueError, AttributeError) as error:  # an error that cannot be sent
        told = PredictionError(f"{type(result.error).__name__}: {result.error} ({error})")
        connection.send(Result(None, told))
