"""Tokens that expire, are refused, or are never granted, with any number of threads."""

from __future__ import annotations

import itertools
import math
import threading
import time
import traceback
from base64 import b64encode
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import parse_qs

import pytest

import tickframe as tf
from tests.faults.server import Ending, FaultServer, Received, Response, answer, grant, page, refusal
from tests.faults.ticks import SECRET, arrived, ask, expected, symbol_of, symbols, ticks_for
from tickframe import errors
from tickframe.plan.plan import Options
from tickframe.sandbox import Sandbox

PARTS = symbols(60)
PASSWORD = "p4ssw0rd-s3cret"


@pytest.fixture
def account(server: FaultServer) -> tf.Client:
    with tf.Client(server.url, user="u", password=PASSWORD, client_secret="c", read_timeout=20) as client:
        yield client


class ExpiringTokens:
    """Accepts only the newest token, and each token for a number of requests."""

    def __init__(self, server: FaultServer, requests: int) -> None:
        self.refused = 0
        self._server = server
        self._requests = requests
        self._used: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, request: Received) -> Response:
        with self._lock:
            if request.token != self._server.granted[-1] or self._used[request.token] == self._requests:
                self.refused += 1
                return refusal(401)
            self._used[request.token] += 1
        return ticks_for(request)

    @property
    def expired(self) -> int:
        return sum(count == self._requests for count in self._used.values())


def test_a_token_is_renewed_exactly_once_for_each_expiry(server: FaultServer, account: tf.Client) -> None:
    """A token serves more requests than are in progress, so its acceptance is known before its first refusal."""
    service = ExpiringTokens(server, requests=20)
    server.serve(service)
    assert arrived(ask(account, PARTS, Options(max_workers=8)).to_arrow()) == expected(PARTS)
    # The first token, and one after each expiry except that of the last part.
    assert len(server.granted) == service.expired == 3
    assert service.refused >= 2


@pytest.mark.parametrize("requests", [1, 2, 7])
def test_a_token_may_expire_at_any_request(server: FaultServer, account: tf.Client, requests: int) -> None:
    service = ExpiringTokens(server, requests)
    server.serve(service)
    assert arrived(ask(account, PARTS, Options(max_workers=1)).to_arrow()) == expected(PARTS)
    assert len(server.granted) == math.ceil(60 / requests)
    assert service.refused == len(server.granted) - 1


@pytest.mark.parametrize("held", [1, 2])
def test_a_late_refusal_is_retried_with_the_current_token(server: FaultServer, account: tf.Client, held: int) -> None:
    """The token of the late request, the first or the second one, expires while the service delays the response."""
    reached, overtaken = threading.Event(), threading.Event()

    def reply(request: Received) -> Response:
        number = server.granted.index(request.token) + 1
        if symbol_of(request) == "LATE" and number == held:
            reached.set()
            assert overtaken.wait(20)
            return refusal(401)
        return refusal(401) if number == 1 else ticks_for(request)

    server.serve(ticks_for)
    ask(account).to_arrow()
    server.serve(reply)
    with ThreadPoolExecutor(1) as late:
        table = late.submit(lambda: ask(account, ["LATE"]).to_arrow())
        assert reached.wait(20)
        ask(account).to_arrow()
        overtaken.set()
        assert arrived(table.result()) == expected(["LATE"])
    assert len(server.granted) == held + 1


def test_threads_share_the_first_token(server: FaultServer, account: tf.Client) -> None:
    server.serve(ticks_for)
    start = threading.Barrier(16)
    results = []

    def load() -> None:
        start.wait()
        results.append(arrived(ask(account).to_arrow()) == expected(["S000"]))

    threads = [threading.Thread(target=load) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 16
    assert len(server.granted) == 1


def test_tokens_revoked_during_a_query_are_renewed(sandbox: Sandbox) -> None:
    with tf.Client(**sandbox.account) as client:
        query = client.tick_data(
            "ACTIV", ["ZAL.XE", "ADS.XE"], ("2016-05-02", "2016-05-06"), data_type="TRADES", to_time="09:05"
        )
        whole = query.to_arrow()
        reader = query.to_reader()
        rows = reader.read_next_batch().num_rows
        sandbox.revoke_tokens()
        rows += sum(batch.num_rows for batch in reader)
        assert rows == whole.num_rows


def test_a_service_that_refuses_every_token_grants_one(server: FaultServer, account: tf.Client) -> None:
    server.script(refusal(401))
    with pytest.raises(errors.AuthenticationError) as raised:
        ask(account, PARTS).to_arrow()
    text = "".join(traceback.format_exception(raised.value))
    with pytest.warns(tf.TickframeWarning, match="60 of 60 parts"):
        ask(account, PARTS).to_arrow(on_error="collect")
    assert len(server.granted) == 1
    assert PASSWORD not in text
    assert server.granted[0] not in text


def test_a_token_refused_at_first_use_is_replaced_after_a_minute(
    server: FaultServer, account: tf.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = 0.0
    monkeypatch.setattr("tickframe.http.auth.monotonic", lambda: time.monotonic() + later)
    server.serve(lambda request: refusal(401) if request.token == server.granted[0] else ticks_for(request))
    for _ in range(3):
        with pytest.raises(errors.AuthenticationError):
            ask(account).to_arrow()
    assert len(server.granted) == 1
    later = 60.0
    assert arrived(ask(account).to_arrow()) == expected(["S000"])
    assert len(server.granted) == 2


REFUSALS = [refusal(400, "Bad credentials"), refusal(401), refusal(403), refusal(423), refusal(404), page()]


@pytest.mark.parametrize("max_workers", [1, 8])
@pytest.mark.parametrize("refused", REFUSALS)
def test_a_refused_password_is_sent_once_for_a_run(
    server: FaultServer, account: tf.Client, monkeypatch: pytest.MonkeyPatch, refused: Response, max_workers: int
) -> None:
    """Several wrong passwords in a row can lock an account. A run may take longer than a pause between runs."""
    seconds = itertools.count(step=100)
    monkeypatch.setattr("tickframe.http.auth.monotonic", lambda: float(next(seconds)))
    asked: list[Received] = []

    def refuse(request: Received) -> Response:
        asked.append(request)
        return refused

    server.on_grant = refuse
    query = ask(account, PARTS, Options(max_workers=max_workers))
    with pytest.warns(tf.TickframeWarning, match="60 of 60 parts"):
        query.to_arrow(on_error="collect")
    assert len(asked) == 1
    assert len({outcome.error for outcome in query.outcomes.failed}) == 60
    with pytest.raises(errors.ServiceError) as raised:
        ask(account, PARTS).to_arrow()
    assert len(asked) == 2
    assert PASSWORD not in "".join(traceback.format_exception(raised.value))


def test_a_refused_password_is_not_sent_again_within_a_minute(
    server: FaultServer, account: tf.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service's side of the account may have been corrected in the meantime; a new client asks at once."""
    later = 0.0
    monkeypatch.setattr("tickframe.http.auth.monotonic", lambda: time.monotonic() + later)
    asked: list[Received] = []

    def refuse(request: Received) -> Response:
        asked.append(request)
        return refusal(400, "Bad credentials")

    server.on_grant = refuse
    server.serve(ticks_for)
    with pytest.raises(errors.AuthenticationError, match="Bad credentials"):
        account.check()
    for again in (account.check, ask(account).to_arrow):
        with pytest.raises(
            errors.AuthenticationError, match=r"Bad credentials.*not sign in for another \d+ s, a new Client"
        ):
            again()
    assert len(asked) == 1
    server.on_grant = lambda _request: grant("granted")
    with pytest.raises(errors.AuthenticationError):
        ask(account).to_arrow()
    with tf.Client(server.url, user="u", password=PASSWORD, client_secret="c") as new:
        assert arrived(ask(new).to_arrow()) == expected(["S000"])
    later = 60.0
    assert arrived(ask(account).to_arrow()) == expected(["S000"])


def test_threads_share_a_transient_failure_of_sign_in(server: FaultServer) -> None:
    """Eight threads that wait for one token do not each wait for its failure."""
    asked: list[Received] = []
    others_wait = threading.Event()

    def fail(request: Received) -> Response:
        asked.append(request)
        # The other threads need a token in the meantime.
        others_wait.wait(0.5)
        return refusal(503)

    server.on_grant = fail
    with (
        tf.Client(server.url, user="u", password=PASSWORD, client_secret="c", retry_seconds=0) as client,
        pytest.warns(tf.TickframeWarning, match="8 of 8 parts"),
    ):
        ask(client, PARTS[:8]).to_arrow(on_error="collect")
    assert len(asked) == 1


def test_an_account_of_any_characters_reaches_the_token_service(server: FaultServer) -> None:
    """The form is encoded as in RFC 6749, appendix B."""
    asked: list[Received] = []

    def grant_to(request: Received) -> Response:
        asked.append(request)
        return grant("granted")

    server.on_grant = grant_to
    server.serve(ticks_for)
    password = "a+b&c=d%20 ü€~/"
    with tf.Client(server.url, user="ü ser@x&y", password=password, client_secret="c:ä") as client:
        ask(client).to_arrow()
    [request] = asked
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.headers["authorization"] == "Basic " + b64encode("xyt:c:ä".encode()).decode()
    assert request.body == (
        b"grant_type=password&username=%C3%BC+ser%40x%26y&password=a%2Bb%26c%3Dd%2520+%C3%BC%E2%82%AC~%2F"
    )
    assert parse_qs(request.body.decode())["password"] == [password]


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize(
    "fault",
    [
        refusal(503),
        refusal(429),
        grant("t").before_any_byte(Ending.RESET),
        grant("t").cut_in_head(Ending.RESET),
        grant("t").cut_in_body(9),
        grant("t").cut_in_body(9, Ending.RESET),
    ],
)
def test_a_transient_fault_of_the_token_service_is_retried(
    server: FaultServer, account: tf.Client, fault: Response
) -> None:
    faults = iter([fault, fault])
    server.on_grant = lambda _request: next(faults, grant("granted"))
    server.serve(ticks_for)
    assert arrived(ask(account).to_arrow()) == expected(["S000"])
    assert {request.token for request in server.received} == {"granted"}


@pytest.mark.parametrize("body", [b"[1]", b"5", b"null", b'"t"', b"{", b"[" * 60_000, b'{"token_type": "bearer"}'])
def test_an_invalid_token_response_is_an_error(server: FaultServer, account: tf.Client, body: bytes) -> None:
    server.on_grant = lambda _request: answer(body, content_type="application/json")
    with pytest.raises(errors.UnexpectedContentError):
        ask(account).to_arrow()


def test_a_web_page_instead_of_a_token_is_an_error(server: FaultServer, account: tf.Client) -> None:
    server.on_grant = lambda _request: page()
    with pytest.raises(errors.UnexpectedContentError, match="text/html"):
        account.check()


def test_a_refused_grant_with_status_200_is_an_error_with_its_words(server: FaultServer, account: tf.Client) -> None:
    server.on_grant = lambda _request: answer(b'{"error": "invalid_grant"}', content_type="application/json")
    with pytest.raises(errors.UnexpectedContentError, match=r"holds no access token.*it says: invalid_grant"):
        account.check()


def test_a_token_of_any_content_type_is_read(server: FaultServer, account: tf.Client) -> None:
    server.on_grant = lambda _request: replace(grant("granted"), head=grant("granted").head.replace(b"json", b"jose"))
    server.serve(ticks_for)
    assert arrived(ask(account).to_arrow()) == expected(["S000"])


@pytest.mark.parametrize("body", [b"[1]", b"{", b"null", b"[" * 60_000])
def test_an_invalid_account_is_an_error(server: FaultServer, client: tf.Client, body: bytes) -> None:
    server.script(answer(body, content_type="application/json"))
    with pytest.raises(errors.UnexpectedContentError):
        client.check()


def test_a_fixed_token_is_not_renewed(server: FaultServer, client: tf.Client) -> None:
    server.script(refusal(401))
    with pytest.raises(errors.AuthenticationError):
        ask(client).to_arrow()
    assert [request.token for request in server.received] == [SECRET]
    assert server.granted == []
