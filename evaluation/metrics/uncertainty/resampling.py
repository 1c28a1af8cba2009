"""Resampling images by weights: a Bayesian bootstrap by class that knows it has not seen everything.

A resample gives each image a random weight instead of drawing it a whole number of times (Rubin, The
Bayesian Bootstrap, Annals of Statistics 1981). The weights of a class always add up to the class's
number of images: a resample is another test set with as many images of each class. Any statistic
that is a function of sums over images costs one matrix product for all resamples. Weights depend on
the labels and the groups alone, so every test set of a dataset and every model gets the same ones,
which makes means and differences paired.

Two corrections make the percentile interval hold at small counts (tools/statistics/coverage.py):

- The gamma variable behind an image's weight has shape 1 - 2/n for a class of n images, so that the
  spread of a mean is s²/(n - 1) and not s²/(n + 1).
- Errors that were not seen yet: besides its images each class has an unseen image that is wrong and
  one that is right, each worth 1/K of an image for K classes. For two classes that is close to
  Jeffreys' posterior Beta(wrong + 1/2, right + 1/2) of each; more classes share one image of each
  kind, so that not every class pulls their mean away from 0 (Berger, Bernardo & Sun, Overall
  Objective Priors, Bayesian Analysis 2015). Half of that weight is common to all test sets and
  models, half is the model's own, one for clean and one for corrupted test sets: drops and differences
  that were never seen have an interval, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
from threadpoolctl import ThreadpoolController

RESAMPLES = 1000
_SEED = 20240617
_SMALLEST_SHAPE = 1 / 3  # of a class, or a number of groups, of three or less
_BLOCK = 2048  # images whose weights are drawn together
_BLAS = ThreadpoolController()  # one thread adds up in the same order on any number of cores


@dataclass(frozen=True, eq=False)
class Resamples:
    """Random weights of a dataset's images, made by `resamples`.

    weights: float32, RESAMPLES x N; within each class (one label an image) they add up to the class's
        `counts`, with several labels an image to N.
    counts: float64, K, how many images each class counts for; K is 2 L with L labels (yes, then no).
    members: bool, N x K, which images are in which class.
    units: how many independent units (images, or groups of them) each class has, K.
    """

    weights: np.ndarray
    counts: np.ndarray
    members: np.ndarray
    units: np.ndarray
    _halves: dict[int, np.ndarray] = field(default_factory=dict, repr=False)

    @property
    def size(self) -> float:
        """What the weights of each resample add up to: the number of images, of the whole."""
        return float(self.counts.sum() / self.members[0].sum())

    def sums(self, columns: np.ndarray) -> np.ndarray:
        """Weighted sums over images: N x k in, RESAMPLES x k out, float64."""
        return product(self.weights, columns).astype(np.float64)

    @cached_property
    def totals(self) -> np.ndarray:
        """Weight of each class in each resample, RESAMPLES x K (constant with one label an image)."""
        return self.sums(self.members)

    def error_rates(self, wrong: np.ndarray, *, corrupted: bool, model: int = 0) -> np.ndarray:
        """Error rate of each class in each resample, RESAMPLES x K; nan for a class without images.

        Args:
            wrong: bool, N (or N x L with L labels), where the model errs.
            corrupted: whether the test set is a corrupted one.
            model: position of the model among those that are compared.
        """
        missed, found = self._unseen(corrupted, model)
        with np.errstate(invalid="ignore"):
            rates = (self.sums(self._of_class(wrong)) + missed) / (self.totals + missed + found)
        rates[:, self.counts == 0] = np.nan
        return rates

    def error_parts(self, wrong: np.ndarray) -> np.ndarray:
        """What each image adds to the error rate of each class, N x K; nan for a class without images.

        Args:
            wrong: as for `error_rates`.
        """
        with np.errstate(invalid="ignore"):
            return self._of_class(wrong) / self.members.sum(axis=0)

    def recalls(self, wrong: np.ndarray) -> np.ndarray:
        """Recall of each class as it is, K; nan for a class without images.

        Args:
            wrong: as for `error_rates`.
        """
        with np.errstate(invalid="ignore"):
            return self._of_class(~wrong).sum(axis=0) / self.members.sum(axis=0)

    def _of_class(self, images: np.ndarray) -> np.ndarray:
        """Which of these images (bool, N or N x L) are in which class, bool, N x K."""
        return self.members & (np.tile(images, 2) if images.ndim == 2 else images[:, None])

    def means(
        self, losses: np.ndarray, floor: np.ndarray, *, corrupted: bool, model: int = 0
    ) -> np.ndarray:
        """Mean loss over the images in each resample, RESAMPLES x k, to first order in what is unseen.

        The unseen images of a class are the best and the worst that the class has, or `floor` if that
        is worse.

        Args:
            losses: float, N x k, larger is worse.
            floor: float, K x k or k, the least loss of an unseen wrong image.
            corrupted, model: as for `error_rates`.
        """
        losses = np.asarray(losses, np.float64)
        floor = np.broadcast_to(floor, (len(self.counts), losses.shape[1]))
        sums = self.sums(losses)
        wrong, right = self._unseen(corrupted, model)
        for k, member in enumerate(self.members.T):
            if member.any():
                seen = losses[member]
                mean = seen.mean(axis=0)
                sums += wrong[:, [k]] * (np.maximum(seen.max(axis=0), floor[k]) - mean)
                sums += right[:, [k]] * (seen.min(axis=0) - mean)
        return sums / self.size

    def _unseen(self, corrupted: bool, model: int) -> tuple[np.ndarray, np.ndarray]:
        """Weights of the unseen images, RESAMPLES x K: the wrong and the right ones."""
        own = 1 + 2 * model + corrupted
        wrong, right = self._half_unseen(0) + self._half_unseen(own)
        return wrong, right

    def _half_unseen(self, number: int) -> np.ndarray:
        """Half the weight of the unseen images, 2 x RESAMPLES x K: that which has this number."""
        if number not in self._halves:
            rng = np.random.default_rng([_SEED, len(self.members), 1, number])
            size = (2, len(self.weights), len(self.counts))
            drawn = rng.standard_gamma(0.5 / np.count_nonzero(self.counts), size)
            # An unseen image weighs as much as a unit of its class does on average.
            self._halves[number] = drawn * (self.counts / np.maximum(self.units, 1))
        return self._halves[number]


def resamples(
    labels: np.ndarray,
    classes: int,
    *,
    groups: Sequence | np.ndarray | None = None,
    class_counts: Sequence[float] | np.ndarray | None = None,
) -> Resamples:
    """Resamples of these images; the same at every call.

    Args:
        labels: class numbers, N x 1, or N x L of 0 and 1.
        classes: how many classes, or labels, the dataset has.
        groups: what each image belongs to (a patient, a volume), N; images of one group are drawn
            together. None if each image stands for itself.
        class_counts: how many images of each class there would be in the whole, where these are a
            part of it (see subset.py); K. None: those there are.

    Raises:
        ValueError: the shapes do not fit.
    """
    labels = np.asarray(labels)
    if labels.ndim != 2 or labels.shape[1] not in (1, classes):
        raise ValueError(f"Labels are N x 1 or N x {classes}, not {labels.shape}.")
    several = labels.shape[1] > 1
    if several:
        members = np.concatenate([labels == 1, labels == 0], axis=1)
    else:
        members = labels == np.arange(classes)
    units, shapes, unit_of = members.sum(axis=0), _shapes(members, several), None
    if groups is not None:
        groups = np.asarray(groups)
        if groups.shape != (len(labels),):
            raise ValueError(f"There are {len(labels)} images and groups of shape {groups.shape}.")
        _, unit_of = np.unique(groups, return_inverse=True)
        number = unit_of.max() + 1
        shapes = np.full(number, max(_SMALLEST_SHAPE, 1 - 2 / number))
        units = np.array([np.unique(unit_of[of_class]).size for of_class in members.T])
    counts = members.sum(axis=0).astype(np.float64)
    if class_counts is not None:
        if several or np.shape(class_counts) != counts.shape:
            raise ValueError("class_counts is for one label an image, one number for each class.")
        counts = np.where(counts > 0, np.asarray(class_counts, np.float64), 0)
    weights = _drawn(shapes)
    if unit_of is not None:
        weights = weights[:, unit_of]
    if several:
        weights *= len(labels) / weights.sum(axis=1, keepdims=True)
    else:
        of_image = labels[:, 0]
        factors = (counts / np.maximum(product(weights, members), 1e-30)).astype(np.float32)
        for block in range(0, len(labels), _BLOCK):
            some = slice(block, block + _BLOCK)
            weights[:, some] *= factors[:, of_image[some]]
    weights.flags.writeable = False
    return Resamples(weights, counts, members, units)


def shared_resamples(
    labels: np.ndarray,
    classes: int,
    *,
    groups: np.ndarray | None = None,
    class_counts: np.ndarray | None = None,
) -> Resamples:
    """As `resamples`, kept for the next test set of the same images; groups are whole numbers."""
    more = [None if one is None else _bytes(one) for one in (groups, class_counts)]
    return _kept(classes, _bytes(labels), *more)


_Array = tuple[bytes, tuple[int, ...]]


def _bytes(array: np.ndarray) -> _Array:
    whole = np.ascontiguousarray(array, np.int64)
    return whole.tobytes(), whole.shape


def _array(kept: _Array) -> np.ndarray:
    return np.frombuffer(kept[0], np.int64).reshape(kept[1])


@lru_cache(maxsize=1)
def _kept(
    classes: int, labels: _Array, groups: _Array | None, class_counts: _Array | None
) -> Resamples:
    return resamples(
        _array(labels),
        classes,
        groups=None if groups is None else _array(groups),
        class_counts=None if class_counts is None else _array(class_counts),
    )


def _shapes(members: np.ndarray, several: bool) -> np.ndarray:
    """Shape of the gamma variable of each image, N."""
    size = np.full(len(members), len(members)) if several else members @ members.sum(axis=0)
    return np.maximum(_SMALLEST_SHAPE, 1 - 2 / np.maximum(size, 1))


def _drawn(shapes: np.ndarray) -> np.ndarray:
    """Gamma variables, float32, RESAMPLES x units, block by block so that memory stays small."""
    rng = np.random.default_rng([_SEED, len(shapes), 0])
    drawn = np.empty((RESAMPLES, len(shapes)), np.float32)
    for block in range(0, len(shapes), _BLOCK):
        some = slice(block, block + _BLOCK)
        drawn[:, some] = rng.standard_gamma(shapes[some], (RESAMPLES, len(shapes[some])))
    return drawn


def product(weights: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Float32, R x k, of R x N and N x k; the same bits on any number of cores."""
    with _BLAS.limit(limits=1, user_api="blas"):
        return np.asarray(weights, np.float32) @ np.asarray(columns, np.float32)
