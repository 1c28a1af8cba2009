"""Features of images, with their labels."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Features:
    """Of a split, in the order of its images: float32 N x D, and labels, int64 N x 1 (or x labels)."""

    features: np.ndarray
    labels: np.ndarray
