"""How many comparisons of two equally good models show any difference, by simulation.

    python tools/statistics/comparisons.py [--simulations 600] [--dataset NAME]

Two models of the same true errors are compared on 21 test sets, whose images are hard for both. A report
should show a difference in 5 % of the cases at most, whatever the number of test sets. Prints a Markdown
table: any of 21 separate intervals without 0, any simultaneous band, any p-value below 0.05 by Holm,
and DeLong's test of the clean AUC; then the bands' share of differences found where there is one.
"""

import argparse

import numpy as np
import simulated

from medmnist_c.evaluation.metrics.auc import delong_test
from medmnist_c.evaluation.metrics.intervals import error_draws
from medmnist_c.evaluation.metrics.resampling import resamples
from medmnist_c.evaluation.metrics.simultaneous import holm, max_t_bands, p_values

CLEAN_ERRORS = {
    "breastmnist": (0.15, 0.03),
    "retinamnist": (0.45, 0.03),
    "dermamnist": (0.25, 0.02),
    "bloodmnist": (0.015, 0.003),
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
    resampled = resamples(labels[:, None], classes)
    rng = np.random.default_rng([1, len(labels)])
    found = []
    for _ in range(simulations):
        values, draws, delong = [], [], []
        for number, both in enumerate(simulated.scores(models, labels, rng)):
            wrong = [logits.argmax(axis=1) != labels for logits in both]
            rates = [np.mean([one[labels == k].mean() for k in range(classes)]) for one in wrong]
            values.append(rates[1] - rates[0])
            of_both = [
                error_draws(resampled, one, corrupted=number > 0, model=model)["balanced_error"]
                for model, one in enumerate(wrong)
            ]
            draws.append(of_both[1] - of_both[0])
            if number == 0:
                margins = [one[:, 1] - one[:, 0] for one in both]
                two = labels < 2
                delong = [delong_test(labels[two] == 1, *(one[two] for one in margins)).p_value]
        apart, drawn = np.array(values), np.stack(draws, axis=1)
        low, high = np.percentile(drawn, (2.5, 97.5), axis=0)
        found.append(
            (
                ((low > 0) | (high < 0)).any(),
                max_t_bands(apart, drawn).differs.any(),
                (holm(p_values(apart, drawn)) < 0.05).any(),
                delong[0] < 0.05,
            )
        )
    kinds = (
        "separate intervals",
        "simultaneous bands",
        "Holm",
        "DeLong, clean AUC of classes 0, 1",
    )
    return dict(zip(kinds, np.mean(found, axis=0), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=600)
    parser.add_argument("--dataset", choices=simulated.COUNTS, action="append")
    asked = parser.parse_args()
    header = False
    for dataset in asked.dataset or simulated.COUNTS:
        for clean_error in CLEAN_ERRORS[dataset]:
            for worse in (0.0, 0.15):
                found = compare(dataset, clean_error, worse, asked.simulations)
                if not header:
                    print(f"| dataset, clean error, margins smaller by | {' | '.join(found)} |")
                    print("|---" * (len(found) + 1) + "|")
                    header = True
                told = " | ".join(f"{100 * one:.1f}" for one in found.values())
                print(f"| {dataset}, {clean_error}, {worse:.0%} | {told} |", flush=True)


if __name__ == "__main__":
    main()
