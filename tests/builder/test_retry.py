"""Failures sorted: what may pass, how long to wait, when it is enough."""

import json

import pytest
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

from medmnist_c.builder.retry import HTTPX as httpx
from medmnist_c.builder.retry import Attempts, Failure, RetryPolicy, failure_of

TOKEN = {"authorization": "Bearer x"}


def answer(status: int, sent: dict[str, str] = TOKEN, **headers: str) -> HfHubHTTPError:
    request = httpx.Request("PUT", "http://hub/lfs?signature=secret", headers=sent)
    return HfHubHTTPError(
        "", response=httpx.Response(status, headers=headers, request=request), server_message="no"
    )


def wrapped(error: Exception) -> Exception:
    try:
        try:
            raise error
        except Exception as cause:
            raise RuntimeError("Error while uploading") from cause
    except RuntimeError as outer:
        return outer


TRANSIENT = [
    (answer(429, **{"retry-after": "7"}), 7),
    (answer(429, ratelimit='"api";r=0;t=55'), 55),
    (answer(429, ratelimit='"api";r=3;t=55'), None),
    (answer(503, **{"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}), None),
    (answer(503, **{"retry-after": "999999"}), 3600),
    (answer(408), None),
    (answer(409), None),
    (answer(412), None),
    (wrapped(answer(500)), None),
    (wrapped(httpx.ReadError("gone")), None),
    (httpx.ConnectTimeout("slow"), None),
    (ConnectionResetError("gone"), None),
    (json.JSONDecodeError("no JSON", "<html>", 0), None),
    (ValueError("LFS batch API returned errors:\nEncountered error for file"), None),
]


@pytest.mark.parametrize("error, wait_s", TRANSIENT, ids=lambda error: repr(error)[:40])
def test_errors_that_pass_are_tried_again(error, wait_s):
    failure = failure_of(error)
    assert (failure.transient, failure.wait_s) == (True, wait_s)


def test_a_signed_address_that_refuses_is_to_be_had_anew():
    for status in (401, 403):
        failure = failure_of(wrapped(answer(status, sent={})))
        assert failure.transient and failure.stale_address
    for status in (400, 402, 404):
        assert not failure_of(wrapped(answer(status, sent={}))).transient


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422])
def test_errors_that_stay_are_not(status):
    assert not failure_of(answer(status)).transient
    assert not failure_of(wrapped(answer(status))).transient


def test_what_hf_xet_says_of_a_status_is_understood():
    said = "Network error: Request error: HTTP status client error ({}), domain: http://hub/x"
    assert not failure_of(ConnectionError(said.format("403 Forbidden"))).transient
    assert failure_of(ConnectionError(said.format("429 Too Many Requests"))).transient
    assert not failure_of(OfflineModeIsEnabled("offline")).transient


def test_the_reason_of_an_error_is_one_line_without_signatures():
    reason = failure_of(httpx.ReadError("PUT http://s3/x?X-Sig=secret&a=b\nfailed")).reason
    assert reason == "ReadError: PUT http://s3/x failed"


def test_a_wait_doubles_up_to_the_longest():
    policy = RetryPolicy(tries=9, first_s=1, longest_s=10)
    assert [policy.wait_s(n) for n in range(1, 7)] == [1, 2, 4, 8, 10, 10]


def attempts(policy: RetryPolicy, waits: list[float]) -> Attempts:
    def gave_up(failure: Failure, tried: int) -> Exception:
        return LookupError(failure.reason, tried)

    return Attempts(policy, gave_up, lambda seconds, failure: waits.append(seconds))


def test_attempts_wait_and_then_it_is_enough():
    waits: list[float] = []
    trying = attempts(RetryPolicy(tries=4, first_s=1, factor=3), waits)
    trying.failed(answer(500))
    trying.failed(answer(429, **{"retry-after": "7"}))
    trying.failed(answer(429, **{"retry-after": "0"}))
    with pytest.raises(LookupError) as error:
        trying.failed(answer(503))
    assert error.value.args == ("no (503 Service Unavailable)", 4)
    assert error.value.__suppress_context__  # whose message may quote a signed address
    assert 0.75 <= waits[0] <= 1 and waits[1] == 7 and 9 * 0.75 <= waits[2] <= 9


def test_an_attempt_that_has_got_on_counts_as_the_first():
    waits: list[float] = []
    trying = attempts(RetryPolicy(tries=2, first_s=1), waits)
    for _ in range(5):
        trying.failed(ConnectionResetError("gone"), got_on=True)
    with pytest.raises(LookupError):
        trying.failed(ConnectionResetError("gone"))
    assert max(waits) <= 1


@pytest.mark.parametrize("error", [answer(404), answer(429, **{"retry-after": "11"})])
def test_what_stays_and_too_long_a_wish_end_it_at_once(error):
    with pytest.raises(LookupError):
        attempts(RetryPolicy(longest_wish_s=10), []).failed(error)
