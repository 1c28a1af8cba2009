"""Compare our scores with those of the release's own `Evaluator`, on the same random probabilities.

    python tools/reference/compare_scores.py --peer-python peer/bin/python [--fixture FILE] [--half]

`tools/reference/peer.py` says how to set the peer up. For each of the 12 datasets, every corruption's
balanced error (mean over severities), BE and rBE, and the dataset's BE and rBE. Prints the largest
difference; `--fixture` keeps the peer's figures for the tests. Thresholds are 0.5, but of several labels
a different one for each; with `--half` these are 0.5, too.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import numpy as np

from medmnist_c.builder.configs import CLEAN
from medmnist_c.builder.dataset_info import dataset_info
from medmnist_c.corruptions.table import CORRUPTIONS
from medmnist_c.evaluation.metrics.test_set import classify, measure
from medmnist_c.evaluation.predictions.folder import PredictionFolder
from medmnist_c.evaluation.predictions.origin import CleanOrigin, ImagesOrigin, Origin
from medmnist_c.evaluation.report.baseline import alexnet
from medmnist_c.evaluation.report.robustness import dataset_report
from medmnist_c.evaluation.score import score

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
from support.random_scores import random_labels, random_scores, threshold_of

TOLERANCE = 1e-12

_PROGRAM = """
import json, sys
import numpy as np
from medmnistc.eval import Evaluator

arrays, told, output = sys.argv[1:]
told = json.load(open(told))
found = {}
for name, one in told.items():
    with np.load(arrays) as file:
        labels, clean = file[name + "/labels"], file[name + "/clean"]
        evaluator = Evaluator(name, labels, one["corruptions"], ".", "random", one["task"])
        evaluator.evaluate_clean(clean, one["threshold"])
        for corruption in one["corruptions"]:
            evaluator.evaluate(file[name + "/" + corruption], corruption, one["threshold"])
    evaluator.output_log = {}
    evaluator.populate_summary()
    log = evaluator.output_log
    found[name] = {
        "clean": log["metrics"]["clean_score"],
        "BE": log["metrics"]["be"],
        "rBE": log["metrics"]["rbe"],
        "corruptions": {
            c: {
                "errors": evaluator.corruption_errors[c],
                "BE": log["be_scores"][c],
                "rBE": log["rbe_scores"][c],
            }
            for c in one["corruptions"]
        },
    }
json.dump(found, open(output, "w"), indent=0, default=float)
"""


@click.command()
@click.option("--peer-python", required=True, help="Python of the peer's environment.")
@click.option("--fixture", type=click.Path(path_type=Path), help="Keep the peer's figures there.")
@click.option("--half", is_flag=True, help="A threshold of 0.5 for each of several labels, too.")
def main(peer_python: str, fixture: Path | None, half: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        thresholds = {name: _threshold(name, half) for name in CORRUPTIONS}
        theirs = _their_figures(peer_python, Path(folder), thresholds)
        ours = {
            name: _our_figures(name, Path(folder) / "ours" / name, thresholds[name])
            for name in CORRUPTIONS
        }
    if fixture:
        fixture.write_text(json.dumps(theirs, separators=(",", ":")) + "\n", "utf-8")
    worst = 0.0
    for name in CORRUPTIONS:
        pairs = list(zip(_flat(ours[name]), _flat(theirs[name]), strict=True))
        largest = float(np.max(np.abs(np.subtract(*zip(*pairs, strict=True)))))  # NaN stays NaN
        worst = float(np.maximum(worst, largest))
        figures = ours[name]
        print(
            f"{name:16} {dataset_info(name).task:26} {len(pairs):4} figures, largest difference "
            f"{largest:.1e}   BE {figures['BE']:.6f}  rBE {figures['rBE']:.6f}"
        )
    equal = worst <= TOLERANCE
    print(
        f"largest difference of all: {worst:.1e}; {'equal' if equal else 'NOT equal'} within 1e-12"
    )
    sys.exit(not equal)


_Threshold = float | list[float]


def _threshold(name: str, half: bool) -> _Threshold:
    labels = len(dataset_info(name).labels)
    return [0.5] * labels if half and dataset_info(name).multi_label else threshold_of(name)


def _their_figures(peer_python: str, folder: Path, thresholds: dict[str, _Threshold]) -> dict:
    arrays, told = {}, {}
    for name, corruptions in CORRUPTIONS.items():
        arrays[f"{name}/labels"] = random_labels(name)
        stacked: dict[str, list] = {}
        for config, scores in random_scores(name):
            stacked.setdefault(getattr(config, "corruption", CLEAN), []).append(scores)
        arrays |= {f"{name}/{key}": np.concatenate(parts) for key, parts in stacked.items()}
        told[name] = {
            "corruptions": list(corruptions),
            "task": dataset_info(name).task,
            "threshold": thresholds[name],
        }
    np.savez(folder / "arrays.npz", **arrays)
    (folder / "told.json").write_text(json.dumps(told))
    files = [str(folder / name) for name in ("arrays.npz", "told.json", "found.json")]
    done = subprocess.run(
        [peer_python, "-c", _PROGRAM, *files], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"medmnistc failed:\n{done.stderr[-2000:]}")
    return json.loads((folder / "found.json").read_text())


def _our_figures(name: str, folder: Path, threshold: _Threshold) -> dict:
    store = PredictionFolder(folder)
    images = ImagesOrigin("none", None, CleanOrigin(None, "random"), None)
    for config, scores in random_scores(name):
        store.write(config, random_labels(name), scores, Origin(config.name, "random", images))
    scored = score(folder, threshold=threshold).datasets[name]
    info, labels = dataset_info(name), random_labels(name)
    measured = {
        config: measure(classify(info, labels, store.read(config).scores, threshold))
        for config in store.configs()
    }
    one = dataset_report(measured, len(labels), alexnet())  # BE, too, of what is no whole test set
    errors = [[c.by_severity() for c in report.corruptions] for report in (one, scored)]
    assert [[v.value for v in c.values()] for c in errors[0]] == [
        [v.value for v in c.values()] for c in errors[1]
    ]
    return {
        "clean": one.clean.metrics["balanced_error"].value,
        "BE": one.summary.BE.value,
        "rBE": one.summary.rBE.value,
        "corruptions": {
            corruption.name: {
                "errors": [found.value for found in corruption.by_severity().values()],
                "BE": corruption.BE.value,
                "rBE": corruption.rBE.value,
            }
            for corruption in one.corruptions
        },
    }


def _flat(figures: dict) -> list[float]:
    """All numbers, in one order."""
    flat = [figures["clean"], figures["BE"], figures["rBE"]]
    for _, one in sorted(figures["corruptions"].items()):
        flat += [*one["errors"], one["BE"], one["rBE"]]
    return flat


if __name__ == "__main__":
    main()
