"""Failures between the client and the service: certificates, handshakes, proxies."""

from __future__ import annotations

import contextlib
import ssl
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial

import pytest

import tickframe as tf
from tests.faults.server import Ending, FaultServer, Received, Response, answer, refusal
from tests.faults.ticks import SECRET, arrived, ask, expected, framed_ticks, symbol_of, symbols, ticks_for
from tests.faults.tunnel import TunnellingProxy, connect_refusal
from tickframe import errors

trustme = pytest.importorskip("trustme")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure(authority: trustme.CA) -> FaultServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with FaultServer(context) as server:
        server.serve(ticks_for)
        yield server


@pytest.fixture
def trusting(secure: FaultServer, authority: trustme.CA) -> tf.Client:
    with (
        authority.cert_pem.tempfile() as bundle,
        tf.Client(secure.url, token=SECRET, verify=bundle, read_timeout=20) as client,
    ):
        yield client


def test_an_untrusted_certificate_is_an_error_at_once(secure: FaultServer) -> None:
    """Nothing is sent, and nothing is retried."""
    with tf.Client(secure.url, token=SECRET) as client, pytest.raises(errors.TransportError) as raised:
        ask(client).to_arrow()
    assert "check the certificate" in str(raised.value)
    assert raised.value.attempts == 1
    assert SECRET not in "".join(traceback.format_exception(raised.value))
    assert secure.received == []


@pytest.mark.usefixtures("waits")
def test_a_reset_during_the_handshake_is_retried(secure: FaultServer, trusting: tf.Client) -> None:
    secure.on_connection = lambda number: Ending.RESET if number < 3 else Ending.KEPT
    query = ask(trusting)
    assert arrived(query.to_arrow()) == expected(["S000"])
    assert query.outcomes[0].attempts == 3


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize("ending", [Ending.CLOSED, Ending.RESET])
def test_a_cut_body_over_tls_is_retried(secure: FaultServer, trusting: tf.Client, ending: Ending) -> None:
    whole = answer(framed_ticks("S000"))
    secure.script(whole.cut_in_body(99, ending), whole.cut_in_head(ending), whole)
    query = ask(trusting)
    assert arrived(query.to_arrow()) == expected(["S000"])
    assert query.outcomes[0].attempts == 3


def test_a_run_over_tls_ends_while_parts_stall(secure: FaultServer, trusting: tf.Client) -> None:
    def reply(request: Received) -> Response:
        if symbol_of(request) == "S059":
            secure.wait_for_requests(8)
            return refusal(403)
        return ticks_for(request).cut_in_body(99, Ending.STALLED)

    secure.serve(reply)
    with pytest.raises(errors.PermissionDeniedError):
        ask(trusting, symbols(60)).to_arrow()
    trusting.close()
    secure.wait_until_disconnected()


def test_a_proxy_that_requires_a_password_is_an_error_without_a_secret(server: FaultServer) -> None:
    server.script(refusal(407))
    proxy = server.url.replace("http://", "http://someone:pr0xy-s3cret@")
    with (
        tf.Client("https://ticks.invalid", token=SECRET, proxies={"https": proxy}) as client,
        pytest.raises(errors.TransportError, match="proxy") as raised,
    ):
        ask(client).to_arrow()
    assert raised.value.attempts == 1
    assert {request.method for request in server.received} == {"CONNECT"}
    text = "".join(traceback.format_exception(raised.value))
    assert "pr0xy-s3cret" not in text
    assert SECRET not in text + repr(server.received)


@pytest.fixture
def tunnelled(secure: FaultServer, authority: trustme.CA) -> Callable[..., AbstractContextManager[tf.Client]]:
    """Return a function that connects a client through a proxy."""

    @contextlib.contextmanager
    def connect(proxy: TunnellingProxy) -> Iterator[tf.Client]:
        with (
            authority.cert_pem.tempfile() as bundle,
            tf.Client(secure.url, token=SECRET, verify=bundle, read_timeout=20, proxies={"https": proxy.url}) as client,
        ):
            yield client

    return connect


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize(
    "refused", [*(connect_refusal(status, b"<html>try later</html>") for status in (429, 502, 503, 504, 522)), b""]
)
def test_a_proxy_that_cannot_connect_for_a_moment_is_asked_again(
    secure: FaultServer, tunnelled: Callable[..., AbstractContextManager[tf.Client]], refused: bytes
) -> None:
    """The last refusal is a connection that the proxy closes."""
    with TunnellingProxy(secure.url, partial(next, iter([refused, refused]), None)) as proxy:
        with tunnelled(proxy) as client:
            query = ask(client)
            assert arrived(query.to_arrow()) == expected(["S000"])
            assert query.outcomes[0].attempts == 3
        assert proxy.connects == 3


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize("status", [502, 429])
def test_a_proxy_that_can_never_connect_is_an_error_with_its_status(
    secure: FaultServer, tunnelled: Callable[..., AbstractContextManager[tf.Client]], status: int
) -> None:
    with (
        TunnellingProxy(secure.url, lambda: connect_refusal(status)) as proxy,
        tunnelled(proxy) as client,
        pytest.raises(errors.TransportError, match=f"through the proxy: the proxy answered HTTP {status}") as raised,
    ):
        ask(client).to_arrow()
    assert raised.value.passing
    assert raised.value.attempts == proxy.connects == 8
    assert SECRET not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("status", [400, 403, 404, 407])
def test_a_proxy_that_refuses_for_good_is_asked_once(
    secure: FaultServer, tunnelled: Callable[..., AbstractContextManager[tf.Client]], status: int
) -> None:
    with (
        TunnellingProxy(secure.url, lambda: connect_refusal(status)) as proxy,
        tunnelled(proxy) as client,
        pytest.raises(errors.TransportError, match=f"through the proxy: the proxy answered HTTP {status}"),
    ):
        ask(client).to_arrow()
    assert proxy.connects == 1
