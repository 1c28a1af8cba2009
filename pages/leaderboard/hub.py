"""Scores that models' repositories on the Hub state: single numbers, which nobody checked here."""

import re
from dataclasses import dataclass

from huggingface_hub import HfApi

from medmnist_c.builder.retry import CLIENT_ERRORS, failure_of
from medmnist_c.evaluation.fields import as_text
from medmnist_c.pages.errors import SiteError

_MODEL_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+", re.ASCII)
_MOST = 1000  # rows; the Hub gives all of them at once


@dataclass(frozen=True)
class StatedScore:
    """A number that a model's repository states for the benchmark.

    model: its id on the Hub; `url` its page there, None where the id is none that the Hub gives.
    verified: whether the Hub says that it made the number itself.
    """

    model: str
    value: float
    verified: bool
    notes: str
    url: str | None


def stated_scores(repo: str, token: str | None = None) -> tuple[StatedScore, ...]:
    """What the Hub's leaderboard of a dataset repository lists, in its order.

    Args:
        repo: of the test sets, "USER/NAME".
        token: by default the Hub's own places.

    Raises:
        SiteError: the Hub refuses, cannot be reached, or answers something else.
    """
    api = HfApi(token=token)
    try:
        rows = api.get_dataset_leaderboard(repo, base_model_only=False)
    except CLIENT_ERRORS as error:
        raise SiteError(
            f"Cannot read the Hub's leaderboard of {repo} ({failure_of(error).reason}); check the name, "
            "or leave --hub out."
        ) from error
    except (KeyError, TypeError) as error:
        raise SiteError(
            f"The Hub's leaderboard of {repo} is of another form ({error!r})."
        ) from error
    return tuple(
        StatedScore(
            as_text(row.model_id),
            float(row.value),
            row.verified is True,
            as_text(row.notes or ""),
            f"{api.endpoint}/{row.model_id}" if _is_id(row.model_id) else None,
        )
        for row in rows[:_MOST]
        if isinstance(row.value, int | float)
    )


def _is_id(model: object) -> bool:
    return isinstance(model, str) and _MODEL_ID.fullmatch(model) is not None
