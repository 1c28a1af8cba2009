"""How many comparisons of two equally good models show any difference, by simulation.

    python tools/statistics/comparisons.py [--simulations 600] [--dataset NAME]

Two models of the same true errors are compared on 21 test sets, whose images are hard for both. A report
should show a difference in about 5 % of the cases, whatever the number of test sets. Prints a Markdown
table of how many show any: by separate intervals, simultaneous bands and Holm over the balanced
errors, by DeLong's test and Holm over the AUCs, and by the report's own bands, which hold for
errors and AUCs together. Then how many do where there is a difference.
"""

import argparse
from dataclasses import dataclass, field

import numpy as np
import simulated
from adjusted import holm, p_values
from scipy.special import softmax
from scipy.stats import norm

from medmnist_c.evaluation.metrics.auc import delong_error, macro_auc
from medmnist_c.evaluation.metrics.uncertainty.intervals import auc_draws, error_draws
from medmnist_c.evaluation.metrics.uncertainty.resampling import resamples
from medmnist_c.evaluation.metrics.uncertainty.simultaneous import Bands, max_t_bands
from medmnist_c.evaluation.metrics.uncertainty.swaps import Swaps

CLEAN_ERRORS = {
    "breastmnist": (0.15, 0.03),
    "retinamnist": (0.45, 0.03),
    "dermamnist": (0.25, 0.02),
    "bloodmnist": (0.05, 0.015, 0.003),
}


@dataclass
class _Figure:
    """Differences of one figure between two models, test set by test set, as a comparison has them."""

    labels: np.ndarray
    values: list = field(default_factory=list)
    draws: list = field(default_factory=list)
    parts: list = field(default_factory=list)
    losses: list = field(default_factory=list)

    def add(self, values, draws, parts, losses=(0.0, 0.0)) -> None:
        """What both models have on a test set."""
        for kept, (a, b) in zip(
            (self.values, self.draws, self.parts, self.losses),
            (values, draws, parts, losses),
            strict=True,
        ):
            kept.append(b - a)

    @property
    def least(self) -> list[float]:
        """Standard errors from elsewhere, those of AUCs."""
        return [self._least(one) for one in self.losses]

    def _least(self, losses) -> float:
        return delong_error(losses, self.labels[:, None]) if np.ndim(losses) else 0.0

    def with_means(self) -> "_Figure":
        """And the mean of each corruption, and over these."""
        of_all = []
        for kept in (self.values, self.draws, self.parts, self.losses):
            means = [np.mean(kept[first : first + 5], axis=0) for first in range(1, len(kept), 5)]
            of_all.append([*kept, *means, np.mean(means, axis=0)])
        return _Figure(self.labels, *of_all)


def _bands(labels: np.ndarray, *figures: _Figure) -> Bands:
    """Of all differences that a comparison shows, as it makes them."""
    shown = [one.with_means() for one in figures]
    return max_t_bands(
        np.concatenate([one.values for one in shown]),
        np.concatenate([one.draws for one in shown]).T,
        least_errors=np.concatenate([one.least for one in shown]),
        swaps=Swaps.of(np.concatenate([one.parts for one in shown]).T, labels[:, None], None),
    )


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
        errors, areas = _Figure(labels), _Figure(labels)
        for number, both in enumerate(simulated.scores(models, labels, rng)):
            wrong = [logits.argmax(axis=1) != labels for logits in both]
            errors.add(
                [np.mean([one[labels == k].mean() for k in range(classes)]) for one in wrong],
                [
                    error_draws(resampled, one, corrupted=number > 0, model=model)["balanced_error"]
                    for model, one in enumerate(wrong)
                ],
                [resampled.error_parts(one).mean(axis=1) for one in wrong],
            )
            of_both = [
                macro_auc(members[:, questions], softmax(2 * one, axis=1)[:, questions])
                for one in both
            ]
            areas.add(
                [one.value for one in of_both],
                [
                    auc_draws(resampled, one, corrupted=number > 0, model=model)
                    for model, one in enumerate(of_both)
                ],
                [one.misplaced / len(labels) for one in of_both],
                [one.losses for one in of_both],
            )
        apart, drawn = np.array(errors.values), np.stack(errors.draws, axis=1)
        low, high = np.percentile(drawn, (2.5, 97.5), axis=0)
        distances = np.abs(areas.values) / np.maximum(areas.least, 1e-12)
        found.append(
            (
                ((low > 0) | (high < 0)).any(),
                _bands(labels, errors).differs.any(),
                (holm(p_values(apart, drawn)) < 0.05).any(),
                (holm(2 * norm.sf(distances)) < 0.05).any(),
                _bands(labels, errors, areas).differs.any(),
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
