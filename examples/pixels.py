"""The pixels themselves as features: what any encoder has to beat.

    medmnist-c evaluate --model probe:python:examples/pixels.py:encoder --head linear --head knn \\
        --dataset bloodmnist --features features --data-dir FOLDER -o OUT
"""

import numpy as np

from medmnist_c import Preprocessing
from medmnist_c.models.facts import facts_of
from medmnist_c.models.loaded import LoadedModel

SIDE = 28


def encoder(dataset: str) -> LoadedModel:
    """3 x 28 x 28 levels of each image, scaled by ImageNet's statistics."""
    transform = Preprocessing((SIDE, SIDE))

    def features(batch: np.ndarray) -> np.ndarray:
        return batch.reshape(len(batch), -1)

    facts = facts_of("28 x 28 pixels", "none: no network", transform, "features", "cpu", "numpy")
    return LoadedModel(features, transform, batch_size=256, facts=facts)
