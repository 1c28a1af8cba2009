"""How far all runs together are, in lines with the time left."""

import time
from collections.abc import Callable

from medmnist_c.experiments.runs import Run
from medmnist_c.experiments.training.checkpoint import Progress


class TimeLeft:
    """Counts epochs over all runs, and how long this process took for one.

    Args:
        runs: how many there are that are not finished.
        epochs: of a run, at most.
        say: takes a line.
    """

    def __init__(self, runs: int, epochs: int, say: Callable[[str], None]) -> None:
        self._runs, self._epochs, self._say = runs, epochs, say
        self._finished = self._done = 0
        self._begun = time.monotonic()

    def epoch(self, run: Run, progress: Progress, images: int) -> None:
        """An epoch of a run has ended."""
        self._done += 1
        latest = progress.history[-1]
        each = (time.monotonic() - self._begun) / self._done
        left = (self._runs - self._finished) * self._epochs - progress.epochs
        self._say(
            f"run {self._finished + 1} of {self._runs}, {run.dataset} {run.name}: epoch "
            f"{progress.epochs} of {self._epochs}, loss {latest['loss']:.4f}, validation "
            f"{latest['validation_loss']:.4f} (best {progress.best_loss:.4f}); "
            f"at most {duration(each * left)} of training left"
        )

    def finished(self) -> None:
        """A run has ended, by this process or another."""
        self._finished += 1


def duration(seconds: float) -> str:
    """In words: "3 h 05 min", "12 min", "40 s"."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60:,} h {minutes % 60:02} min"
