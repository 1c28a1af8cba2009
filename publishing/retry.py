"""Errors of the Hub and its clients, sorted: those to try again, and those that end a push."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from threading import Event
from typing import TypeVar

from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    HTTPError,
    OfflineModeIsEnabled,
)

from medmnist_c.builder.errors import PublishError

AGAIN = frozenset({408, 409, 412, 425, 429, 500, 502, 503, 504})
CLIENT_ERRORS = (OSError, HTTPError, ValueError, RuntimeError)  # all that the clients raise
_LONGEST_ASKED_S = 3600.0  # the widest window of the Hub's limits

Result = TypeVar("Result")


class Stopped(Exception):
    """A push was asked to stop while it waited."""


@dataclass(frozen=True)
class RetryPolicy:
    """How often a call is tried, and how long between: twice as long each time."""

    tries: int = 7
    first_s: float = 1.0
    longest_s: float = 60.0

    def wait_s(self, tried: int) -> float:
        return min(self.first_s * 2 ** (tried - 1), self.longest_s)


@dataclass(frozen=True)
class Failure:
    """What went wrong, in a few words; whether to try again, and when if the server said so."""

    words: str
    again: bool
    status: int | None = None
    wait_s: float | None = None


def failure_of(error: BaseException) -> Failure:
    """Sort an error of a client, which may be wrapped in others."""
    chain = list(_chain(error))
    for one in chain:
        if isinstance(one, HfHubHTTPError) and getattr(one, "response", None) is not None:
            return _of_answer(one)
    if any(isinstance(one, HFValidationError | OfflineModeIsEnabled) for one in chain):
        return Failure(_brief(error), False)
    if found := re.search(r"HTTP status client error \((\d{3})", str(error)):  # of hf_xet
        status = int(found[1])
        return Failure(_of_status(status), status in AGAIN, status)
    if any(isinstance(one, json.JSONDecodeError) for one in chain):
        return Failure("an answer that is no JSON", True)
    return Failure(f"{type(chain[-1]).__name__}: {_brief(chain[-1])}", True)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _of_answer(error: HfHubHTTPError) -> Failure:
    status = error.response.status_code
    said = _brief(getattr(error, "server_message", None) or "")
    words = _of_status(status) + (f" ({said})" if said else "")
    return Failure(words, status in AGAIN, status, _asked_wait(status, error.response.headers))


def _of_status(status: int) -> str:
    phrases = {one.value: one.phrase for one in HTTPStatus}
    return f"{status} {phrases.get(status, '')}".strip()


def _asked_wait(status: int, headers) -> float | None:
    """Seconds that the answer asks to wait, from `RateLimit` or `Retry-After`."""
    limit = re.search(r"\br=(\d+)\s*;\s*t=(\d+)", headers.get("ratelimit", ""))
    if status == 429 and limit and limit[1] == "0":
        return min(float(limit[2]), _LONGEST_ASKED_S)
    after = headers.get("retry-after", "").strip()
    return min(float(after), _LONGEST_ASKED_S) if after.isdigit() else None


def _brief(text: object) -> str:
    """One line, without the signature that a URL may carry."""
    words = " ".join(str(text).split())
    return re.sub(r"\?[^\s'\"]+", "", words)[:300]


class RetryingClient:
    """Makes calls to the Hub, as often as patience allows, and says in one sentence why they fail.

    Args:
        repo: its name, for the sentences.
        patience: how often and how long.
        say: told, in a sentence, what is waited for.
        secret: a token, never shown.
    """

    def __init__(
        self, repo: str, patience: RetryPolicy, say: Callable[[str], None], secret: str | None
    ) -> None:
        self.repo = repo
        self.patience = patience
        self._say = say
        self._secret = secret
        self._stop = Event()

    def stop(self) -> None:
        """End all waiting, now and later, with `Stopped`."""
        self._stop.set()

    def pause(self, seconds: float, why: str = "") -> None:
        if why and seconds >= 5:
            self._say(self._clean(f"{why}; waiting {seconds:.0f} s."))
        if self._stop.wait(seconds):
            raise Stopped

    def check_stop(self) -> None:
        if self._stop.is_set():
            raise Stopped

    def call(self, what: str, function: Callable[[], Result]) -> Result:
        """The function's result; `what` says what it does, as in "read the files"."""
        tried = 0
        while True:
            self.check_stop()
            try:
                return function()
            except PublishError:
                raise
            except CLIENT_ERRORS as error:
                tried += 1
                self.after_failure(what, error, tried)

    def after_failure(self, what: str, error: BaseException, tried: int) -> Failure:
        """Wait before another try, or raise if there is to be none."""
        failure = failure_of(error)
        if not failure.again or tried >= self.patience.tries:
            # Not chained: the clients' messages may quote signed addresses.
            raise PublishError(self._clean(self._sentence(what, failure, tried))) from None
        wait = self.patience.wait_s(tried) if failure.wait_s is None else failure.wait_s
        self.pause(wait, f"{self.repo}: cannot {what} yet ({failure.words})")
        return failure

    def _sentence(self, what: str, failure: Failure, tried: int) -> str:
        repo = self.repo
        advice = {
            401: "the Hub does not know the token: log in with `hf auth login`, or give a valid one "
            "by HF_TOKEN or --token",
            402: "the account's storage is used up",
            403: "the token may not: use one with the right to write there; into the repository of "
            "somebody else, --create-pr proposes them",
            404: "there is no such user, organisation, repository or revision, or the token may not "
            "see it; check the name",
            413: "the Hub refuses it as too large: push fewer test sets into one repository",
        }.get(failure.status)
        if advice:
            return f"Cannot {what} of {repo}: {advice}. The Hub said {failure.words}."
        if not failure.again:
            return f"Cannot {what} of {repo}: {failure.words}."
        return (
            f"Cannot {what} of {repo}, tried {tried} times, at last: {failure.words}. What is sent "
            "stays: run the same command again."
        )

    def _clean(self, text: str) -> str:
        return text.replace(self._secret, "***") if self._secret else text
