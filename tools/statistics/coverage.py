"""How often the intervals of a report hold the true figure, at real counts, by simulation.

    python tools/statistics/coverage.py [--simulations 600] [--dataset NAME] [--seed 0]

Models are simulated whose true figures are known (from a population of a million images), with images
that are hard in all test sets at once, at the class counts of four datasets, at the errors that
published networks make and close to zero. Each simulation draws new images and asks each 95 % interval
of the report whether it holds the truth. Prints a Markdown table; docs/statistics.md has it.
"""

import argparse
import time
from collections import defaultdict

import numpy as np
import simulated
from scipy.special import softmax

from medmnist_c.evaluation.metrics.auc import macro_auc
from medmnist_c.evaluation.metrics.intervals import auc_draws, error_draws, loss_draws
from medmnist_c.evaluation.metrics.resampling import resamples

CLEAN_ERRORS = {
    "breastmnist": (0.15, 0.03),
    "retinamnist": (0.45, 0.03),
    "dermamnist": (0.25, 0.02),
    "bloodmnist": (0.015, 0.003),
}
POPULATION = 200_000
CORRUPTIONS = len(simulated.STRENGTHS)


def figures(labels, logits, resampled=None, corrupted=False, model=0, only=None):
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
    which = {"corrupted": corrupted, "model": model}
    if only == "auc":
        area = macro_auc(truth[:, questions], probabilities[:, questions])
        return {"auc": auc_draws(resampled, area, **which)}
    errors = error_draws(resampled, wrong, **which)
    area = macro_auc(truth[:, questions], probabilities[:, questions])
    return {
        "balanced error": errors["balanced_error"],
        "accuracy": errors["accuracy"],
        "auc": auc_draws(resampled, area, **which),
        "nll": loss_draws(resampled, nll, np.log(4), **which),
        "brier": loss_draws(resampled, brier, 1.0, **which),
    }


def composed(of_a: list[dict], of_b: list[dict], drops: np.ndarray) -> dict[str, np.ndarray]:
    """All that a report shows, figures (or draws) first: ... x T, from those of the test sets."""
    found = {}
    for name in of_a[0]:
        a = np.stack([one[name] for one in of_a], axis=-1)
        b = np.stack([one[name] for one in of_b], axis=-1)
        found[f"{name}, one test set"] = a
        found[f"{name}, difference of two models"] = b - a
        a, b = (x[..., 1:].reshape(*x.shape[:-1], CORRUPTIONS, 5) for x in (a, b))
        found[f"{name}, mean of a corruption"] = a.mean(axis=-1)
        found[f"{name}, mean of a severity"] = a.mean(axis=-2)
        found[f"{name}, mean of a group"] = a.reshape(*a.shape[:-2], 2, -1).mean(axis=-1)
        found[f"{name}, mean over all"] = a.mean(axis=(-1, -2))[..., None]
        found[f"{name}, difference of means"] = (b - a).mean(axis=(-1, -2))[..., None]
        if name == "balanced error":
            clean = np.asarray(of_a[0][name])[..., None]
            error, change = a.mean(axis=-1), a.mean(axis=-1) - clean
            base = drops + drops.mean()
            found["BE of a corruption"], found["BE"] = (
                error / base,
                (error / base).mean(-1)[..., None],
            )
            found["rBE of a corruption"] = change / drops
            found["rBE"] = (change / drops).mean(-1)[..., None]
    return found


def coverage(
    dataset: str, clean_error: float, simulations: int, seed: int, only: str | None = None
) -> dict:
    """Hits of each kind of interval, by kind: (fraction that hold, too high, mean width)."""
    counts = np.array(simulated.COUNTS[dataset])
    classes = len(counts)
    models = [
        simulated.model(classes, clean_error),
        simulated.model(classes, clean_error, worse=0.08),
    ]
    labels = np.repeat(np.arange(classes), counts)
    large = np.repeat(labels, POPULATION // len(labels))
    rng = np.random.default_rng([seed, len(labels)])
    of_models = [[], []]
    for both in simulated.scores(models, large, rng):
        for told, logits in zip(of_models, both, strict=True):
            told.append(figures(large, logits))
    errors = np.array([one["balanced error"] for one in of_models[1]])
    drops = errors[1:].reshape(CORRUPTIONS, 5).mean(axis=1) - errors[0]
    truth = composed(*of_models, drops)
    resampled = resamples(labels[:, None], classes)
    found = defaultdict(list)
    for _ in range(simulations):
        drawn = [[], []]
        for number, both in enumerate(simulated.scores(models, labels, rng)):
            for position, (told, logits) in enumerate(zip(drawn, both, strict=True)):
                told.append(figures(labels, logits, resampled, number > 0, position, only))
        for kind, draws in composed(*drawn, drops).items():
            low, high = np.percentile(draws, (2.5, 97.5), axis=0)
            true = truth[kind]
            holds = (low <= true) & (true <= high)
            found[kind].append((holds.mean(), (true < low).mean(), (high - low).mean()))
    clean = of_models[0][0]["balanced error"]
    told = {"clean": clean, "all": truth["balanced error, mean over all"][0]}
    return told | {kind: np.mean(told, axis=0) for kind, told in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=600)
    parser.add_argument("--dataset", choices=simulated.COUNTS, action="append")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=["auc"], help="this figure alone")
    asked = parser.parse_args()
    columns, tables = [], []
    for dataset in asked.dataset or simulated.COUNTS:
        for clean_error in CLEAN_ERRORS[dataset]:
            start = time.perf_counter()
            table = coverage(dataset, clean_error, asked.simulations, asked.seed, asked.only)
            columns.append(f"{dataset} {table.pop('clean'):.3f} / {table.pop('all'):.3f}")
            tables.append(table)
            print(f"<!-- {columns[-1]}: {time.perf_counter() - start:.0f} s -->", flush=True)
    print(f"| interval of | {' | '.join(columns)} |")
    print("|---" * (len(columns) + 1) + "|")
    for kind in tables[0]:
        print(f"| {kind} | {' | '.join(f'{100 * table[kind][0]:.1f}' for table in tables)} |")


if __name__ == "__main__":
    main()
