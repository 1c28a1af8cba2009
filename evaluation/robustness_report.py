"""The public report: what `evaluate` and `score` give, with its file and its renderings.

    {"format": "medmnist_c.report", "version": 3,
     "model": {"name"}, "baseline": {"name"}, "provenance": {...},
     "datasets": {name: {...}},
     "predictions": relative path of their folder or file, a list of these over several trainings,
         or null}

The fields are those of the types in `report/model.py`, under the same names.
"""

import dataclasses
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pydantic.dataclasses import dataclass

from medmnist_c.builder.files import absolute, atomic_write
from medmnist_c.builder.suggestions import shown
from medmnist_c.evaluation.errors import ReportError
from medmnist_c.evaluation.report.contents import ReportContents
from medmnist_c.evaluation.report.model import Report, report_fields
from medmnist_c.evaluation.report.tidy import flat

if TYPE_CHECKING:
    import pandas as pd

FORMAT = "medmnist_c.report"
FORMAT_VERSION = 3
PLACES = ("predictions", "seed_predictions")  # which a file has, and no dictionary
REPORT_FILE = "report.json"


@dataclass(frozen=True)
class RobustnessReport(Report):
    """How a model fares under the corruptions: figures, provenance, and how to show and keep them."""

    @classmethod
    def of(
        cls,
        report: Report,
        predictions: Path | None = None,
        seed_predictions: tuple[Path, ...] = (),
    ) -> Self:
        """The same figures, with the places of their predictions."""
        fields = {one.name: getattr(report, one.name) for one in dataclasses.fields(report)}
        places = {"predictions": predictions, "seed_predictions": seed_predictions}
        return cls(**fields | places)

    def to_dict(self) -> dict:
        """The whole as plain data, but for `predictions`."""
        return {"format": FORMAT, "version": FORMAT_VERSION} | super().to_dict()

    @classmethod
    def from_dict(cls, plain: object, where: str = "The dictionary") -> Self:
        """The report that `to_dict` made plain.

        Raises:
            ReportError: it is none, one of another version, or not as the benchmark has it; the
                message says where.
        """
        if not isinstance(plain, dict) or plain.get("format") != FORMAT:
            raise ReportError(f"{where} is no report of medmnist_c (format {FORMAT!r}).")
        if plain.get("version") != FORMAT_VERSION:
            raise ReportError(
                f"{where} is a report of version {shown(plain.get('version'))}, this medmnist_c reads "
                f"version {FORMAT_VERSION}; make it again with `medmnist-c score`."
            )
        figures = {key: plain[key] for key in plain if key not in PLACES}
        return cls.of(report_fields(figures, where))

    def to_json(self, predictions: str | list[str] | None = None) -> str:
        """As JSON, floats to their last digit; `predictions` is their place for the text."""
        whole = self.to_dict() | {"predictions": predictions}
        return json.dumps(whole, indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str = "The text") -> Self:
        """The report that `to_json` made.

        Raises:
            ReportError: as `from_dict`; or it is no JSON.
        """
        return cls.from_dict(_parsed(text, where), where)

    def save(self, path: str | Path) -> Path:
        """Write it to a `.json` file, or as `report.json` into a folder; returns the file's path."""
        path = absolute(path)
        file = path if path.suffix == ".json" else path / REPORT_FILE
        file.parent.mkdir(parents=True, exist_ok=True)
        places = [
            Path(os.path.relpath(one.absolute(), file.parent.absolute())).as_posix()
            for one in self.places
        ]
        predictions = places if self.seed_predictions else places[0] if places else None
        with atomic_write(file) as out:
            out.write(self.to_json(predictions).encode())
        return file

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a report, or the `report.json` of a folder.

        Raises:
            ReportError: there is none, or it cannot be read.
        """
        path = absolute(path)
        file = path / REPORT_FILE if path.is_dir() else path
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ReportError(f"Cannot read the report {file} ({error}).") from error
        plain = _parsed(text, str(file))
        report = cls.from_dict(plain, str(file))
        predictions = plain.get("predictions") if isinstance(plain, dict) else None
        if predictions is None:
            return report
        several = isinstance(predictions, list)
        places = predictions if several else [predictions]
        wanted = len(report.model.seeds) if several else 1
        if len(places) != wanted or not all(map(_is_path, places)):
            raise ReportError(f"{file} does not name the folder of its predictions; make it again.")
        if several:
            return cls.of(report, None, tuple(file.parent / one for one in places))
        return cls.of(report, file.parent / predictions)

    def to_pandas(self) -> "pd.DataFrame":
        """One row a figure: model, seed, dataset, corruption, group, severity, metric, value, low,
        high, sd (see `report.tidy.Row`)."""
        from medmnist_c.evaluation.rendering.tables import tidy_frame

        return tidy_frame([self])

    def flat(self) -> dict[str, float]:
        """Figures by "DATASET/CORRUPTION/SEVERITY/METRIC", as wandb and mlflow take them."""
        return flat(self)

    def latex(self) -> str:
        """Tables with booktabs."""
        from medmnist_c.evaluation.rendering.latex import latex

        return latex(ReportContents.of([self]))

    def markdown(self) -> str:
        """The report as Markdown."""
        from medmnist_c.evaluation.rendering.markdown import markdown

        return markdown(ReportContents.of([self]))

    def html(self) -> str:
        """The report as one self-contained page."""
        from medmnist_c.evaluation.rendering.figures import draw
        from medmnist_c.evaluation.rendering.html import html

        contents = ReportContents.of([self])
        return html(contents, draw(contents))


def _is_path(value: object) -> bool:
    return isinstance(value, str) and "\0" not in value and len(value) <= 4096


def _parsed(text: str, where: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReportError(f"{where} is no JSON ({error}).") from error
