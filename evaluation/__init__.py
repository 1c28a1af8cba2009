"""Scoring a model under the corruptions: predictions, metrics, reports.

Needs the extra `evaluate`; without it the import says so.
"""

from importlib.util import find_spec

_LIBRARIES = ("jinja2", "matplotlib", "pydantic", "threadpoolctl")


def _is_there(library: str) -> bool:
    try:
        return find_spec(library) is not None
    except ValueError:  # somebody has put something else in its place
        return False


for _library in _LIBRARIES:
    if not _is_there(_library):
        raise ModuleNotFoundError(
            f"Scores and reports need {_library}; pip install 'medmnist_c[evaluate]', or "
            "'.[evaluate]' in a checkout.",
            name=_library,
        )
