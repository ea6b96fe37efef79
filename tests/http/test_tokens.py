"""Tokens that expire, are refused, or are never granted, whatever the number of threads."""

from __future__ import annotations

import threading
import traceback

import pytest

import tickframe as tf
from tests.faults.server import Answer, Ending, FaultServer, Received, answer, grant, page, refusal
from tests.faults.ticks import SECRET, arrived, ask, expected, symbols, ticks_for
from tickframe import errors
from tickframe.sandbox import Sandbox

PARTS = symbols(60)
PASSWORD = "p4ssw0rd-s3cret"


@pytest.fixture
def account(server: FaultServer) -> tf.Client:
    with tf.Client(server.url, user="u", password=PASSWORD, client_secret="c", read_timeout=20) as client:
        yield client


class Expiring:
    """Answers only to the newest token, which expires after some requests."""

    def __init__(self, server: FaultServer, requests: int) -> None:
        self.refused = 0
        self.expired = 0
        self._server = server
        self._every = requests
        self._left = requests
        self._valid = 0
        self._lock = threading.Lock()

    def __call__(self, request: Received) -> Answer:
        with self._lock:
            if self._valid < len(self._server.granted) and self._left == 0:
                self._left = self._every
                self._valid = len(self._server.granted)
            valid = request.token == self._server.granted[-1] and self._left > 0
            if not valid:
                self.refused += 1
                return refusal(401)
            self._left -= 1
            if self._left == 0:
                self.expired += 1
                self._valid = len(self._server.granted)
            return ticks_for(request)


def test_a_token_is_renewed_exactly_once_for_each_expiry(server: FaultServer, account: tf.Client) -> None:
    service = Expiring(server, requests=20)
    server.serve(service)
    assert arrived(ask(account, PARTS).to_arrow()) == expected(PARTS)
    assert service.expired == 3
    # The first one, and one after each expiry but that at the end.
    assert len(server.granted) == 3
    assert service.refused >= 2


def test_threads_that_start_at_once_share_the_first_token(server: FaultServer, account: tf.Client) -> None:
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


def test_revoked_tokens_of_a_real_service_are_renewed_under_way(sandbox: Sandbox) -> None:
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


def test_a_token_that_is_refused_for_ever_is_an_error(server: FaultServer, account: tf.Client) -> None:
    """Once for each thread at the most: nobody is asked again and again."""
    server.script(refusal(401))
    with pytest.raises(errors.AuthenticationError) as raised:
        ask(account, PARTS).to_arrow()
    assert len(server.granted) <= 1 + account._options.max_workers
    text = "".join(traceback.format_exception(raised.value))
    assert PASSWORD not in text
    assert not any(token in text for token in server.granted)


def test_a_wrong_password_is_said_once_whatever_the_number_of_threads(server: FaultServer, account: tf.Client) -> None:
    """Several wrong passwords in a row lock an account."""
    asked: list[Received] = []
    others_wait = threading.Event()

    def refuse(request: Received) -> Answer:
        asked.append(request)
        # Long enough for the other threads to want a token too.
        others_wait.wait(0.5)
        return refusal(400, "Bad credentials")

    server.on_grant = refuse
    query = ask(account, PARTS[:8])
    with pytest.warns(tf.TickframeWarning, match="Bad credentials"):
        query.to_arrow(on_error="collect")
    assert len(asked) == 1
    assert len({outcome.error for outcome in query.outcomes.failed}) == 8
    # Another try is the user's, who may have been given the right in the meantime.
    with pytest.raises(errors.AuthenticationError, match="Bad credentials") as raised:
        ask(account, PARTS).to_arrow()
    assert len(asked) == 2
    assert PASSWORD not in "".join(traceback.format_exception(raised.value))


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
def test_a_fault_of_the_token_service_that_passes_is_no_fault(
    server: FaultServer, account: tf.Client, fault: Answer
) -> None:
    faults = iter([fault, fault])
    server.on_grant = lambda _request: next(faults, grant("granted"))
    server.serve(ticks_for)
    assert arrived(ask(account).to_arrow()) == expected(["S000"])
    assert {request.token for request in server.received} == {"granted"}


@pytest.mark.parametrize("body", [b"[1]", b"5", b"null", b'"t"', b"{", b"[" * 60_000, b'{"token_type": "bearer"}'])
def test_a_token_answer_of_any_other_kind_is_refused(server: FaultServer, account: tf.Client, body: bytes) -> None:
    server.on_grant = lambda _request: answer(body, content_type="application/json")
    with pytest.raises(errors.UnexpectedContentError):
        ask(account).to_arrow()


def test_a_page_in_place_of_a_token_is_refused(server: FaultServer, account: tf.Client) -> None:
    server.on_grant = lambda _request: page()
    with pytest.raises(errors.UnexpectedContentError, match="text/html"):
        account.check()


@pytest.mark.parametrize("body", [b"[1]", b"{", b"null", b"[" * 60_000])
def test_an_account_of_any_other_kind_is_refused(server: FaultServer, client: tf.Client, body: bytes) -> None:
    server.script(answer(body, content_type="application/json"))
    with pytest.raises(errors.UnexpectedContentError):
        client.check()


def test_a_token_that_was_brought_along_is_not_renewed(server: FaultServer, client: tf.Client) -> None:
    server.script(refusal(401))
    with pytest.raises(errors.AuthenticationError):
        ask(client).to_arrow()
    assert [request.token for request in server.received] == [SECRET]
    assert server.granted == []
