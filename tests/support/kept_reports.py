"""Reports of random scores, with the predictions beside them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from medmnist_c.evaluation.predictions.folder import PredictionFolder
from medmnist_c.evaluation.predictions.origin import CleanOrigin, ImagesOrigin, Origin
from medmnist_c.evaluation.score import score
from support.random_scores import random_labels, random_scores

DATASETS = ("breastmnist", "retinamnist")
WHOLE = 400  # no fewer images than either has
LEFT_OUT = "_motion_blur_5"  # the 4th corruption of breastmnist: an incomplete report


def kept_report(
    folder: Path,
    model: str,
    worse: float = 0.0,
    *,
    left_out: str = LEFT_OUT,
    images: str = "release",
    fingerprint: str | None = None,
    made: Mapping[str, str] | None = None,
    datasets: Sequence[str] = DATASETS,
) -> Path:
    """A report of the datasets but for test sets whose names end so; in `folder`, which is returned."""
    store = PredictionFolder(folder / "predictions")
    origin = ImagesOrigin(images, None, CleanOrigin("0" * 16, "random numbers"), "1")
    for dataset in datasets:
        for config, scores in random_scores(dataset, WHOLE):
            if left_out and config.name.endswith(left_out):
                continue
            mixed = (1 - worse) * scores + worse / scores.shape[1]
            mixed[::7] = mixed[::7, ::-1]
            given = mixed if worse else scores
            labels = random_labels(dataset, WHOLE)
            whose = Origin(
                config.name, model, origin, fingerprint=fingerprint, made=dict(made or {})
            )
            store.write(config, labels, given, whose)
    score(folder / "predictions").save(folder)
    return folder
