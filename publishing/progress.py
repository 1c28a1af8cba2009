"""One bar over a push: test sets, images and bytes, and the time left."""

from tqdm.auto import tqdm


class Progress:
    """Counts what is made, sent and committed. It shows nothing where there is no terminal.

    An image is half done when it is made and done when it is sent, so that the time left is that of
    both together.
    """

    def __init__(self, test_sets: int, images: int) -> None:
        self.sent_bytes = 0
        self._test_sets, self._committed = test_sets, 0
        self._bar = tqdm(
            total=2 * images,
            disable=None,
            bar_format="{desc} {percentage:3.0f}%|{bar}| [{elapsed}<{remaining}]",
        )
        self._images = images
        self._made = 0
        self._show()
        self._bar.refresh()

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
        self._bar.close()

    def _step(self, count: int) -> None:
        self._show()
        self._bar.update(count)

    def _show(self) -> None:
        self._bar.set_description_str(
            f"{self._committed}/{self._test_sets} test sets published, {self._made:,}/"
            f"{self._images:,} images made, {self.sent_bytes / 1e6:,.0f} MB sent",
            refresh=False,
        )
