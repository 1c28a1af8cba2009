"""How many images a second come out of a stream, decoded to arrays, on one core.

    python benchmarks/streaming.py FOLDER

FOLDER holds `bloodmnist_224.npz` (MedMNIST+). The first images, and starting, are left out.
"""

import sys
import time

import cv2
import datasets
import numpy as np

import medmnist_c  # noqa: F401 (makes the name known)

TEST_SETS = ("bloodmnist_brightness_up_3", "bloodmnist_pixelate_3", "bloodmnist_clean")
ROUNDS, LEFT_OUT = 3, 100


def speed(name: str, data_dir: str) -> tuple[float, float]:
    """Images a second of wall time, and of processor time."""
    rows = iter(
        datasets.load_dataset("medmnist_c", name, split="test", streaming=True, data_dir=data_dir)
    )
    for _ in range(LEFT_OUT):
        next(rows)
    started, used, count = time.perf_counter(), time.process_time(), 0
    for row in rows:
        count += np.asarray(row["image"]).ndim > 0
    return count / (time.perf_counter() - started), count / (time.process_time() - used)


if __name__ == "__main__":
    datasets.disable_progress_bars()
    cv2.setNumThreads(1)
    for test_set in TEST_SETS:
        wall, processor = np.median([speed(test_set, sys.argv[1]) for _ in range(ROUNDS)], axis=0)
        print(f"{test_set}: {wall:,.0f} images a second, {processor:,.0f} of processor time")
