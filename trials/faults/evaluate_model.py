"""Evaluate a model of one line and print a digest of its report (see `jobs.py`)."""

import hashlib
import sys

import numpy as np

from medmnist_c.evaluation.evaluate import evaluate


def by_brightness(images: np.ndarray) -> np.ndarray:
    """Scores of eight classes from the brightness of eight stripes."""
    stripes = images.reshape(len(images), 8, -1).mean(axis=2)
    return stripes / stripes.sum(axis=1, keepdims=True)


def main() -> None:
    data, out = sys.argv[1:]
    how = {"corruptions": ["bubble", "pixelate"], "data_dir": data, "predictions": out}
    report = evaluate(by_brightness, "bloodmnist", **how)
    print("report", hashlib.sha256(report.to_json().encode()).hexdigest())


if __name__ == "__main__":
    main()
