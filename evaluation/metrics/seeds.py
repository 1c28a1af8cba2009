"""One model trained with several seeds: mean, spread over seeds, and an interval over both.

The mean over seeds varies with the images and with the trainings. The images' part are the resamples,
which all seeds share; the trainings' part is Student's t with S - 1 degrees of freedom, times the
standard deviation over seeds, divided by the root of S. Drawing seeds with replacement, as a plain
hierarchical bootstrap does, gives intervals that are much too short for three or five seeds
(tools/statistics/seeds.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medmnist_c.evaluation.metrics.resampled import Resampled, combine

_SEED = 20240618


@dataclass(frozen=True)
class OverSeeds:
    """A figure over trainings.

    mean: with draws over images and trainings; over images alone if there is one seed.
    sd: standard deviation over seeds (of a sample: S - 1); None with one seed.
    seeds: how many there are.
    """

    mean: Resampled
    sd: float | None
    seeds: int


def over_seeds(figures: Sequence[Resampled]) -> OverSeeds:
    """The same figure of one model trained with several seeds, on the same images.

    Args:
        figures: one for each seed; their draws are of the same resamples.
    """
    if not figures:
        raise ValueError("There is no seed.")
    mean = combine(lambda *values: np.mean(values, axis=0), *figures)
    if len(figures) == 1 or mean.value is None:
        return OverSeeds(mean, None, len(figures))
    values = [one.value for one in figures if one.value is not None]
    sd = float(np.std(values, ddof=1))
    draws = mean.draws
    if draws is not None:
        trainings = np.random.default_rng([_SEED, len(figures)])
        t = trainings.standard_t(len(figures) - 1, len(draws))
        draws = draws + t * sd / len(figures) ** 0.5
    return OverSeeds(Resampled(mean.value, draws, mean.note), sd, len(figures))
