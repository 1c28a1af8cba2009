"""Reports as one page that needs nothing else: no script, and no request to any host."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import Template
from markupsafe import Markup

from medmnist_c.evaluation.rendering.figures import DatasetFigures, as_svg
from medmnist_c.evaluation.rendering.templates import environment
from medmnist_c.evaluation.report.contents import ReportContents


@dataclass(frozen=True)
class _Images:
    """The figures of a dataset as SVG that may stand in the page as it is."""

    severities: Markup
    groups: Markup
    heat_maps: tuple[Markup, ...]
    reliability: tuple[Markup, ...]


def html(contents: ReportContents, figures: Mapping[str, DatasetFigures]) -> str:
    """The page over one or several reports; what comes from them is escaped."""
    images = {
        dataset: _Images(
            Markup(as_svg(drawn.severities)),
            Markup(as_svg(drawn.groups)),
            tuple(Markup(as_svg(one)) for one in drawn.heat_maps),
            tuple(Markup(as_svg(one)) for one in drawn.reliability),
        )
        for dataset, drawn in figures.items()
    }
    return _template().render(contents=contents, images=images)


@lru_cache(maxsize=1)
def _template() -> Template:
    return environment(autoescape=True).get_template("report.html")
