"""Retries: the pauses that a service asks for, within bounds, and the quota that all requests of a client share."""

from __future__ import annotations

import datetime as dt
import warnings
from email.utils import format_datetime

import pytest

import tickframe as tf
from tests.faults.server import Ending, FaultServer, Response, answer, refusal
from tests.faults.ticks import SECRET, arrived, ask, expected, framed_ticks, symbols
from tickframe import errors
from tickframe.plan.plan import Options

WHOLE = answer(framed_ticks("S000"))
ACCOUNT = answer(b'{"user": "u"}', content_type="application/json")
LONGEST_PAUSE = 60.0

NOW = dt.datetime.now(dt.UTC)
# Ten years ahead of this machine, and ten years behind it.
WRONG_CLOCKS = [NOW + dt.timedelta(days=3650), NOW - dt.timedelta(days=3650)]


def http_date(moment: dt.datetime) -> str:
    return format_datetime(moment, usegmt=True)


@pytest.mark.parametrize("status", [429, 503])
def test_the_seconds_are_waited(server: FaultServer, client: tf.Client, waits: list[float], status: int) -> None:
    server.script(refusal(status, Retry_After="7"), WHOLE)
    assert ask(client).to_arrow().num_rows
    assert waits[0] == 7


@pytest.mark.parametrize("status", [429, 503])
def test_a_date_is_waited_for(server: FaultServer, client: tf.Client, waits: list[float], status: int) -> None:
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=60)
    server.script(refusal(status, Retry_After=http_date(moment)), WHOLE)
    assert ask(client).to_arrow().num_rows
    assert 30 < waits[0] <= 60


@pytest.mark.parametrize("clock", WRONG_CLOCKS)
def test_a_date_counts_from_that_of_the_response(
    server: FaultServer, client: tf.Client, waits: list[float], clock: dt.datetime
) -> None:
    moment = clock + dt.timedelta(seconds=7)
    server.script(refusal(503, Retry_After=http_date(moment), Date=http_date(clock)), WHOLE)
    assert ask(client).to_arrow().num_rows
    assert waits[0] == 7


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 99 Foo 2026 07:28:00 GMT"])
def test_a_date_without_that_of_the_response_counts_from_the_clock(
    server: FaultServer, client: tf.Client, waits: list[float], date: str
) -> None:
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=30)
    server.script(refusal(503, Retry_After=http_date(moment), Date=date), WHOLE)
    assert ask(client).to_arrow().num_rows
    assert 10 < waits[0] <= 30


TOO_EARLY = ["0", "Wed, 21 Oct 2015 07:28:00 GMT"]


@pytest.mark.parametrize("retry_after", TOO_EARLY)
def test_no_wait_is_shorter_than_without_the_header(
    server: FaultServer, client: tf.Client, waits: list[float], retry_after: str
) -> None:
    server.script(refusal(503, Retry_After=retry_after))
    with pytest.raises(errors.ServiceError):
        ask(client).to_arrow()
    assert len(server.received) <= 8
    # Each is drawn from a range: all of them together are never as short as this.
    assert sum(waits) > 1


@pytest.mark.parametrize("retry_after", ["3600", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
@pytest.mark.parametrize("status", [429, 503])
class TestAVeryLongPause:
    """A wrong date must not stop a client for good."""

    def test_it_is_cut_short(
        self, server: FaultServer, client: tf.Client, waits: list[float], status: int, retry_after: str
    ) -> None:
        server.script(refusal(status, Retry_After=retry_after), WHOLE)
        assert arrived(ask(client).to_arrow()) == expected(["S000"])
        assert LONGEST_PAUSE <= sum(waits) <= LONGEST_PAUSE + 1

    def test_beyond_the_budget_it_is_an_error_of_its_status(
        self, server: FaultServer, waits: list[float], status: int, retry_after: str
    ) -> None:
        server.script(refusal(status, Retry_After=retry_after), WHOLE)
        with tf.Client(server.url, token=SECRET, retry_seconds=20) as client:
            for attempts in (1, 0):
                with pytest.raises(errors.ServiceError, match=f"HTTP {status}") as raised:
                    ask(client).to_arrow()
                assert isinstance(raised.value, errors.RateLimitError) == (status == 429)
                assert (raised.value.status, raised.value.attempts) == (status, attempts)
                assert raised.value.retry_after > client.settings.retry_seconds
            assert (len(server.received), waits) == (1, [])
            # The pause passes: the client is not disabled.
            waits.append(LONGEST_PAUSE)
            assert arrived(ask(client).to_arrow()) == expected(["S000"])


def test_a_service_that_repeats_it_is_retried_within_the_budget(
    server: FaultServer, client: tf.Client, waits: list[float]
) -> None:
    """Such waits are not counted as failures, but they grow like those after failures."""
    server.script(refusal(429, Retry_After="3"))
    with pytest.raises(errors.RateLimitError) as raised:
        ask(client).to_arrow()
    assert all(wait == 0 or wait >= 3 for wait in waits)
    assert sum(waits) <= client.settings.retry_seconds
    assert raised.value.attempts == len(server.received) > 3


@pytest.mark.parametrize("refused", [refusal(503), *(refusal(503, Retry_After=each) for each in TOO_EARLY)])
def test_an_outage_makes_few_requests_for_many_parts(
    server: FaultServer, waits: list[float], refused: Response
) -> None:
    """Once the quota is used up, every retry waits for at least fifteen seconds."""
    server.script(refused)
    with tf.Client(server.url, token=SECRET) as client, warnings.catch_warnings():
        warnings.simplefilter("ignore", tf.TickframeWarning)
        query = ask(client, symbols(100), Options(max_workers=1))
        query.to_arrow(on_error="collect")
    assert len(query.outcomes.failed) == 100
    assert all(outcome.attempts >= 2 for outcome in query.outcomes)
    quick = sum(1 for wait in waits if wait < 15)
    assert quick <= 100
    assert sum(waits) / (len(server.received) - 100) > 15


def test_a_success_returns_what_its_retry_took(server: FaultServer, client: tf.Client, waits: list[float]) -> None:
    """Faults that pass never use up the quota."""
    for _ in range(75):
        server.script(refusal(503), refusal(503), WHOLE)
        ask(client).to_arrow()
    assert len(waits) == 150
    assert max(waits) <= 1


@pytest.mark.parametrize(
    "fault",
    [
        refusal(502),
        refusal(429, Retry_After="7"),
        refusal(522),
        ACCOUNT.before_any_byte(Ending.RESET),
        ACCOUNT.cut_in_head(Ending.RESET),
        ACCOUNT.cut_in_body(5),
        ACCOUNT.cut_in_body(5, Ending.STALLED),
    ],
)
def test_check_is_retried_like_any_request(server: FaultServer, waits: list[float], fault: Response) -> None:
    with tf.Client(server.url, token=SECRET, stall_timeout=0.2) as client:
        server.script(fault, fault, ACCOUNT)
        assert client.check() == {"user": "u"}
        assert len(server.received) == 3
        server.script(fault)
        with pytest.raises(errors.TickframeError) as raised:
            client.check()
        assert raised.value.attempts == len(server.received) - 3 > 1
        assert sum(waits) <= 2 * client.settings.retry_seconds
