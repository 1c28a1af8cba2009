"""One policy for all that goes over a network: what may pass, how long to wait, when it is enough.

Downloads and the Hub's clients speak by the same HTTP client, that of `huggingface_hub` (httpx; httpx2
from its version 2 on), so their errors are sorted here, once.
"""

import json
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from importlib import import_module

from huggingface_hub.errors import HFValidationError, HTTPError, OfflineModeIsEnabled

CLIENT_ERRORS = (OSError, HTTPError, ValueError, RuntimeError)
"""All that the HTTP client and the clients of the Hub raise; `failure_of` says which is what."""

HTTPX = import_module(HTTPError.__module__.partition(".")[0])  # httpx, or httpx2

_UNREACHABLE = (HTTPX.ConnectError, HTTPX.ConnectTimeout)
_TRANSIENT = frozenset({408, 409, 412, 425, 429, 500, 502, 503, 504})  # 409, 412: another commit
_LONGEST_WISH_S = 3600.0  # the widest window of the Hub's limits
_CHANCE = random.SystemRandom()  # many who failed together do not come back together


@dataclass(frozen=True)
class Failure:
    """What went wrong, in a few words without secrets.

    `transient` says whether it may pass, `status` is that of the answer, if there was one, `wait_s`
    what the server asks to wait, `unreachable` says that there was no connection at all.
    """

    reason: str
    transient: bool
    status: int | None = None
    wait_s: float | None = None
    unreachable: bool = False


def failure_of(error: BaseException) -> Failure:
    """Sort an error of a client, which may be wrapped in others."""
    chain = list(_chain(error))
    for cause in chain:
        response = getattr(cause, "response", None)
        if isinstance(cause, HTTPError) and response is not None:
            said = getattr(cause, "server_message", None) or ""
            return _of_answer(response.status_code, response.headers, said)
    if any(isinstance(cause, HFValidationError | OfflineModeIsEnabled) for cause in chain):
        return Failure(one_line(error), False)
    if found := re.search(r"HTTP status client error \((\d{3})", str(error)):  # of hf_xet
        return _of_answer(int(found[1]), {}, "")
    if any(isinstance(cause, json.JSONDecodeError) for cause in chain):
        return Failure("an answer that is no JSON", True)
    first = chain[-1]
    plain = isinstance(first, OSError) and (first.strerror or first.args)
    reason = one_line(first) if plain else f"{type(first).__name__}: {one_line(first)}"
    unreachable = any(isinstance(cause, _UNREACHABLE) for cause in chain)
    return Failure(reason, True, unreachable=unreachable)


def one_line(error: object) -> str:
    """What an error says, on one line, without the signature that a URL may carry."""
    text = (isinstance(error, OSError) and error.strerror) or str(error)
    return re.sub(r"\?[^\s'\"]+", "", " ".join(text.split()))[:300]


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _of_answer(status: int, headers: Mapping[str, str], said: str) -> Failure:
    phrases = {known.value: known.phrase for known in HTTPStatus}
    reason = f"{status} {phrases.get(status, '')}".strip() + (
        f" ({one_line(said)})" if said else ""
    )
    return Failure(reason, status in _TRANSIENT, status, _wish(status, headers))


def _wish(status: int, headers: Mapping[str, str]) -> float | None:
    """Seconds that an answer asks to wait, by `RateLimit` or by `Retry-After` (seconds or a date)."""
    limit = re.search(r"\br=0\s*;\s*t=(\d{1,9})\b", headers.get("ratelimit", ""))
    after = headers.get("retry-after", "").strip()
    if status == 429 and limit:
        seconds = float(limit[1])
    elif re.fullmatch(r"\d{1,9}", after):
        seconds = float(after)
    else:
        try:
            seconds = parsedate_to_datetime(after).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return min(seconds, _LONGEST_WISH_S) if seconds >= 0 else None


@dataclass(frozen=True)
class RetryPolicy:
    """How often something is tried, and how long between: `factor` times as long each time.

    Times are in seconds. A server that asks for more than `longest_wish_s` is not waited for.
    """

    tries: int = 7
    first_s: float = 1.0
    longest_s: float = 60.0
    factor: float = 2.0
    longest_wish_s: float = _LONGEST_WISH_S

    def wait_s(self, tried: int) -> float:
        """How long to wait, at most, after so many tries."""
        return min(self.first_s * self.factor ** (tried - 1), self.longest_s)


class Attempts:
    """Counts the attempts at one thing: after each failure it waits, or says that it is enough.

    Args:
        policy: how often and how long.
        gave_up: makes the error that is raised in the end, of the last failure and the tries.
        pause: waits for so many seconds, because of a failure.
    """

    def __init__(
        self,
        policy: RetryPolicy,
        gave_up: Callable[[Failure, int], Exception],
        pause: Callable[[float, Failure], None] = lambda seconds, failure: time.sleep(seconds),
    ) -> None:
        self._policy, self._gave_up, self._pause = policy, gave_up, pause
        self._tried = 0

    def failed(self, error: BaseException, *, got_on: bool = False) -> None:
        """Wait before another attempt, or raise if there is to be none.

        An attempt that has `got_on` by much counts as the first.
        """
        failure = failure_of(error)
        self._tried = 1 if got_on else self._tried + 1
        wish = failure.wait_s or 0.0
        enough = self._tried >= self._policy.tries or wish > self._policy.longest_wish_s
        if not failure.transient or enough:
            # Not chained: the clients' messages may quote signed addresses.
            raise self._gave_up(failure, self._tried) from None
        own = self._policy.wait_s(self._tried) * _CHANCE.uniform(0.75, 1.0)
        self._pause(max(own, wish), failure)
