"""What BE and rBE become at a threshold of 0.5 and at thresholds from validation images.

    python tools/statistics/operating_points.py [--simulations 20]

A model is simulated that is exactly as good as AlexNet, the baseline: its scores are calibrated
probabilities with the AUC that AlexNet has on MedMNIST+ (Doerrich et al. 2025), and at AlexNet's own
operating point it makes AlexNet's errors, clean and under each corruption. So a fair scoring gives BE 1
and rBE 1. It is scored at 0.5 and at the thresholds of best balanced accuracy on simulated clean
validation images. Prints a Markdown table; docs/statistics.md has it.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit
from scipy.stats import norm

from medmnist_c.corruptions.table import CORRUPTIONS
from medmnist_c.evaluation.metrics.thresholds import operating_points
from medmnist_c.evaluation.report.baseline import STABLE_DROP, alexnet

# Images with each finding among the 112,120 of ChestX-ray14 (Wang et al. 2017).
CHEST = (11559, 2776, 13317, 19894, 5782, 6331, 1431, 5302, 4667, 2303, 2516, 1686, 3385, 227)
SEVERITIES = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Study:
    """A dataset and AlexNet's figures on it.

    prevalence: of "yes" in training and validation, one for each label.
    test_prevalence: in the test set.
    accuracy: at 0.5 on the test set; None: the test set is like the validation set. What is missing is
        put down to scores that are all higher on the test set, as PneumoniaMNIST's are.
    """

    dataset: str
    auc: float
    prevalence: tuple[float, ...]
    test_prevalence: tuple[float, ...]
    validation: int
    test: int
    accuracy: float | None = None


def studies() -> Iterator[Study]:
    chest = tuple(count / 112120 for count in CHEST)
    yield Study("chestmnist", 0.789, chest, chest, 11219, 22433)
    yield Study("pneumoniamnist", 0.9825, (3494 / 4708,), (390 / 624,), 524, 624, 0.8723)
    yield Study("breastmnist", 0.9386, (399 / 546,), (114 / 156,), 78, 156)


def moved(study: Study, apart: float) -> float:
    """By how much all scores are higher on the test set, in standard deviations."""
    if study.accuracy is None:
        return 0.0
    cut = cut_of(0.5, study.prevalence[0], apart)
    share = study.test_prevalence[0]

    def excess(shift: float) -> float:
        right = share * norm.cdf(apart + shift - cut) + (1 - share) * norm.cdf(cut - shift)
        return right - study.accuracy

    return brentq(excess, 0.3, 4)


def cut_of(threshold: float, prevalence: float, apart: float) -> float:
    """Where the threshold of the calibrated probability lies on the model's own scale."""
    return (logit(threshold) - logit(prevalence)) / apart + apart / 2


def error(apart: float, cut: float) -> float:
    """Balanced error of positives at `apart`, negatives at 0, both of spread 1."""
    return float((norm.cdf(cut - apart) + norm.cdf(-cut)) / 2)


def simulate(study: Study, rng: np.random.Generator) -> dict[str, tuple[float, float, float]]:
    """Clean balanced error, BE and rBE by kind of threshold."""
    baseline = alexnet()
    apart = 2**0.5 * norm.ppf(study.auc)
    shift = moved(study, apart)
    clean = baseline.clean[study.dataset]
    # AlexNet's operating point: the cut of its clean error, or the best one if that is out of reach.
    best = apart / 2
    cut = best
    if error(apart, best) < clean:
        cut = brentq(lambda at: error(apart, at) - clean, best - 4, best)
    prevalence = np.array(study.prevalence)

    def scores(labels: np.ndarray, own: float, up: float) -> np.ndarray:
        place = own * labels + rng.standard_normal(labels.shape) + up
        return expit(logit(prevalence) + apart * (place - apart / 2))

    def draw(count: int, shares: tuple[float, ...]) -> np.ndarray:
        return (rng.random((count, len(shares))) < shares).astype(int)

    validation = draw(study.validation, study.prevalence)
    points = operating_points(validation, scores(validation, apart, 0.0))
    thresholds = {"0.5": 0.5, "validation": np.array([one.threshold for one in points])}
    labels = draw(study.test, study.test_prevalence)
    corruptions = list(CORRUPTIONS[study.dataset])
    errors: dict[str, list[float]] = {kind: [] for kind in thresholds}
    for corruption in (None, *corruptions):
        own = apart
        if corruption is not None:
            goal = baseline.mean_error(study.dataset, corruption, SEVERITIES)
            own = brentq(lambda d, goal=goal: error(d, cut) - goal, cut - 6, cut + 12)
        found = scores(labels, own, shift)
        for kind, threshold in thresholds.items():
            said = found > threshold
            yes, no = labels == 1, labels == 0
            missed = ((~said & yes).sum(axis=0) / yes.sum(axis=0)).mean()
            errors[kind].append((missed + ((said & no).sum(axis=0) / no.sum(axis=0)).mean()) / 2)
    told = {}
    for kind, (of_clean, *rest) in errors.items():
        means = [baseline.mean_error(study.dataset, one, SEVERITIES) for one in corruptions]
        drops = [baseline.drop(study.dataset, one, SEVERITIES) for one in corruptions]
        be = np.mean([own / mean for own, mean in zip(rest, means, strict=True)])
        rbe = [(own - of_clean) / d for own, d in zip(rest, drops, strict=True) if d >= STABLE_DROP]
        told[kind] = of_clean, be, np.mean(rbe)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=20)
    asked = parser.parse_args()
    print("| dataset | threshold | clean balanced error | AlexNet's | BE | rBE (stable) |")
    print("|---|---|---|---|---|---|")
    for study in studies():
        rng = np.random.default_rng(len(study.dataset))
        runs = [simulate(study, rng) for _ in range(asked.simulations)]
        for kind in runs[0]:
            found = np.array([run[kind] for run in runs])
            parts = zip(found.mean(axis=0), found.std(axis=0, ddof=1), strict=True)
            clean, be, rbe = (f"{mean:.3f} ± {sd:.3f}" for mean, sd in parts)
            known = alexnet().clean[study.dataset]
            print(
                f"| {study.dataset} | {kind} | {clean} | {known:.3f} | {be} | {rbe} |", flush=True
            )


if __name__ == "__main__":
    main()
