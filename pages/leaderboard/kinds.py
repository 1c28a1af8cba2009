"""Kinds of models, by what a report says of how the model was made."""

from collections.abc import Callable, Mapping

from medmnist_c.evaluation.report.model import ModelIdentity

BASELINE = "baseline"
REPORTED = "not told"  # by a report that says nothing of its model

KINDS: dict[str, str] = {
    BASELINE: "published with the benchmark",
    "trained": "trained on the dataset's training images",
    "probe": "a head on the features of a frozen network",
    "zero-shot": "asked by captions, never trained on the dataset",
    REPORTED: "the report does not say how the model was made",
}

_Words = Mapping[str, str]
_RULES: tuple[tuple[str, Callable[[_Words], bool]], ...] = (
    ("probe", lambda made: "head on features" in made.get("classes", "")),
    ("zero-shot", lambda made: made.get("name", "").startswith(("clip:", "open_clip:"))),
    ("trained", lambda made: bool(made)),
)


def kind_of(model: ModelIdentity, otherwise: str) -> str:
    """The first kind whose rule fits the words that came with the predictions."""
    return next((kind for kind, fits in _RULES if fits(model.made)), otherwise)
