"""What the figures of one test set would be in each resample."""

import numpy as np

from medmnist_c.evaluation.metrics.auc import MacroAUC
from medmnist_c.evaluation.metrics.uncertainty.resampling import Resamples


def balanced(rates: np.ndarray, *, multi_label: bool) -> np.ndarray:
    """The mean over classes of their rates, ... x K in, ... out; a class without images has nan.

    With several labels each label has its own mean over "yes" and "no", whose mean over labels is taken.
    """
    if multi_label:
        rates = np.nanmean(rates.reshape(*rates.shape[:-1], 2, -1), axis=-2)
    return np.nanmean(rates, axis=-1)


def error_draws(
    resamples: Resamples, wrong: np.ndarray, *, corrupted: bool, model: int = 0
) -> dict[str, np.ndarray]:
    """Balanced error and accuracy in each resample.

    Args:
        resamples: of the dataset's labels.
        wrong: bool, N, or N x L with L labels an image: where the model errs.
        corrupted: whether the test set is a corrupted one.
        model: position of the model among those that are compared.

    Returns:
        "balanced_error" and "accuracy", float64, one for each resample.
    """
    rates = resamples.error_rates(wrong, corrupted=corrupted, model=model)
    counts = resamples.counts
    return {
        "balanced_error": balanced(rates, multi_label=wrong.ndim == 2),
        "accuracy": 1 - np.nansum(rates * counts, axis=1) / counts.sum(),
    }


def loss_draws(
    resamples: Resamples, losses: np.ndarray, floor: float, *, corrupted: bool, model: int = 0
) -> np.ndarray:
    """A mean loss (negative log-likelihood, Brier score) in each resample.

    Args:
        resamples: of the dataset's labels.
        losses: float, N.
        floor: the least loss of an image whose true class has a probability of a half or less.
        corrupted, model: as for `error_draws`.
    """
    column = np.asarray(losses)[:, None]
    draws = resamples.means(column, np.array([floor]), corrupted=corrupted, model=model)[:, 0]
    return np.clip(draws, losses.min(), max(losses.max(), floor))


def auc_draws(
    resamples: Resamples, found: MacroAUC, *, corrupted: bool, model: int = 0
) -> np.ndarray:
    """Mean AUC over questions in each resample, to first order, 0 to 1.

    Args:
        resamples: of the dataset's labels.
        found: on the test set.
        corrupted, model: as for `error_draws`.
    """
    members = resamples.members
    floor = found.unseen @ members / np.maximum(members.sum(axis=0), 1)
    means = resamples.means(found.losses[:, None], floor[:, None], corrupted=corrupted, model=model)
    return np.clip(found.value - means[:, 0], 0, 1)
