"""Entries as the page's program reads them: plain data, figures as short lists."""

import hashlib
import re
from collections.abc import Mapping, Sequence

from medmnist_c.evaluation.report.model import Estimate
from medmnist_c.pages.leaderboard.entry import Entry
from medmnist_c.pages.leaderboard.figures import DatasetFigures, Scope

_DIGITS = 5  # of a figure; the page shows three


def plain_entries(entries: Sequence[Entry]) -> list[dict]:
    """All entries, in their order."""
    return [_entry(one) for one in entries]


def slug(entry: Entry) -> str:
    """A name for files and addresses that only this entry has: letters, digits and hyphens."""
    told = entry.report.model.fingerprint if entry.report else entry.origin
    digest = hashlib.sha256(f"{entry.name}\n{told}".encode()).hexdigest()[:8]
    words = re.sub(r"[^a-z0-9]+", "-", entry.name.lower()).strip("-")[:40].strip("-")
    return f"{words or 'model'}-{digest}"


def _entry(one: Entry) -> dict:
    return {
        "id": slug(one),
        "name": one.name,
        "kind": one.kind,
        "origin": one.origin,
        "trainings": one.trainings,
        "marked": sorted(one.remarks),
        "datasets": {name: _dataset(figures) for name, figures in one.datasets.items()},
        "overall": _scopes(one.overall),
    }


def _dataset(one: DatasetFigures) -> dict:
    return {
        "clean": _figure(one.clean),
        "all": _scope(one.over_all),
        "groups": _scopes(one.groups),
        "corruptions": _scopes(one.corruptions),
    }


def _scopes(scopes: Mapping[str, Scope]) -> dict:
    return {name: _scope(one) for name, one in scopes.items()}


def _scope(one: Scope) -> dict:
    return {
        "error": _figure(one.error),
        "BE": _figure(one.BE),
        "rBE": _figure(one.rBE),
        "stable": _figure(one.stable),
        "severities": [_figure(each) for each in one.severities],
    }


def _figure(one: Estimate) -> list[float]:
    """Value, low and high; the value alone where there is no interval, nothing where there is none."""
    known = [value for value in (one.value, one.low, one.high) if value is not None]
    return [round(value, _DIGITS) for value in known] if one.value is not None else []
