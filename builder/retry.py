"""One policy for all that goes over a network: what may pass, how long to wait, when it is enough.

Downloads and the Hub's clients speak by the same HTTP client, that of `huggingface_hub` (httpx; httpx2
from its version 2 on), so their errors are sorted here, once.
"""

import contextlib
import json
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from importlib import import_module
from typing import Any

from huggingface_hub.errors import HFValidationError, HTTPError, OfflineModeIsEnabled

from medmnist_c.builder.errors import one_line

CLIENT_ERRORS = (OSError, HTTPError, ValueError, RuntimeError)
"""All that the HTTP client and the clients of the Hub raise; `failure_of` says which is what."""

HTTPX = import_module(HTTPError.__module__.partition(".")[0])  # httpx, or httpx2

_UNREACHABLE = (HTTPX.ConnectError, HTTPX.ConnectTimeout)
# What `huggingface_hub` says by a ValueError of an answer; its other ones are checks of its own.
_OF_THE_ANSWER = re.compile("LFS batch API|[Mm]alformed response|improperly formatted")
_QUOTA = re.compile(r"quota|storage (limit|space)|(exceed|out of|not enough)[^.]* storage", re.I)
_TRANSIENT = frozenset({408, 409, 412, 425, 429, 500, 502, 503, 504})  # 409, 412: another commit
_LONGEST_WISH_S = 3600.0  # the widest window of the Hub's limits
_CHANCE = random.SystemRandom()  # many who failed together do not come back together


@dataclass(frozen=True)
class Failure:
    """What went wrong, in a few words without secrets.

    `transient` says whether it may pass, `status` is that of the answer, if there was one, `wait_s`
    what the server asks to wait, `unreachable` says that there was no connection at all, `quota` that
    the storage is used up, `stale_address` that an address for an upload, which carries its own
    signature, is good no longer: the token has nothing to do with it.
    """

    reason: str
    transient: bool
    status: int | None = None
    wait_s: float | None = None
    unreachable: bool = False
    quota: bool = False
    stale_address: bool = False


def failure_of(error: BaseException) -> Failure:
    """Sort an error of a client, which may be wrapped in others."""
    chain = list(_chain(error))
    for cause in chain:
        response = getattr(cause, "response", None)
        if isinstance(cause, HTTPError) and response is not None:
            said = getattr(cause, "server_message", None) or _said_in_xml(response)
            if _is_of_an_upload_address(response, said):
                failure = _of_answer(response.status_code, response.headers, said)
                return replace(failure, transient=True, stale_address=True, quota=False)
            return _of_answer(response.status_code, response.headers, said)
    if any(isinstance(cause, HFValidationError | OfflineModeIsEnabled) for cause in chain):
        return Failure(said_without_queries(error), False)
    if found := re.search(r"HTTP status client error \((\d{3})", str(error)):  # of hf_xet
        return _of_answer(int(found[1]), {}, "")
    if any(isinstance(cause, json.JSONDecodeError) for cause in chain):
        return Failure("an answer that is no JSON", True)
    first = chain[-1]
    own = isinstance(error, ValueError) and isinstance(first, ValueError)
    if own and not isinstance(first, UnicodeError):
        answered = _OF_THE_ANSWER.search(str(first)) is not None
        quota = answered and _QUOTA.search(str(first)) is not None
        return Failure(said_without_queries(error), answered and not quota, quota=quota)
    plain = isinstance(first, OSError) and (first.strerror or first.args)
    reason = said_without_queries(first)
    if not plain:
        reason = f"{type(first).__name__}: {reason}"
    unreachable = any(isinstance(cause, _UNREACHABLE) for cause in chain)
    return Failure(reason, True, unreachable=unreachable)


def said_without_queries(error: object) -> str:
    """What an error says, on one line, without the signature that a URL may carry."""
    text = (isinstance(error, OSError) and error.strerror) or str(error)
    return one_line(re.sub(r"\?[^\s'\"]+", "", text))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _of_answer(status: int, headers: Mapping[str, str], said: str) -> Failure:
    phrases = {known.value: known.phrase for known in HTTPStatus}
    reason = f"{status} {phrases.get(status, '')}".strip()
    if said:  # the server's own words come first
        reason = f"{said_without_queries(said).rstrip('.')} ({reason})"
    quota = status in (402, 403, 413, 507) and (status == 402 or bool(_QUOTA.search(said)))
    return Failure(
        reason, status in _TRANSIENT and not quota, status, _wish(status, headers), quota=quota
    )


def _is_of_an_upload_address(response: Any, said: str) -> bool:
    """Whether this refuses something sent without a token to a signed address, which expires."""
    status = response.status_code
    if status not in (401, 403) and not (status == 400 and "expire" in said.lower()):
        return False
    try:
        request = response.request
    except RuntimeError:  # nobody knows
        return False
    signed = request.method == "PUT" or (request.method == "POST" and request.url.query)
    return bool(signed) and "authorization" not in request.headers


def _said_in_xml(response: Any) -> str:
    """What an object store says, as S3 does."""
    with contextlib.suppress(RuntimeError):  # its body was not read
        if found := re.search("<Message>([^<]{1,300})</Message>", response.text):
            return found[1]
    return ""


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

    Times are in seconds. It is enough after so many `tries`, but not before `patience_s` have gone by
    since the first. A server that asks for more than `longest_wish_s` is not waited for.
    """

    tries: int = 7
    first_s: float = 1.0
    longest_s: float = 60.0
    factor: float = 2.0
    longest_wish_s: float = _LONGEST_WISH_S
    patience_s: float = 0.0
    clock: Callable[[], float] = field(default=time.monotonic, compare=False)

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
        self._tried, self._since = 0, policy.clock()

    def failed(self, error: BaseException, *, got_on: bool = False) -> None:
        """Wait before another attempt, or raise if there is to be none.

        An attempt that has `got_on` by much counts as the first.
        """
        failure = failure_of(error)
        self._tried = 1 if got_on else self._tried + 1
        now = self._policy.clock()
        if self._tried == 1:
            self._since = now
        wish = failure.wait_s or 0.0
        # New addresses are had at once: if they are refused again and again, time mends nothing.
        patient = now - self._since < self._policy.patience_s and not failure.stale_address
        enough = self._tried >= self._policy.tries and not patient
        enough = enough or wish > self._policy.longest_wish_s
        if not failure.transient or enough:
            # Not chained: the clients' messages may quote signed addresses.
            raise self._gave_up(failure, self._tried) from None
        own = self._policy.wait_s(self._tried) * _CHANCE.uniform(0.75, 1.0)
        self._pause(max(own, wish), failure)
