"""How many comparisons of two equally good models show any difference, by simulation.

    python tools/statistics/comparisons.py [--simulations 600] [--dataset NAME]

Two models of the same true errors are compared on 21 test sets, whose images are hard for both. A report
should show a difference in 5 % of the cases at most, whatever the number of test sets. Prints a Markdown
table of how many show any: by separate intervals, simultaneous bands and Holm over the balanced
errors, by DeLong's test and Holm over the AUCs, and by the report's own bands, which hold for
errors and AUCs together. Then how many do where there is a difference.
"""

import argparse

import numpy as np
import simulated
from scipy.special import softmax
from scipy.stats import norm

from medmnist_c.evaluation.metrics.auc import delong_error, macro_auc
from medmnist_c.evaluation.metrics.intervals import auc_draws, error_draws
from medmnist_c.evaluation.metrics.resampling import resamples
from medmnist_c.evaluation.metrics.simultaneous import holm, max_t_bands, p_values

CLEAN_ERRORS = {
    "breastmnist": (0.15, 0.03),
    "retinamnist": (0.45, 0.03),
    "dermamnist": (0.25, 0.02),
    "bloodmnist": (0.05, 0.015, 0.003),
}


def compare(dataset: str, clean_error: float, worse: float, simulations: int) -> dict[str, float]:
    """Fractions of comparisons that show any difference."""
    counts = simulated.COUNTS[dataset]
    classes = len(counts)
    models = [
        simulated.model(classes, clean_error),
        simulated.model(classes, clean_error, worse=worse),
    ]
    labels = np.repeat(np.arange(classes), counts)
    members = labels[:, None] == np.arange(classes)
    questions = slice(1, 2) if classes == 2 else slice(None)
    resampled = resamples(labels[:, None], classes)
    rng = np.random.default_rng([1, len(labels)])
    found = []
    for _ in range(simulations):
        values, draws, areas, of_areas, least = [], [], [], [], []
        for number, both in enumerate(simulated.scores(models, labels, rng)):
            wrong = [logits.argmax(axis=1) != labels for logits in both]
            rates = [np.mean([one[labels == k].mean() for k in range(classes)]) for one in wrong]
            values.append(rates[1] - rates[0])
            of_both = [
                error_draws(resampled, one, corrupted=number > 0, model=model)["balanced_error"]
                for model, one in enumerate(wrong)
            ]
            draws.append(of_both[1] - of_both[0])
            a, b = (
                macro_auc(members[:, questions], softmax(2 * one, axis=1)[:, questions])
                for one in both
            )
            areas.append(b.value - a.value)
            of_both = [
                auc_draws(resampled, one, corrupted=number > 0, model=model)
                for model, one in enumerate((a, b))
            ]
            of_areas.append(of_both[1] - of_both[0])
            least.append(delong_error(b.losses - a.losses, labels[:, None]))
        apart, drawn = np.array(values), np.stack(draws, axis=1)
        low, high = np.percentile(drawn, (2.5, 97.5), axis=0)
        every, of_every = np.array(values + areas), np.stack(draws + of_areas, axis=1)
        errors = np.array([0.0] * len(values) + least)
        distances = np.abs(areas) / np.maximum(least, 1e-12)
        found.append(
            (
                ((low > 0) | (high < 0)).any(),
                max_t_bands(apart, drawn).differs.any(),
                (holm(p_values(apart, drawn)) < 0.05).any(),
                (holm(2 * norm.sf(distances)) < 0.05).any(),
                max_t_bands(every, of_every, least_errors=errors).differs.any(),
            )
        )
    kinds = (
        "errors, separate intervals",
        "errors, simultaneous bands",
        "errors, Holm",
        "AUCs, DeLong and Holm",
        "the report: bands of errors and AUCs",
    )
    return dict(zip(kinds, np.mean(found, axis=0), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=600)
    parser.add_argument("--dataset", choices=simulated.COUNTS, action="append")
    parser.add_argument("--worse", type=float, action="append", help="margins smaller by, 0-1")
    asked = parser.parse_args()
    header = False
    for dataset in asked.dataset or simulated.COUNTS:
        for clean_error in CLEAN_ERRORS[dataset]:
            for worse in asked.worse or (0.0, 0.15):
                found = compare(dataset, clean_error, worse, asked.simulations)
                if not header:
                    print(f"| dataset, clean error, margins smaller by | {' | '.join(found)} |")
                    print("|---" * (len(found) + 1) + "|")
                    header = True
                told = " | ".join(f"{100 * one:.1f}" for one in found.values())
                print(f"| {dataset}, {clean_error}, {worse:.0%} | {told} |", flush=True)


if __name__ == "__main__":
    main()
