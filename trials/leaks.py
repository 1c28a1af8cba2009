"""One evaluation after the other in one process: what is left of memory, descriptors and threads.

    python trials/leaks.py [--times 1000] [--every 50]

Evaluates sample images, every `--every`th time with two worker processes, and prints what the process
holds after each hundredth: its memory (RSS), open descriptors, shared mappings, threads and children.
Exit status 1 if any but the memory has grown, or the memory by more than 32 MB since the second line.
"""

import argparse
import gc
import multiprocessing
import os
import sys
import threading
from pathlib import Path

import datasets
import numpy as np

from medmnist_c.evaluation.evaluate import evaluate

_MB = 2**20


def fair(images: np.ndarray) -> np.ndarray:
    return np.full((len(images), 2), 0.5)


def holdings() -> tuple[float, int, int, int, int]:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    maps = Path("/proc/self/maps").read_text().count("medmnist_c images")
    children = len(multiprocessing.active_children())
    megabytes = pages * os.sysconf("SC_PAGE_SIZE") / _MB
    return megabytes, len(os.listdir("/proc/self/fd")), maps, threading.active_count(), children


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--every", type=int, default=50)
    asked = parser.parse_args()
    datasets.disable_progress_bars()
    print("evaluations  MB  descriptors  shared mappings  threads  children")
    lines = []
    for number in range(1, asked.times + 1):
        workers = 2 if number % asked.every == 1 else 0
        how = {"corruptions": "pixelate", "severities": 1 + number % 5, "sample": True}
        evaluate(fair, "breastmnist", num_workers=workers, threshold=0.5, **how)
        if number == 1 or number % 100 == 0:
            lines.append(holdings())
            print(f"{number:11}  {lines[-1][0]:.0f}  {lines[-1][1:]}", flush=True)
    grown = any(one[1:] != lines[0][1:] for one in lines)
    sys.exit(grown or lines[-1][0] - lines[min(1, len(lines) - 1)][0] > 32)


if __name__ == "__main__":
    main()
