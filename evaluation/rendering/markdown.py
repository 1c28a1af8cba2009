"""Reports as Markdown: tables that can stand in a README or a supplement."""

import re
from functools import lru_cache

from jinja2 import Template
from markupsafe import Markup

from medmnist_c.evaluation.rendering.templates import environment
from medmnist_c.evaluation.report.contents import ReportContents


def markdown(contents: ReportContents) -> str:
    """One document over one or several reports; what comes from them is escaped."""
    return _template().render(contents=contents)


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
