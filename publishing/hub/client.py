"""Calls to the Hub: tried again, not too many an hour, failures in one sentence without secrets."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from typing import TypeVar

from huggingface_hub import logging
from huggingface_hub.utils import (
    are_progress_bars_disabled,
    disable_progress_bars,
    enable_progress_bars,
    get_session,
)

from medmnist_c.builder.errors import PublishError
from medmnist_c.builder.retry import CLIENT_ERRORS, Attempts, Failure, RetryPolicy

_SILENCE_S = 300.0  # no answer for so long is a broken connection; a commit may take a minute
_ADVICE = {
    401: "the Hub does not know the token: log in with `hf auth login`, or give a valid one by "
    "HF_TOKEN or --token",
    402: "the account's storage is used up: make room there or have more of it, or push less "
    "(--dry-run tells how much there is)",
    403: "the token may not: use one with the right to write there; into the repository of somebody "
    "else, --create-pr proposes them",
    404: "there is no such user, organisation, repository or revision, or the token may not see it; "
    "check the name",
    413: "the Hub refuses it as too large: push fewer test sets into one repository",
}
_OF_ADDRESSES = (
    "addresses for uploads are refused, new ones too: check this machine's clock, and what stands "
    "between it and the Hub"
)

Result = TypeVar("Result")


@contextlib.contextmanager
def quiet_clients() -> Iterator[None]:
    """No bars and warnings of `huggingface_hub` of its own; a signed address may be in the latter."""
    verbosity, bars = logging.get_verbosity(), not are_progress_bars_disabled()
    logging.set_verbosity_error()
    if bars:
        disable_progress_bars()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            enable_progress_bars()


class Stopped(Exception):
    """A push was asked to stop while it waited."""


class HubClient:
    """Makes calls to the Hub, as often as the policy allows, and says in one sentence why they fail.

    Args:
        repo: the repository's name, for the sentences.
        token: never shown.
        policy: how often and how long to try again.
        say: is given a sentence about what is waited for.
        sends: whether the calls send anything that stays when they fail.
    """

    def __init__(
        self,
        repo: str,
        token: str | None,
        policy: RetryPolicy,
        say: Callable[[str], None],
        *,
        sends: bool = True,
    ) -> None:
        self._repo, self._token, self._policy, self._say = repo, token, policy, say
        self._sends = sends
        self._stop = Event()

    def stop(self) -> None:
        """End all calls and waits, now and later, with `Stopped`."""
        self._stop.set()

    def call(self, what: str, function: Callable[[], Result]) -> Result:
        """The function's result; `what` says what it does, as in "read the files"."""
        attempts = self.attempts(what)
        while True:
            self.get_ready()
            try:
                return function()
            except PublishError:
                raise
            except CLIENT_ERRORS as error:
                attempts.failed(error)

    def attempts(self, what: str) -> Attempts:
        """For who makes the calls; `get_ready` goes before each."""
        return Attempts(self._policy, partial(self._gave_up, what), partial(self._wait, what))

    def get_ready(self) -> None:
        """Raise `Stopped` if it was asked for, and let no call wait for ever."""
        if self._stop.is_set():
            raise Stopped
        get_session().timeout = _SILENCE_S  # the clients' own is none at all

    def pause(self, seconds: float, why: str) -> None:
        if seconds >= 5:
            self._say(self._without_token(f"{why}; waiting {seconds:.0f} s."))
        if self._stop.wait(seconds):
            raise Stopped

    def _wait(self, what: str, seconds: float, failure: Failure) -> None:
        self.pause(seconds, f"{self._repo}: cannot {what} yet ({failure.reason})")

    def _gave_up(self, what: str, failure: Failure, tried: int) -> PublishError:
        if advice := _advice(failure):
            why = f": {failure.reason}; {advice}."
        elif not failure.transient:
            why = f": {failure.reason}."
        else:
            why = (
                (f", tried {tried} times, at last" if tried > 1 else "")
                + f": {failure.reason}. "
                + ("What is sent stays: run" if self._sends else "Run")
                + " the same command again."
            )
        return PublishError(self._without_token(f"Cannot {what} of {self._repo}{why}"))

    def _without_token(self, text: str) -> str:
        return text.replace(self._token, "***") if self._token else text


def _advice(failure: Failure) -> str | None:
    if failure.stale_address:
        return _OF_ADDRESSES
    return _ADVICE.get(402 if failure.quota else failure.status or 0)


@dataclass
class RateLimiter:
    """A sliding window over the times of a repository's latest commits, in seconds since 1970.

    The Hub refuses more than 128 commits an hour, as its users report.
    """

    most: int = 100
    window_s: float = 3600.0
    times: list[float] = field(default_factory=list)
    clock: Callable[[], float] = time.time

    def know(self, times: Iterable[float]) -> None:
        """Take the times of the commits that are there, in any order, for all that was known."""
        self.times = sorted(times)

    def add(self) -> None:
        """A commit was made just now."""
        self.times.append(self.clock())

    def wait_s(self) -> float:
        """Seconds to wait until another commit fits."""
        now = self.clock()
        self.times = [when for when in self.times if when > now - self.window_s]
        if len(self.times) < self.most:
            return 0.0
        return max(0.0, self.times[-self.most] + self.window_s - now)
