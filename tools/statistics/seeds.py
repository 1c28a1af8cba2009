"""Do intervals over seeds and images hold the mean of all trainings, by simulation?

    python tools/statistics/seeds.py [--simulations 600]

A model's skill varies with the training. Three or five trainings are scored on the same images. The
truth is the mean error over all trainings and images. Prints a Markdown table of how often 95 %
intervals hold it: images alone, seeds drawn with replacement besides (a plain hierarchical bootstrap),
and `over_seeds`.
"""

import argparse

import numpy as np
import simulated

from medmnist_c.evaluation.metrics.uncertainty.intervals import error_draws
from medmnist_c.evaluation.metrics.uncertainty.resampled import Resampled
from medmnist_c.evaluation.metrics.uncertainty.resampling import resamples
from medmnist_c.evaluation.metrics.uncertainty.seeds import over_seeds

SPREAD = 0.05  # standard deviation over trainings of the margins, as a fraction
CASES = (("breastmnist", 0.15), ("retinamnist", 0.45), ("dermamnist", 0.25), ("bloodmnist", 0.015))
POPULATION = 100_000


def trained(classes: int, clean_error: float, rng: np.random.Generator, seeds: int) -> list:
    """Models that differ in their training."""
    return [
        simulated.model(classes, clean_error, worse=SPREAD * rng.standard_normal())
        for _ in range(seeds)
    ]


def errors(labels, logits, classes):
    wrong = logits.argmax(axis=1) != labels
    return wrong, np.mean([wrong[labels == k].mean() for k in range(classes)])


def clean_and_hardest(models, labels, rng):
    """Logits of the clean test set and of the last one."""
    found = list(simulated.scores(models, labels, rng))
    return found[0], found[-1]


def cover(dataset: str, clean_error: float, seeds: int, simulations: int) -> np.ndarray:
    counts = np.array(simulated.COUNTS[dataset])
    classes = len(counts)
    labels = np.repeat(np.arange(classes), counts)
    rng = np.random.default_rng([2, seeds, len(labels)])
    large = np.repeat(np.arange(classes), POPULATION // classes // 100)
    truth = np.mean(
        [
            [errors(large, one, classes)[1] for [one] in clean_and_hardest([model], large, rng)]
            for model in trained(classes, clean_error, rng, 400)
        ],
        axis=0,
    )
    resampled = resamples(labels[:, None], classes)
    hits = []
    for _ in range(simulations):
        models = trained(classes, clean_error, rng, seeds)
        test_sets = clean_and_hardest(models, labels, rng)
        for position, (of_models, true) in enumerate(zip(test_sets, truth, strict=True)):
            figures = []
            for logits in of_models:
                wrong, value = errors(labels, logits, classes)
                draws = error_draws(resampled, wrong, corrupted=position > 0)["balanced_error"]
                figures.append(Resampled(value, draws))
            stacked = np.stack([one.draws for one in figures])
            picked = rng.integers(0, seeds, (seeds, stacked.shape[1]))
            plain = np.take_along_axis(stacked, picked, axis=0).mean(axis=0)
            kinds = (stacked.mean(axis=0), plain, over_seeds(figures).mean.draws)
            limits = [np.percentile(one, (2.5, 97.5)) for one in kinds]
            hits.append([low <= true <= high for low, high in limits])
    return np.mean(hits, axis=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=600)
    asked = parser.parse_args()
    print("| dataset | seeds | images alone | seeds drawn with replacement | over_seeds |")
    print("|---|---|---|---|---|")
    for dataset, clean_error in CASES:
        for seeds in (3, 5):
            found = cover(dataset, clean_error, seeds, asked.simulations)
            told = " | ".join(f"{100 * one:.1f}" for one in found)
            print(f"| {dataset} | {seeds} | {told} |", flush=True)


if __name__ == "__main__":
    main()
