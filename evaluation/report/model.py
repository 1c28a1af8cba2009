"""The report of an evaluation: a dictionary of figures with its provenance, as JSON.

    {"format": "medmnist_c.report", "version": 1,
     "model": {"name"}, "baseline": {"name"}, "provenance": {...},
     "predictions": relative path of their folder or file, or null,
     "datasets": [{"dataset", "task", "classes", "count", "clean": cell,
                   "corruptions": [{"name", "group", "cells": [cell], "BE", "rBE",
                                    "baseline_balanced_error", "baseline_drop", "stable", "means"}],
                   "groups": [{"name", "means"}], "severities": [{"severity", "means"}],
                   "summary": {"BE", "rBE", "rBE_stable", "unstable", "means", "complete"}}]}

A cell is {"severity", "count", "metrics": {metric: estimate}}, an estimate {"value", "low", "high",
"note"}: `low` and `high` are null where a figure has no interval, `value` where there is no figure,
and `note` says why. There is no time in it: the same predictions give the same bytes.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from medmnist_c.builder.files import atomic_write
from medmnist_c.builder.suggestions import shown
from medmnist_c.evaluation.errors import ReportError
from medmnist_c.evaluation.report.schema import check_form

FORMAT = "medmnist_c.report"
FORMAT_VERSION = 1
REPORT_FILE = "report.json"
_KEYS = ("model", "baseline", "provenance", "datasets")


@dataclass(frozen=True)
class RobustnessReport:
    """How a model fares under the corruptions.

    `data` is the dictionary above, without "predictions"; `predictions` is where these are kept, or
    None.
    """

    data: dict
    predictions: Path | None = None

    @property
    def name(self) -> str:
        """The model's."""
        return self.data["model"]["name"]

    @property
    def datasets(self) -> dict[str, dict]:
        """Figures by dataset."""
        return {one["dataset"]: one for one in self.data["datasets"]}

    def table(self, dataset: str, metric: str = "balanced_error") -> dict[tuple, dict]:
        """One metric's estimates by (corruption, severity), the clean one by (None, None)."""
        one = self.datasets[dataset]
        rows = {(None, None): one["clean"]["metrics"][metric]}
        for corruption in one["corruptions"]:
            for cell in corruption["cells"]:
                rows[corruption["name"], cell["severity"]] = cell["metrics"][metric]
        return rows

    def to_dict(self) -> dict:
        """The whole as plain data."""
        return {"format": FORMAT, "version": FORMAT_VERSION} | self.data

    def to_json(self, predictions: str | None = None) -> str:
        """As JSON, floats to their last digit; `predictions` is their place for the text."""
        whole = self.to_dict() | {"predictions": predictions}
        return json.dumps(whole, indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str = "The text") -> "RobustnessReport":
        """The report that `to_json` made.

        Raises:
            ReportError: it is none, or one of a later version.
        """
        return cls(_parsed(text, where)[0])

    def save(self, path: str | Path) -> Path:
        """Write it to a `.json` file, or as `report.json` into a folder; returns the file's path."""
        path = Path(path).expanduser()
        file = path if path.suffix == ".json" else path / REPORT_FILE
        file.parent.mkdir(parents=True, exist_ok=True)
        predictions = None
        if self.predictions is not None:
            relative = os.path.relpath(self.predictions.absolute(), file.parent.absolute())
            predictions = Path(relative).as_posix()
        with atomic_write(file) as out:
            out.write(self.to_json(predictions).encode())
        return file

    @classmethod
    def load(cls, path: str | Path) -> "RobustnessReport":
        """Read a report, or the `report.json` of a folder.

        Raises:
            ReportError: there is none, or it cannot be read.
        """
        path = Path(path).expanduser()
        file = path / REPORT_FILE if path.is_dir() else path
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ReportError(f"Cannot read the report {file} ({error}).") from error
        data, predictions = _parsed(text, str(file))
        return cls(data, None if predictions is None else file.parent / predictions)

    def markdown(self) -> str:
        """The report as Markdown."""
        from medmnist_c.evaluation.report import markdown

        return markdown.markdown([self])

    def html(self) -> str:
        """The report as one self-contained page."""
        from medmnist_c.evaluation.report import html as page

        return page.html([self])


def _parsed(text: str, where: str) -> tuple[dict, str | None]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReportError(f"{where} is no JSON ({error}).") from error
    if not isinstance(whole, dict) or whole.get("format") != FORMAT:
        raise ReportError(f"{where} is no report of medmnist_c (format {FORMAT!r}).")
    if whole.get("version") != FORMAT_VERSION:
        raise ReportError(
            f"{where} is a report of version {shown(whole.get('version'))}; this medmnist_c reads "
            f"version {FORMAT_VERSION}."
        )
    lacking = [key for key in _KEYS if key not in whole]
    if lacking:
        raise ReportError(f"{where} lacks {', '.join(lacking)}; make the report again.")
    check_form(whole, where)
    data = {key: value for key, value in whole.items() if key not in ("format", "version")}
    return data, data.pop("predictions", None)
