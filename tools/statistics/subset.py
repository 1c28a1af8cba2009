"""Does a part of 300 images say, within its interval, what the whole test set says?

    python tools/statistics/subset.py [--simulations 300] [--limit 300]

Full predictions of a simulated model are made for 21 test sets; the part is scored alone. Prints a
Markdown table: how often the part's 95 % interval of the balanced error, and of the accuracy, holds the
whole's figure (of one test set, of the mean over all), and how wide it is beside the whole's own.
"""

import argparse

import numpy as np
import simulated

from medmnist_c.evaluation.metrics.subset import subset
from medmnist_c.evaluation.metrics.uncertainty.intervals import balanced, error_draws
from medmnist_c.evaluation.metrics.uncertainty.resampling import resamples

CASES = (("retinamnist", 0.45), ("dermamnist", 0.25), ("bloodmnist", 0.015))


def cover(dataset: str, clean_error: float, limit: int, simulations: int) -> list[float]:
    counts = np.array(simulated.COUNTS[dataset])
    classes = len(counts)
    labels = np.repeat(np.arange(classes), counts)[:, None]
    part = subset(labels, dataset, limit)
    of_part = resamples(labels[part], classes, class_counts=counts)
    of_whole = resamples(labels, classes)
    rng = np.random.default_rng([3, len(labels)])
    one = [simulated.model(classes, clean_error)]
    found = []
    for _ in range(simulations):
        whole, drawn, own = [], [], []
        for number, [logits] in enumerate(simulated.scores(one, labels[:, 0], rng)):
            wrong = logits.argmax(axis=1) != labels[:, 0]
            error = 1 - balanced(of_whole.recalls(wrong), multi_label=False)
            whole.append((error, 1 - wrong.mean()))
            draws = error_draws(of_part, wrong[part], corrupted=number > 0)
            drawn.append((draws["balanced_error"], draws["accuracy"]))
            own.append(error_draws(of_whole, wrong, corrupted=number > 0)["balanced_error"])
        true, draws = np.array(whole), np.array(drawn)  # 21 x 2, 21 x 2 x RESAMPLES
        low, high = np.percentile(draws, (2.5, 97.5), axis=-1)
        holds = ((low <= true) & (true <= high)).mean(axis=0)
        ends = np.percentile(draws[1:].mean(axis=0), (2.5, 97.5), axis=-1)
        mean_holds = (ends[0] <= true[1:].mean(axis=0)) & (true[1:].mean(axis=0) <= ends[1])
        width = (high - low)[:, 0].mean() / np.ptp(
            np.percentile(own, (2.5, 97.5), axis=-1), axis=0
        ).mean()
        found.append([holds[0], mean_holds[0], holds[1], mean_holds[1], width])
    return np.mean(found, axis=0).tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=300)
    parser.add_argument("--limit", type=int, default=300)
    asked = parser.parse_args()
    print(
        "| dataset | error, one test set | error, mean | accuracy | accuracy, mean | times as wide |"
    )
    print("|---|---|---|---|---|---|")
    for dataset, clean_error in CASES:
        *holds, width = cover(dataset, clean_error, asked.limit, asked.simulations)
        told = " | ".join(f"{100 * one:.1f}" for one in holds)
        print(f"| {dataset} | {told} | {width:.1f} |", flush=True)


if __name__ == "__main__":
    main()
