"""A model as `evaluate` asks it."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, SupportsIndex
from urllib.parse import quote

from medmnist_c.builder.suggestions import shown
from medmnist_c.evaluation.fields import as_text
from medmnist_c.evaluation.predictions.origin import InputForm

Predict = Callable[[Any], object]  # from a batch of images to scores
Transform = Callable[[Any], Any]  # from a PIL image to an array or a tensor


@dataclass(frozen=True)
class Model:
    """A function from a batch to scores, and how it is given its batches.

    predict: from a batch to scores, B x classes (see `evaluate`).
    transform: from a PIL image to an array or a tensor, of one shape and dtype for all images; `predict`
        gets them stacked. None for none.
    batch_size: the last batch may be smaller.
    pil, rgb, logits: as for `evaluate`.

    None stands for what `evaluate` is told.
    """

    predict: Predict
    transform: Transform | None = None
    batch_size: int | None = None
    pil: bool | None = None
    rgb: bool | None = None
    logits: bool | None = None

    @property
    def fingerprint(self) -> str | None:
        """What tells the weights from others: the function's own attribute of this name, if any."""
        own = getattr(self.predict, "fingerprint", None)
        return own if isinstance(own, str) else None

    @property
    def provenance(self) -> Mapping[str, object]:
        """Words about the model by name (device, dtype, ...), likewise."""
        own = getattr(self.predict, "provenance", None)
        return own if isinstance(own, Mapping) else {}

    def or_else(self, other: "Model") -> "Model":
        """What is None here taken from the other."""
        names = ("transform", "batch_size", "pil", "rgb", "logits")
        return replace(
            self,
            **{name: getattr(other, name) for name in names if getattr(self, name) is None},
        )


@dataclass(frozen=True)
class NamedModel:
    """A model whose every choice is made, under the name of its report.

    fingerprint, provenance: as of `Model`.
    """

    name: str
    predict: Predict
    transform: Transform | None
    batch_size: int
    form: InputForm
    fingerprint: str | None = None
    provenance: Mapping[str, object] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """A folder's name that no other model has."""
        return quote(self.name, safe=" +,=@")

    @classmethod
    def of(cls, name: str, model: Model) -> "NamedModel":
        """ValueError: the batch size is none, or an input is asked for in two ways."""
        form = InputForm(bool(model.pil), bool(model.rgb), bool(model.logits))
        if model.transform is not None and form.pil:
            raise ValueError(
                "Give either transform=, whose results predict gets stacked, or pil=True, not both."
            )
        return cls(
            as_text(name),
            model.predict,
            model.transform,
            _batch_size(model.batch_size),
            form,
            model.fingerprint,
            model.provenance,
        )


def models_of(
    given: Predict | Model | Mapping[str, Predict | Model],
    defaults: Model,
    model_name: str | None = None,
) -> list[NamedModel]:
    """The models that `evaluate` is given, one or several by name.

    Raises:
        ValueError, TypeError: a model or its name is none.
    """
    if not isinstance(given, Mapping):
        model = given if isinstance(given, Model) else Model(given)
        predict = model.predict
        name = model_name or getattr(predict, "__name__", type(predict).__name__)
        return [NamedModel.of(str(name), model.or_else(defaults))]
    if model_name is not None:
        raise ValueError("Of several models each has its name already; leave model_name out.")
    if not given:
        raise ValueError("Give at least one model.")
    for name in given:
        if not isinstance(name, str) or not name.strip(" .") or len(quote(name)) > 200:
            raise ValueError(f"A model's name is a few words, not {shown(name)}.")
    models = {name: one if isinstance(one, Model) else Model(one) for name, one in given.items()}
    return [NamedModel.of(name, one.or_else(defaults)) for name, one in models.items()]


def _batch_size(given: SupportsIndex | None) -> int:
    if given is None or isinstance(given, bool) or not hasattr(given, "__index__"):
        raise ValueError(f"batch_size is a whole number from 1 on, not {given!r}.")
    number = operator.index(given)
    if number < 1:
        raise ValueError(f"batch_size is a whole number from 1 on, not {number}.")
    return number
