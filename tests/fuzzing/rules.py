"""What must hold for every input: a right result or one clear sentence, and no code run."""

import contextlib
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

outcomes: Counter[str] = Counter()  # what came of the inputs so far

_FORBIDDEN = ("pickle.find_class", "os.system", "subprocess.Popen", "os.exec", "os.posix_spawn")
_seen: list[str] = []


def _watch(event: str, arguments: tuple) -> None:
    if event in _FORBIDDEN and _watching:
        _seen.append(event)  # told afterwards: an exception here could be swallowed by the reader


_watching = False
sys.addaudithook(_watch)


@contextlib.contextmanager
def no_code_runs() -> Iterator[None]:
    """Nothing in here may unpickle a class or start a program, not even in vain."""
    global _watching
    _seen.clear()
    _watching = True
    try:
        yield
    finally:
        _watching = False
    assert not _seen, f"data made the reader do {_seen}"


def is_a_sentence(error: BaseException) -> None:
    """One line that a person can read: not too long, and not the bare words of a library."""
    message = str(error)
    assert "\n" not in message, message
    assert 20 <= len(message) <= 1500, message
    assert message.rstrip()[-1:] in ".?", message


def came(what: str) -> None:
    """Count an outcome."""
    outcomes[what] += 1


@contextlib.contextmanager
def refusing(*errors: type[Exception]) -> Iterator[None]:
    """The reader may raise one of these, with a clear sentence, and nothing else."""
    try:
        yield
        came("accepted")
    except errors as error:
        is_a_sentence(error)
        came(f"refused with {type(error).__name__}")


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A folder of its own for each input; in memory where there is such a place."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)
