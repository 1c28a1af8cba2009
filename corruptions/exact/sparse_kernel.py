"""Filters by sparse kernels: fast float32 sums of a whole image, and the levels a pixel reads."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from medmnist_c.corruptions.exact import compiled
from medmnist_c.corruptions.exact.rounding import error_bound, floor_with_error_bound

_LARGEST_BLOCK = 49  # from 50 elements on, OpenCV's filter may turn to a Fourier transform

WHITE = 255.4
"""Safely cut to 255, as everything above 255 is."""

Box = tuple[int, int, int, int]
"""Of pixels: from row, to row, from column, to column; the ends are not in it."""


@dataclass(frozen=True, eq=False)
class SparseKernel:
    """The kernel that sums `weights[i]` times the pixel `rows[i]` below and `columns[i]` right.

    `rows` and `columns` are whole numbers, `weights` float64, not negative; `border` is OpenCV's code
    for what lies outside of an image.
    """

    rows: np.ndarray
    columns: np.ndarray
    weights: np.ndarray
    border: int

    def __len__(self) -> int:
        return len(self.weights)

    @cached_property
    def reach(self) -> tuple[int, int, int, int]:
        """How far the kernel reaches up, down, to the left and to the right, in pixels."""
        rows, columns = self.rows, self.columns
        up, down = max(0, -rows.min()), max(0, rows.max())
        left, right = max(0, -columns.min()), max(0, columns.max())
        return int(up), int(down), int(left), int(right)

    @cached_property
    def _blocks(self) -> list[tuple[int, int, np.ndarray]]:
        """The kernel in small rectangles: top row, left column, float32 kernel.

        OpenCV skips a kernel's zeros, so that a block costs little more than the weights in it.
        """
        rows, columns = self.rows.tolist(), self.columns.tolist()
        blocks, first, box = [], 0, _box_of(rows[0], columns[0])
        for last, (row, column) in enumerate(zip(rows, columns, strict=True)):
            wider = _with(box, row, column)
            if (wider[1] - wider[0]) * (wider[3] - wider[2]) > _LARGEST_BLOCK:
                blocks.append(self._block(slice(first, last), box))
                first, wider = last, _box_of(row, column)
            box = wider
        return [*blocks, self._block(slice(first, None), box)]

    def _block(self, part: slice, box: Box) -> tuple[int, int, np.ndarray]:
        top, bottom, left, right = box
        kernel = np.zeros((bottom - top, right - left))
        # Not an assignment: motion blur reads some pixels twice.
        np.add.at(kernel, (self.rows[part] - top, self.columns[part] - left), self.weights[part])
        return top, left, kernel.astype(np.float32)

    def _error_bound(self, additions: int) -> float:
        """Largest error, in levels, of a float32 sum that adds so often to each of its terms.

        With what `floor_with_error_bound` does then.
        """
        roundings = additions + 2 + 3  # of the weight, of the product; and after the sum
        return error_bound(roundings) * max(1.0, float(self.weights.sum()))

    def pad(self, image: np.ndarray) -> np.ndarray:
        """The image with as much border as the kernel reaches."""
        return cv2.copyMakeBorder(image, *self.reach, self.border)

    def fast_sum(self, padded: np.ndarray) -> np.ndarray:
        """The sum at every pixel, float32 of the image's shape, for the padded uint8 image."""
        up, down, left, right = self.reach
        height, width = padded.shape[0] - up - down, padded.shape[1] - left - right
        values = padded.astype(np.float32)
        total: np.ndarray | None = None
        for row, column, kernel in self._blocks:
            top, start = up + row, left + column
            bottom, stop = top + height + kernel.shape[0] - 1, start + width + kernel.shape[1] - 1
            part = cv2.filter2D(values[top:bottom, start:stop], cv2.CV_32F, kernel, anchor=(0, 0))
            part = part[:height, :width]
            total = part if total is None else cv2.add(total, part)
        assert total is not None  # a kernel has one block at least
        return total

    def floor_sums(self, padded: np.ndarray, offset: float) -> tuple[np.ndarray, np.ndarray]:
        """Whole part of the sums and `offset`, as `floor_with_error_bound` gives it."""
        made = compiled.float_sums(
            padded,
            self._inside(padded),
            self._offsets(padded),
            self.weights.astype(np.float32),
            offset,
            self._error_bound(len(self) // 4 + 5),  # it adds up four terms at a time
        )
        return made or self.floor_fast_sum(padded, offset)

    def floor_fast_sum(self, padded: np.ndarray, offset: float) -> tuple[np.ndarray, np.ndarray]:
        """Likewise by OpenCV; sums above 255.4 count as that."""
        error = self._error_bound(len(self) + len(self._blocks))
        values = np.minimum(self.fast_sum(padded), WHITE)
        return floor_with_error_bound(values, offset, error)

    def grouped_sums(self, padded: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """Whole part of the sums, at most 255, and the places that are within 1e-10 of another level;
        None if nothing is compiled. For kernels with few different weights."""
        order, ends, weights = self._groups
        offsets = self._offsets(padded)[order]
        return compiled.grouped_sums(padded, self._inside(padded), offsets, ends, weights)

    @cached_property
    def _groups(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Places in order of their weights, up to which of them each weight goes, the weights."""
        order = np.argsort(self.weights, kind="stable")
        weights, counts = np.unique(self.weights, return_counts=True)
        return order, np.cumsum(counts), weights

    def _inside(self, padded: np.ndarray) -> tuple[int, ...]:
        """The shape of the image that was padded."""
        up, down, left, right = self.reach
        height, width = padded.shape[:2]
        return height - up - down, width - left - right, *padded.shape[2:]

    def _offsets(self, padded: np.ndarray) -> np.ndarray:
        """Where each weight reads in the flattened padded image, from its line's and row's start on."""
        up, _, left, _ = self.reach
        rows, columns = self.rows + up, self.columns + left
        offsets = rows * padded[0].size + columns * padded[0, 0].size
        return offsets.astype(np.int64, copy=False)

    @cached_property
    def _whole_weights(self) -> np.ndarray:
        """The weights, cut to multiples of 2^-80, in whole parts of 2^-40 and 2^-80: int64,
        2 x weights."""
        scaled = self.weights * 2.0**40
        first = np.floor(scaled)
        return np.stack([first, np.floor((scaled - first) * 2.0**40)]).astype(np.int64)

    def whole_sums(self, padded: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Whole part of the sum at `places` of the flattened image, int64, with no rounding.

        Float32 weights above 1e-16, of some thousands of weights that sum to about 1, are multiples of
        2^-80, and all is within 63 bits.
        """
        levels = self.levels_at(padded, places).astype(np.int64)
        first, rest = self._whole_weights @ levels
        return (first + (rest >> 40)) >> 40

    def levels_at(self, padded: np.ndarray, places: np.ndarray) -> np.ndarray:
        """What the weights read at `places` of the flattened image: uint8, weights x places."""
        _, _, left, right = self.reach
        channels = padded[0, 0].size
        line = padded.shape[1] * channels
        rows, rest = np.divmod(places, line - (left + right) * channels)
        centres = (rows + self.reach[0]) * line + rest + left * channels
        offsets = self.rows * line + self.columns * channels
        return padded.reshape(-1).take(centres + offsets[:, None])


def _box_of(row: int, column: int) -> Box:
    return row, row + 1, column, column + 1


def _with(box: Box, row: int, column: int) -> Box:
    """The smallest box around a box and a pixel."""
    top, bottom, left, right = box
    return min(top, row), max(bottom, row + 1), min(left, column), max(right, column + 1)
