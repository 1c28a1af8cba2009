"""How far a push is: one bar on a terminal, a line a minute elsewhere."""

import threading
import time
from collections.abc import Callable

from tqdm.auto import tqdm

EVERY_S = 60.0  # between two lines


class Progress:
    """Counts what is made, sent and committed.

    An image is half done when it is made and done when it is sent, so that the time left is that of
    both together. `sent_bytes` are those of files that were sent: what the repository has is not.

    Args:
        test_sets, images: to be made.
        size: bytes to be sent, as estimated.
        say: is given the lines.
        clock: seconds.
    """

    def __init__(
        self,
        test_sets: int,
        images: int,
        size: int,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.sent_bytes = 0
        self._test_sets, self._committed = test_sets, 0
        self._images, self._made, self._steps = images, 0, 0
        self._size, self._say, self._clock = size, say, clock
        self._begun = clock()
        self._bar = tqdm(
            total=2 * images,
            disable=None,
            bar_format="{desc} {percentage:3.0f}%|{bar}| [{elapsed}<{remaining}]",
        )
        self._show()
        self._bar.refresh()
        self._done = threading.Event()
        if self._bar.disable:
            threading.Thread(target=self._say_now_and_then, daemon=True).start()

    def made(self, images: int) -> None:
        self._made += images
        self._step(images)

    def sent(self, images: int, size: int) -> None:
        self.sent_bytes += size
        self._step(images)

    def committed(self, test_sets: int) -> None:
        self._committed += test_sets
        self._step(0)

    def close(self) -> None:
        self._done.set()
        self._bar.close()

    def line(self) -> str:
        """Test sets, GB, MB/s and the time left."""
        spent = max(self._clock() - self._begun, 1e-9)
        left = "time left not known yet"
        if self._steps:
            left = f"about {_time(spent * (2 * self._images / self._steps - 1))} left"
        return (
            f"{self._committed}/{self._test_sets} test sets published, "
            f"{self.sent_bytes / 1e9:,.2f} of about {self._size / 1e9:,.2f} GB sent, "
            f"{self.sent_bytes / 1e6 / spent:,.1f} MB/s, {left}"
        )

    def _say_now_and_then(self) -> None:
        while not self._done.wait(EVERY_S):
            self._say(self.line())

    def _step(self, count: int) -> None:
        self._steps += count
        self._show()
        self._bar.update(count)

    def _show(self) -> None:
        self._bar.set_description_str(
            f"{self._committed}/{self._test_sets} test sets published, {self._made:,}/"
            f"{self._images:,} images made, {self.sent_bytes / 1e6:,.0f} MB sent",
            refresh=False,
        )


def _time(seconds: float) -> str:
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
