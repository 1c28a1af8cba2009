"""Simulated models: scores of images that are hard in every test set, whose true figures are known."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

# Images of each class in the test sets of MedMNIST (medmnist 3.0; DermaMNIST, RetinaMNIST and
# BreastMNIST after the published class shares).
COUNTS = {
    "breastmnist": (42, 114),
    "retinamnist": (174, 46, 92, 68, 20),
    "dermamnist": (66, 103, 220, 23, 223, 1341, 29),
    "bloodmnist": (244, 624, 311, 579, 243, 284, 666, 470),
}
STRENGTHS = (0.05, 0.2, 0.4, 0.7)  # of four corruptions: how much of the margin severity 5 takes
TEST_SETS = 1 + 5 * len(STRENGTHS)  # the clean one, then each corruption's five

_IMAGE, _CORRUPTION, _OWN = 0.5, 0.3, 0.2  # shares of an image's difficulty, of variance 1
_COMMON = 0.7  # of _IMAGE: what two models have in common


@dataclass(frozen=True)
class Model:
    """A model of so much skill.

    margins: float64, TEST_SETS x K, by how much the score of the right class is larger, in standard
        deviations of a score.
    """

    margins: np.ndarray


def model(classes: int, clean_error: float, *, worse: float = 0.0, seed: int = 1) -> Model:
    """A model whose clean error is about this, unequal over classes.

    `worse` is by how much all its margins are smaller, as a fraction.
    """
    grid = norm.ppf((np.arange(2000) + 0.5) / 2000)

    def error(margin: float) -> float:
        return 1 - np.mean(norm.cdf(grid + margin) ** (classes - 1)) - clean_error

    margin = brentq(error, 0, 12)
    of_class = margin * np.random.default_rng(seed).uniform(0.85, 1.15, classes)
    kept = [1.0] + [1 - s * severity / 5 for s in STRENGTHS for severity in range(1, 6)]
    return Model((1 - worse) * np.array(kept)[:, None] * of_class)


def scores(
    models: list[Model],
    labels: np.ndarray,
    rng: np.random.Generator,
    groups: np.ndarray | None = None,
) -> Iterator[list]:
    """Logits, float32, N x K of each model, for one test set after the other.

    The images of a group (a patient, a volume; N, from 0 on) are equally hard, as far as an image is
    hard in all test sets.
    """
    classes = models[0].margins.shape[1]
    size = (len(labels), classes)

    def noise(variance: float) -> np.ndarray:
        return np.float32(variance**0.5) * rng.standard_normal(size, np.float32)

    def of_images(variance: float) -> np.ndarray:
        drawn = noise(variance)
        return drawn if groups is None else drawn[groups]

    shared = of_images(_COMMON * _IMAGE)
    images = [shared + of_images((1 - _COMMON) * _IMAGE) for _ in models]
    right = labels[:, None] == np.arange(classes)
    for test_set in range(TEST_SETS):
        if test_set == 0 or test_set % 5 == 1:
            common = noise(_COMMON * _CORRUPTION)
            corruption = [common + noise((1 - _COMMON) * _CORRUPTION) for _ in models]
        yield [
            image
            + own
            + noise(_OWN)
            + right * one.margins[test_set].astype(np.float32)[labels][:, None]
            for one, image, own in zip(models, images, corruption, strict=True)
        ]
