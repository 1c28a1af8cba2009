"""Table 3: whether augmentations help, trained with all corruptions and k-fold."""

import statistics
from collections.abc import Mapping
from dataclasses import replace

from medmnist_c.corruptions.table import groups_of
from medmnist_c.evaluation.metrics.names import PRIMARY
from medmnist_c.evaluation.robustness_report import RobustnessReport
from medmnist_c.experiments.protocol import Protocol
from medmnist_c.experiments.runs import TARGETED, Run
from medmnist_c.experiments.tables.figures import Figure, Measured, over_seeds
from medmnist_c.experiments.tables.table import Row, Table

Scores = dict[tuple[str, str], float]  # of one seed, by (scope, metric)
_METRICS = {"auc": "AUC", PRIMARY: "error"}
_SCOPES = {"clean": "clean", "all": "all", "k-fold": "k-fold"}


def table3(protocol: Protocol, reports: Mapping[Run, RobustnessReport]) -> Table:
    """From the reports of runs that are finished; the others leave gaps."""
    runs = protocol.runs
    rows = []
    for dataset in runs.datasets:
        found = {
            augmentation: {
                seed: scores
                for seed in runs.seeds
                if (
                    scores := _scores(
                        Run(dataset, runs.table3_architecture, augmentation, seed), reports
                    )
                )
            }
            for augmentation in runs.table3_augmentations
        }
        for augmentation, by_seed in found.items():
            figures: dict[tuple[str, str], Figure | None] = {}
            for key in dict.fromkeys(key for one in by_seed.values() for key in one):
                figures[key] = over_seeds(one.get(key) for one in by_seed.values())
                plain = found.get("none", {})
                if augmentation != "none" and by_seed.keys() <= plain.keys():
                    scope, metric = key
                    figures[scope, f"{metric} gain"] = over_seeds(
                        _gain(one, plain[seed], key) for seed, one in by_seed.items()
                    )
            rows.append(Row(dataset, augmentation, len(by_seed), len(runs.seeds), figures))
    shown = {(scope, "AUC"): f"AUC {words}" for scope, words in _SCOPES.items()}
    shown |= {(scope, "AUC gain"): f"gain {scope}" for scope in ("all", "k-fold")}
    shown |= {(scope, "error"): f"error {words}" for scope, words in _SCOPES.items()}
    start = "pretrained" if protocol.training.pretrained else "not pretrained"
    return Table(
        "table3",
        f"Table 3: augmentations on {runs.table3_architecture} ({start}), protocol {protocol.name}",
        "augmentation",
        tuple(rows),
        shown,
        (
            "In per cent: AUC, and balanced error; means over all corrupted test sets of a dataset.",
            "all: trained with every corruption of the dataset, where the augmentation draws them.",
            "k-fold: for each group of corruptions, trained without it and tested on it alone; mean "
            "over the groups. An augmentation that draws none of them is trained once, "
            "tested on each.",
            "gain: AUC above that without augmentation, seed by seed. Mean ± standard deviation over "
            "seeds.",
        ),
        frozenset({"AUC", "AUC gain", "error", "error gain"}),
    )


def _gain(own: Scores, plain: Scores, key: tuple[str, str]) -> float | None:
    return own[key] - plain[key] if key in own and key in plain else None


def _scores(run: Run, reports: Mapping[Run, RobustnessReport]) -> Scores:
    """Of one seed; what its runs lack is left out."""
    found: Scores = {}
    for metric, words in _METRICS.items():
        whole = Measured.of(reports[run], run.dataset, metric) if run in reports else None
        if whole is not None:
            found["clean", words] = whole.clean
            found["all", words] = whole.mean()
        folds = {}
        for group in groups_of(run.dataset):
            fold = replace(run, without=group) if run.augmentation in TARGETED else run
            own = Measured.of(reports[fold], run.dataset, metric) if fold in reports else None
            if own is not None:
                folds[group] = own.mean(own.group(group))
                found[f"fold {group}", words] = folds[group]
        if len(folds) == len(groups_of(run.dataset)):
            found["k-fold", words] = statistics.fmean(folds.values())
    return found
