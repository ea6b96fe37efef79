"""Proxies and certificates, as users of requests expect them."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

import tickframe as tf
from tests.scripted_server import Reply, ScriptedServer
from tickframe.errors import TransportError
from tickframe.wire.contract import DataResponse
from tickframe.wire.frames import write_frame

trustme = pytest.importorskip("trustme")

EMPTY = Reply(write_frame(DataResponse().SerializeToString()))


class Certificates:
    """A certificate authority with a server and a client certificate, as files."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.server = authority.issue_cert("127.0.0.1")
        client = authority.issue_cert("client@example.org")
        self.authority = folder / "authority.pem"
        self.client = folder / "client.pem"
        authority.cert_pem.write_to_path(self.authority)
        client.private_key_and_cert_chain_pem.write_to_path(self.client)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.configure_cert(self.context)
        authority.configure_trust(self.context)


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


@pytest.fixture
def secure(certificates: Certificates) -> Iterator[ScriptedServer]:
    with ScriptedServer(certificates.context) as server:
        server.reply(EMPTY)
        yield server


def ask(client: tf.Client) -> int:
    return client.get("ACTIV", "prices").to_arrow().num_rows


def test_an_untrusted_certificate_is_an_error(secure: ScriptedServer) -> None:
    with tf.Client(secure.url, token="t") as client, pytest.raises(TransportError, match="certificate"):
        ask(client)
    assert secure.received == []


def test_a_private_authority_is_trusted(secure: ScriptedServer, certificates: Certificates) -> None:
    with tf.Client(secure.url, token="t", verify=str(certificates.authority)) as client:
        assert ask(client) == 0


@pytest.mark.usefixtures("waits")
def test_a_client_certificate_is_sent(certificates: Certificates) -> None:
    certificates.context.verify_mode = ssl.CERT_REQUIRED
    with ScriptedServer(certificates.context) as server:
        server.reply(EMPTY)
        verify = str(certificates.authority)
        with tf.Client(server.url, token="t", verify=verify, cert=str(certificates.client)) as client:
            assert ask(client) == 0
        with tf.Client(server.url, token="t", verify=verify) as client, pytest.raises(TransportError):
            ask(client)


def test_a_proxy_is_used(scripted: ScriptedServer) -> None:
    """A plain HTTP request through a proxy has the complete URL."""
    scripted.reply(EMPTY)
    with tf.Client("http://127.0.0.1:9", token="t", proxies={"http": scripted.url}) as client:
        assert ask(client) == 0
    assert scripted.received[0].path == "http://127.0.0.1:9/get/prices"


def test_a_proxy_in_the_environment_is_not_used_for_this_machine(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer() as proxy:
        proxy.reply(EMPTY)
        scripted.reply(EMPTY)
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        with tf.Client(scripted.url, token="t") as client:
            assert ask(client) == 0
        assert len(scripted.received) == 1
        assert proxy.received == []


def test_a_proxy_that_requires_a_password_is_an_error_without_the_password() -> None:
    with ScriptedServer() as proxy:
        proxy.reply(Reply(b"", 407))
        address = proxy.url.replace("http://", "http://someone:pr0xy-s3cret@")
        with tf.Client("https://ticks.invalid", token="t", proxies={"https": address}) as client:
            with pytest.raises(TransportError, match="proxy") as raised:
                ask(client)
            assert "pr0xy-s3cret" not in str(raised.value) + repr(client.settings)
