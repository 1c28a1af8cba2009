"""How often the intervals of a report hold the true figure, at real counts, by simulation.

    python tools/statistics/coverage.py [--simulations 600] [--dataset NAME] [--seed 0] [--group 1]

Models are simulated whose true figures are known (from a population of 200,000 images), with images
that are hard in all test sets at once, at the class counts of four datasets, at the errors that
published networks make and close to zero. Each simulation draws new images and asks each 95 % interval
of the report whether it holds the truth. With `--group 4` images come four by four, as those of a
patient do, which the report is told. Prints a Markdown table; docs/statistics.md has it.
"""

import argparse
import time
from collections import defaultdict

import numpy as np
import simulated
from scipy.special import softmax

from medmnist_c.evaluation.metrics.auc import macro_auc
from medmnist_c.evaluation.metrics.uncertainty.intervals import auc_draws, error_draws, loss_draws
from medmnist_c.evaluation.metrics.uncertainty.resampling import resamples

CLEAN_ERRORS = {
    "breastmnist": (0.15, 0.03),
    "retinamnist": (0.45, 0.03),
    "dermamnist": (0.25, 0.02),
    "bloodmnist": (0.015, 0.003),
}
POPULATION = 200_000
CORRUPTIONS = len(simulated.STRENGTHS)


def figures(labels, logits, resampled=None, corrupted=False):
    """Figures of one test set, or their draws where there are resamples; or only one of them."""
    truth = labels[:, None] == np.arange(logits.shape[1])
    probabilities = softmax(2 * logits.astype(np.float64), axis=1)
    wrong = probabilities.argmax(axis=1) != labels
    nll = -np.log(probabilities[truth])
    brier = ((probabilities - truth) ** 2).sum(axis=1)
    questions = slice(1, 2) if truth.shape[1] == 2 else slice(None)
    if resampled is None:
        return {
            "balanced error": np.mean([wrong[one].mean() for one in truth.T]),
            "accuracy": 1 - wrong.mean(),
            "auc": macro_auc(truth[:, questions], probabilities[:, questions]).value,
            "nll": nll.mean(),
            "brier": brier.mean(),
        }
    which = {"corrupted": corrupted}
    errors = error_draws(resampled, wrong, **which)
    area = macro_auc(truth[:, questions], probabilities[:, questions])
    return {
        "balanced error": errors["balanced_error"],
        "accuracy": errors["accuracy"],
        "auc": auc_draws(resampled, area, **which),
        "nll": loss_draws(resampled, nll, np.log(4), **which),
        "brier": loss_draws(resampled, brier, 1.0, **which),
    }


def composed(test_sets: list[dict], drops: np.ndarray) -> dict[str, np.ndarray]:
    """All that a report shows, figures (or draws) first: ... x T, from those of the test sets."""
    found = {}
    for name in test_sets[0]:
        a = np.stack([one[name] for one in test_sets], axis=-1)
        found[f"{name}, one test set"] = a
        a = a[..., 1:].reshape(*a.shape[:-1], CORRUPTIONS, 5)
        found[f"{name}, mean of a corruption"] = a.mean(axis=-1)
        found[f"{name}, mean of a severity"] = a.mean(axis=-2)
        found[f"{name}, mean of a group"] = a.reshape(*a.shape[:-2], 2, -1).mean(axis=-1)
        found[f"{name}, mean over all"] = a.mean(axis=(-1, -2))[..., None]
        if name == "balanced error":
            clean = np.asarray(test_sets[0][name])[..., None]
            error, change = a.mean(axis=-1), a.mean(axis=-1) - clean
            base = drops + drops.mean()
            found["BE of a corruption"], found["BE"] = (
                error / base,
                (error / base).mean(-1)[..., None],
            )
            found["rBE of a corruption"] = change / drops
            found["rBE"] = (change / drops).mean(-1)[..., None]
    return found


def coverage(dataset: str, clean_error: float, simulations: int, seed: int, group: int) -> dict:
    """Hits of each kind of interval, by kind: (fraction that hold, too high, mean width)."""
    counts = np.array(simulated.COUNTS[dataset])
    classes = len(counts)
    # The second stands for the baseline.
    models = [
        simulated.model(classes, clean_error),
        simulated.model(classes, clean_error, worse=0.08),
    ]
    labels = np.repeat(np.arange(classes), counts)
    large = np.repeat(labels, POPULATION // len(labels))
    rng = np.random.default_rng([seed, len(labels)])
    own, baseline = [], []
    for of_own, of_baseline in simulated.scores(models, large, rng):
        own.append(figures(large, of_own))
        baseline.append(figures(large, of_baseline)["balanced error"])
    errors = np.array(baseline)
    drops = errors[1:].reshape(CORRUPTIONS, 5).mean(axis=1) - errors[0]
    truth = composed(own, drops)
    groups = None
    if group > 1:
        places = np.concatenate([np.arange(count) // group for count in counts])
        _, groups = np.unique(labels * len(labels) + places, return_inverse=True)
    resampled = resamples(labels[:, None], classes, groups=groups)
    found = defaultdict(list)
    for _ in range(simulations):
        drawn = [
            figures(labels, logits, resampled, number > 0)
            for number, [logits] in enumerate(simulated.scores(models[:1], labels, rng, groups))
        ]
        for kind, draws in composed(drawn, drops).items():
            low, high = np.percentile(draws, (2.5, 97.5), axis=0)
            true = truth[kind]
            holds = (low <= true) & (true <= high)
            found[kind].append((holds.mean(), (true < low).mean(), (high - low).mean()))
    clean = own[0]["balanced error"]
    told = {"clean": clean, "all": truth["balanced error, mean over all"][0]}
    return told | {kind: np.mean(told, axis=0) for kind, told in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=600)
    parser.add_argument("--dataset", choices=simulated.COUNTS, action="append")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--group", type=int, default=1, help="images that come together")
    parser.add_argument("--realistic", action="store_true", help="no model close to zero error")
    asked = parser.parse_args()
    columns, tables = [], []
    for dataset in asked.dataset or simulated.COUNTS:
        for clean_error in CLEAN_ERRORS[dataset][: 1 if asked.realistic else None]:
            start = time.perf_counter()
            table = coverage(dataset, clean_error, asked.simulations, asked.seed, asked.group)
            columns.append(f"{dataset} {table.pop('clean'):.3f} / {table.pop('all'):.3f}")
            tables.append(table)
            print(f"<!-- {columns[-1]}: {time.perf_counter() - start:.0f} s -->", flush=True)
    print(f"| interval of | {' | '.join(columns)} |")
    print("|---" * (len(columns) + 1) + "|")
    for kind in tables[0]:
        print(f"| {kind} | {' | '.join(f'{100 * table[kind][0]:.1f}' for table in tables)} |")


if __name__ == "__main__":
    main()
