"""What differences would be if two models were equally good: their answers swapped by chance, by image.

If neither model is better, an image's answers could as well have come from the models the other way
round. So each image's part in a difference is given a random sign, in all test sets and figures at
once. That keeps what is known of the images: how many tell the models apart, and which do so in
several test sets (Good, Permutation, Parametric and Bootstrap Tests of Hypotheses, 2005). Resamples
have heavier tails than differences have at small counts, and bands from them are too wide.
"""

from dataclasses import dataclass

import numpy as np

from medmnist_c.evaluation.metrics.uncertainty.resampling import RESAMPLES, product

_SEED = 20240619
_BLOCK = 2048  # images whose signs are drawn together


@dataclass(frozen=True)
class Swaps:
    """Differences of two models whose answers are swapped.

    differences: float64, RESAMPLES x T.
    of_means: float64, T; by how much the variance of these is larger than it is around the classes'
        means, which resamples leave out.
    """

    differences: np.ndarray
    of_means: np.ndarray

    @classmethod
    def of(
        cls, parts: np.ndarray, labels: np.ndarray, groups: np.ndarray | None, number: int = 0
    ) -> "Swaps":
        """Swap the models on the images of a dataset; the same at every call.

        Args:
            parts: float, N x T, what each image adds to each of T differences.
            labels: class numbers, N x 1, or N x L of 0 and 1.
            groups: what each image belongs to, whole numbers from 0 on, N; groups are swapped as
                wholes. None if each image stands for itself.
            number: of the dataset; images of another one are swapped for themselves.
        """
        around = parts - parts.mean(axis=0)
        if labels.shape[1] == 1:
            around = parts.copy()
            for one in np.unique(labels):
                of_class = labels[:, 0] == one
                around[of_class] -= parts[of_class].mean(axis=0)
        parts, around = (_of_groups(one, groups) for one in (parts, around))
        rng = np.random.default_rng([_SEED, len(parts), number])
        differences = np.zeros((RESAMPLES, parts.shape[1]))
        for block in range(0, len(parts), _BLOCK):
            some = parts[block : block + _BLOCK]
            signs = rng.integers(0, 2, (RESAMPLES, len(some)), np.int8) * 2 - 1
            differences += product(signs, some)
        of_means = (parts**2).sum(axis=0) - (around**2).sum(axis=0)
        return cls(differences, np.maximum(of_means, 0))


def _of_groups(parts: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    if groups is None:
        return parts
    sums = np.zeros((int(groups.max()) + 1, parts.shape[1]))
    np.add.at(sums, groups, parts)
    return sums
