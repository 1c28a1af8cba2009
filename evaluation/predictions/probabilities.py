"""From what a model gives to probabilities: checked, and logits made into them where that is asked."""

from typing import Any

import numpy as np
from scipy.special import expit, softmax

from medmnist_c.builder.dataset_info import MedMNISTInfo
from medmnist_c.builder.errors import one_line
from medmnist_c.evaluation.errors import PredictionError

_ROUNDING = 0.01  # rows add up to 1 within this: bfloat16 has 8 bits


def probabilities(
    scores: object, count: int, info: MedMNISTInfo, where: str, *, logits: bool = False
) -> np.ndarray:
    """Scores of `count` images as probabilities, float64, count x classes.

    Args:
        scores: anything numpy takes for an array of that shape.
        count: how many images they are for.
        facts: of the dataset.
        where: words for the errors.
        logits: apply softmax, or sigmoid to the labels of a multi-label dataset.

    Raises:
        PredictionError: another shape, something not finite, or logits where `logits` is not given.
    """
    given: Any = scores
    if hasattr(given, "detach"):  # a torch tensor may hang on a graph and lie on a GPU
        given = given.detach().cpu()
        given = given.float() if str(given.dtype) == "torch.bfloat16" else given
    try:
        values = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise PredictionError(
            f"The scores for {where} are no array of numbers ({one_line(error)}); give images x classes."
        ) from error
    expected = (count, len(info.labels))
    if values.shape != expected:
        raise PredictionError(
            f"The scores for {where} have shape {' x '.join(map(str, values.shape)) or 'of a number'}, "
            f"not {expected[0]} x {expected[1]}: {info.name} has {expected[1]} "
            f"{'labels' if info.multi_label else 'classes'}, one column each."
        )
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0]
        raise PredictionError(
            f"The scores for {where} hold {values[row, column]} (row {row}, column {column}); "
            "correct the model, nothing is scored without it."
        )
    if logits:
        return expit(values) if info.multi_label else softmax(values, axis=1)
    if values.size and (values.min() < 0 or values.max() > 1):
        raise PredictionError(
            f"The scores for {where} run from {values.min():.4g} to {values.max():.4g}, so they are "
            "logits; give probabilities, or logits=True (--logits) to have "
            f"{'sigmoid' if info.multi_label else 'softmax'} applied."
        )
    sums = values.sum(axis=1)
    if not info.multi_label and values.size and np.abs(sums - 1).max() > _ROUNDING:
        row = int(np.abs(sums - 1).argmax())
        raise PredictionError(
            f"The scores for {where} are no probabilities: row {row} adds up to {sums[row]:.4g}, not "
            "1; give probabilities, or logits=True (--logits) to have softmax applied."
        )
    return values
