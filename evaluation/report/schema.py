"""The form of a report, which one that was read from a file must have before anything is made of it."""

import math
from typing import Any

from medmnist_c.corruptions.table import CORRUPTIONS, SEVERITIES
from medmnist_c.evaluation.errors import ReportError

_LARGEST = 1e15  # no figure of a report comes near it


class _Each:
    """A mapping of names, `needed` and any others, to values of one form."""

    def __init__(self, form: object, *needed: str) -> None:
        self.form = form
        self.needed = needed


class _Maybe(_Each):
    """A value of a form, or null."""


_ESTIMATE = {
    "value": _Maybe(float),
    "low": _Maybe(float),
    "high": _Maybe(float),
    "note": _Maybe(str),
}
_MEANS = _Each(_ESTIMATE)
_CELL = {
    "severity": _Maybe(int),
    "count": int,
    "metrics": _Each(_ESTIMATE, "balanced_error"),
}
_CORRUPTION = {
    "name": str,
    "group": str,
    "cells": [_CELL],
    "BE": _ESTIMATE,
    "rBE": _ESTIMATE,
    "baseline_balanced_error": _Maybe(float),
    "baseline_drop": _Maybe(float),
    "stable": bool,
    "means": _MEANS,
}
_DATASET = {
    "dataset": str,
    "task": str,
    "classes": [str],
    "count": int,
    "clean": _CELL,
    "corruptions": [_CORRUPTION],
    "groups": [{"name": str, "means": _MEANS}],
    "severities": [{"severity": int, "means": _MEANS}],
    "summary": {
        "BE": _ESTIMATE,
        "rBE": _ESTIMATE,
        "rBE_stable": _ESTIMATE,
        "unstable": [str],
        "means": _MEANS,
        "complete": bool,
    },
}
_REPORT = {
    "model": {"name": str},
    "baseline": {"name": str},
    "provenance": {
        "medmnist_c": str,
        "libraries": _Each(str),
        "images": str,
        "images_version": _Maybe(str),
        "confidence": float,
        "resamples": int,
        "logits": bool,
        "sources": _Each({"digest": _Maybe(str), "where": str, "count": int}),
    },
    "datasets": [_DATASET],
}


def check_form(report: dict, where: str) -> None:
    """Whether a report is of the form that `report.py` describes; more keys do no harm.

    Args:
        report: as read.
        where: words for the error, e.g. its file.

    Raises:
        ReportError: what is wrong, by its place in the report.
    """
    wrong = (
        _misfit(report, _REPORT, "")
        or _misfit(report.get("predictions"), _Maybe(str), ".predictions")
        or _misfit_threshold(report["provenance"].get("threshold"))
        or _unknown_name(report["datasets"])
    )
    if wrong:
        raise ReportError(f"{where} is no report as medmnist_c makes it: {wrong}; make it again.")


def _misfit(value: Any, form: object, place: str) -> str | None:
    """What is wrong with a value, if anything is."""
    if isinstance(form, _Maybe):
        return None if value is None else _misfit(value, form.form, place)
    if isinstance(form, list):
        if not isinstance(value, list):
            return f"{place} is no list"
        parts = ((one, form[0], f"{place}[{number}]") for number, one in enumerate(value))
    elif isinstance(form, _Each):
        if not isinstance(value, dict):
            return f"{place} is no object"
        if lacking := [name for name in form.needed if name not in value]:
            return f"{place} lacks {', '.join(lacking)}"
        parts = ((one, form.form, f"{place}.{name[:40]!r}") for name, one in value.items())
    elif isinstance(form, dict):
        if not isinstance(value, dict):
            return f"{place or 'it'} is no object"
        if lacking := [name for name in form if name not in value]:
            return f"{place or 'it'} lacks {', '.join(lacking)}"
        if form is _ESTIMATE and (value["low"] is None) != (value["high"] is None):
            return f"{place} has half an interval"
        parts = ((value[name], inner, f"{place}.{name}") for name, inner in form.items())
    else:
        return None if _is_plain(value, form) else f"{place} is not {_WORDS[form]}"
    return next(filter(None, (_misfit(*part) for part in parts)), None)


_WORDS = {str: "a text", int: "a count", float: "a number", bool: "true or false"}


def _is_plain(value: Any, form: object) -> bool:
    if form is bool:
        return isinstance(value, bool)
    if form is str:
        return isinstance(value, str) and not any("\ud800" <= one <= "\udfff" for one in value)
    if isinstance(value, bool) or not isinstance(value, int if form is int else int | float):
        return False
    return abs(value) <= _LARGEST and math.isfinite(value) and (form is float or value >= 0)


def _misfit_threshold(value: Any) -> str | None:
    """One number, or one for each label."""
    several = value if isinstance(value, list) else [value]
    return _misfit(several, [float], ".provenance.threshold")


def _unknown_name(datasets: list[dict]) -> str | None:
    """A name, or a severity, that the benchmark does not have, or that comes twice."""
    names = [one["dataset"] for one in datasets]
    if not names:
        return ".datasets is empty"
    for number, one in enumerate(datasets):
        place = f".datasets[{number}]"
        known = CORRUPTIONS.get(one["dataset"])
        if known is None or names.count(one["dataset"]) > 1:
            return f"{place}.dataset is no dataset of MedMNIST-C, or comes twice"
        found = [corruption["name"] for corruption in one["corruptions"]]
        if not all(corruption["cells"] for corruption in one["corruptions"]):
            return f"{place} has a corruption without cells"
        if not set(found) <= set(known) or len(set(found)) < len(found):
            return f"{place}.corruptions are not once each those of {one['dataset']}"
        cells = [cell["severity"] for every in one["corruptions"] for cell in every["cells"]]
        cells += [every["severity"] for every in one["severities"]]
        if one["clean"]["severity"] is not None or not set(cells) <= set(SEVERITIES):
            return f"{place} has a severity that is none of 1 to 5"
    return None
