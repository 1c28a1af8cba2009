"""One model trained with several seeds: mean, spread over seeds, and an interval over both.

The mean over seeds varies with the images and with the trainings. The images' part are the resamples,
which all seeds share; the trainings' part is Student's t with S - 1 degrees of freedom, times the
standard deviation over seeds, divided by the root of S. It is drawn from the seeds' deviations, in the
same way for all figures of a model: figures that go up and down together do so in the draws. (The
deviation holds something of the images, too: those that one training errs on and another does not. The
resamples have it already, so it is taken off.) Drawing seeds with replacement, as a plain hierarchical
bootstrap does, counts it twice, and gives intervals that are too short where trainings matter most
(tools/statistics/seeds.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from medmnist_c.evaluation.metrics.uncertainty.resampled import Resampled, mean

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


def over_seeds(figures: Sequence[Resampled], model: int = 0) -> OverSeeds:
    """The same figure of one model trained with several seeds, on the same images.

    Args:
        figures: one for each seed; their draws are of the same resamples.
        model: position of the model among those that are compared.
    """
    if not figures:
        raise ValueError("There is no seed.")
    average = mean(figures)
    values = [one.value for one in figures if one.value is not None]
    if len(figures) == 1 or average.value is None:
        return OverSeeds(average, None, len(figures))
    sd = float(np.std(values, ddof=1))
    draws = average.draws
    if draws is not None:
        own = [one.draws - draws for one in figures if one.draws is not None]
        of_images = np.var(own, axis=1).sum() / (len(figures) - 1)
        of_training = max(0.0, sd**2 - of_images) ** 0.5
        if sd > 0:
            deviations = (np.array(values) - average.value) / sd
            draws = draws + of_training * (deviations @ _student(len(values), len(draws), model))
    return OverSeeds(Resampled(average.value, draws, average.note), sd, len(figures))


def settled(figure: Resampled, model: int = 0) -> Resampled:
    """A figure whose draws are over images and trainings, if it has several of these."""
    return over_seeds(figure.runs, model).mean if figure.runs else figure


@lru_cache(maxsize=16)
def _student(seeds: int, count: int, model: int) -> np.ndarray:
    """Weights of the seeds' deviations, S x draws: with deviations of standard deviation 1 their sum is
    Student's t of S - 1 degrees of freedom, divided by the root of S."""
    rng = np.random.default_rng([_SEED, seeds, model])
    normal = rng.standard_normal((seeds, count)) / (seeds * (seeds - 1)) ** 0.5
    return normal * np.sqrt((seeds - 1) / rng.chisquare(seeds - 1, count))
