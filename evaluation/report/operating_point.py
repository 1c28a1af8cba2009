"""At which thresholds a model was scored, and whether the baseline's are of that kind.

ChestMNIST's baseline errors cannot come from thresholds of 0.5: AlexNet's AUC of 0.79 gives its
balanced error of 0.284 at each label's best threshold, and nearly 0.5 at 0.5. PneumoniaMNIST's error
cannot either; BreastMNIST's can (tools/statistics/operating_points.py).
"""

from collections.abc import Sequence

from medmnist_c.builder.dataset_info import MedMNISTInfo
from medmnist_c.evaluation.errors import PredictionError
from medmnist_c.evaluation.metrics.test_set import Threshold
from medmnist_c.evaluation.metrics.thresholds import DEFAULT, operating_points
from medmnist_c.evaluation.predictions.rows import Predictions
from medmnist_c.evaluation.report.baseline import Baseline
from medmnist_c.evaluation.report.model import TUNED, OperatingPoint

VALIDATION = "validation"  # as a threshold: chosen on clean validation images
ThresholdSetting = float | Sequence[float] | str | None


def needs_threshold(info: MedMNISTInfo) -> bool:
    """Whether answers depend on one: with two classes, or several labels."""
    return info.multi_label or info.task == "binary-class"


def choose(
    info: MedMNISTInfo, setting: ThresholdSetting, validation: Predictions | None
) -> OperatingPoint | None:
    """The thresholds of a dataset; None if the largest score decides.

    Args:
        info: of the dataset.
        setting: one for all, or for each label; "validation"; None is "validation" if there are
            validation images, and 0.5 else.
        validation: scores and labels of clean validation images; test images are never seen here.

    Raises:
        PredictionError: "validation" is asked for, and there are none.
    """
    if not needs_threshold(info):
        return None
    if setting == VALIDATION or (setting is None and validation is not None):
        if validation is None or validation.labels is None:
            raise PredictionError(
                f"The thresholds of {info.name} need the model's scores for its clean validation "
                f"images, with labels; keep them as {info.name}_validation.parquet beside the "
                "predictions, or give threshold=0.5 (--threshold 0.5)."
            )
        scores = validation.scores if info.multi_label else validation.scores[:, -1:]
        points = operating_points(validation.labels, scores)
        return OperatingPoint("tuned", tuple(one.threshold for one in points))
    given = DEFAULT if setting is None else setting
    values = [given] if isinstance(given, int | float) else [float(one) for one in given]
    return OperatingPoint("given", tuple(float(one) for one in values))


def threshold_of(point: OperatingPoint | None) -> Threshold:
    """As `classify` takes it."""
    if point is None:
        return DEFAULT
    return point.thresholds[0] if len(point.thresholds) == 1 else point.thresholds


def remark(info: MedMNISTInfo, point: OperatingPoint | None, baseline: Baseline) -> str | None:
    """Why BE and rBE compare thresholds, too; None if both have the same kind.

    Args:
        info: of the dataset.
        point: the model's.
        baseline: whom it is measured against.
    """
    if point is None:
        return None
    ours, theirs = point.words, baseline.thresholds.get(info.name)
    if ours == theirs:
        return None
    known = f"{theirs}" if theirs else "not known"
    advice = f"; threshold={VALIDATION!r} tunes them alike" if theirs == TUNED else ""
    return (
        f"BE and rBE compare thresholds, too: those of {baseline.name} on {info.name} are {known}, "
        f"the model's are {ours}{advice}"
    )
