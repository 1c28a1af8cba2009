"""Reports as Markdown: tables that can stand in a README or a supplement."""

import re
from collections.abc import Mapping
from functools import lru_cache

from jinja2 import Template
from markupsafe import Markup

from medmnist_c.evaluation.rendering.templates import environment
from medmnist_c.evaluation.report.contents import ReportContents


def markdown(
    contents: ReportContents, pictures: Mapping[str, Mapping[str, str]] | None = None
) -> str:
    """One document over one or several reports; what comes from them is escaped.

    Args:
        contents: what it shows.
        pictures: by dataset, the figures' files beside the document, by `DatasetFigures.named`.
    """
    return _template().render(contents=contents, pictures=pictures or {})


def escaped(value: object) -> Markup:
    """A value as text in which no markup of Markdown or HTML works; `Markup` is taken as it is."""
    if isinstance(value, Markup):
        return value
    text = " ".join(str(value).split())
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return Markup(re.sub(r"([\\`*_{}\[\]()#+!|~$])", r"\\\1", text))


@lru_cache(maxsize=1)
def _template() -> Template:
    """Every expression of it passes through `escaped`."""
    return environment(autoescape=True, finalize=escaped).get_template("report.md")
