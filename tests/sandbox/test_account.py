"""Tokens, users, and the lifecycle of a sandbox."""

import base64
import socket
import threading
import time

import pytest
import requests

import tickframe as tf
from tests.sandbox.caller import Caller, grant
from tickframe.sandbox import Sandbox


def test_a_valid_grant_gives_a_bearer_token(sandbox):
    """A password grant is answered with a token, its type, lifetime and scope."""
    response = grant(sandbox)
    assert response.status_code == 200
    token = response.json()
    assert token.pop("access_token")
    assert token == {"token_type": "bearer", "expires_in": 43199, "scope": "read"}


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_secret": ""}, 401, "invalid_client"),
        ({"username": "nobody"}, 400, "invalid_grant"),
        ({"password": "wrong"}, 400, "invalid_grant"),
        ({"password": "päss"}, 400, "invalid_grant"),
        ({"grant_type": "client_credentials"}, 400, "unsupported_grant_type"),
        ({"grant_type": None}, 400, "invalid_request"),
        ({"password": None}, 400, "invalid_request"),
    ],
)
def test_an_invalid_grant_is_refused_as_in_rfc_6749(sandbox, changes, status, error):
    """The status and the error code tell which part was wrong; the response repeats no secret."""
    response = grant(sandbox, **changes)
    assert (response.status_code, response.json()["error"]) == (status, error)
    assert response.json()["error_description"]
    assert sandbox.password not in response.text
    assert sandbox.client_secret not in response.text


def test_a_grant_without_basic_auth_is_refused(sandbox):
    """The client secret is only accepted in basic auth."""
    response = requests.post(f"{sandbox.url}/auth/oauth/token", data={"grant_type": "password"}, timeout=30)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Basic")


def test_the_user_of_a_token(sandbox, caller):
    """/auth/user returns the user of the token."""
    response = caller.session.get(f"{sandbox.url}/auth/user", timeout=30)
    assert response.json() == {"user": sandbox.user}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer unknown"}, {"Authorization": "Basic eHl0Og=="}])
@pytest.mark.parametrize(("method", "path"), [("GET", "/auth/user"), ("POST", "/get/sources"), ("POST", "/get/none")])
def test_a_request_without_a_token_is_refused(sandbox, headers, method, path):
    """A missing or unknown token is 401 with JSON, before anything else is checked."""
    response = requests.request(method, sandbox.url + path, headers=headers, timeout=30)
    assert response.status_code == 401
    assert response.json()["error"] == "invalid_token"
    assert response.json()["error_description"]
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


ODD_CREDENTIALS = [
    b"",
    b"Basic",
    b"Basic =====",
    b"Basic \xff\xfe",
    b"Basic \xc2\xa0YQ==",
    b"Basic " + base64.b64encode(bytes(range(256))),
    b"Basic " + base64.b64encode(b"xyt:\xed\xa0\x80"),
    b"Basic " + b"a" * 9_001,
    b"Bearer",
    b"Bearer \xff\xe4",
    b"Bearer " + b"a" * 9_001,
    b"\xe4" * 500,
]


@pytest.mark.parametrize("credentials", ODD_CREDENTIALS, ids=range(len(ODD_CREDENTIALS)))
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/auth/oauth/token"), ("GET", "/auth/user"), ("POST", "/get/none")]
)
def test_odd_credentials_are_refused(sandbox, credentials, method, path):
    """Whatever bytes a header holds, the answer is 401 and no failure."""
    response = requests.request(method, sandbox.url + path, headers={"Authorization": credentials}, timeout=30)
    assert response.status_code == 401
    assert response.json()["error_description"]


def test_a_form_with_many_fields_is_refused(sandbox):
    response = grant(sandbox, **{f"field{number}": "" for number in range(10_000)})
    assert (response.status_code, response.json()["error_description"]) == (400, "too many form fields")


def test_revoked_and_expired_tokens_are_refused():
    """A token is invalid once it is revoked, and after its lifetime."""
    with Sandbox() as sandbox:
        caller = Caller(sandbox)
        sandbox.revoke_tokens()
        assert caller.post("sources").status_code == 401
        caller.renew()
        assert caller.post("sources").status_code == 200
        caller.session.close()
    with Sandbox(token_seconds=0) as sandbox:
        caller = Caller(sandbox)
        assert caller.post("sources").status_code == 401
        caller.session.close()


def test_secrets_differ_and_are_not_in_the_repr():
    """Each sandbox has its own secrets, and its repr shows none."""
    one, other = Sandbox(), Sandbox()
    assert one.password != other.password
    assert one.client_secret != other.client_secret
    for secret in (one.password, one.client_secret):
        assert secret not in repr(one)


def test_start_and_close_can_be_repeated():
    """start() returns when the sandbox serves; close() leaves no thread and no socket."""
    threads = threading.active_count()
    sandbox = Sandbox()
    assert sandbox.url == ""
    sandbox.start()
    url = sandbox.url
    sandbox.start()
    assert sandbox.url == url
    assert requests.get(f"{url}/auth/user", timeout=30).status_code == 401
    sandbox.close()
    sandbox.close()
    assert threading.active_count() == threads
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/auth/user", timeout=30)
    sandbox.start()
    assert requests.get(f"{sandbox.url}/auth/user", timeout=30).status_code == 401
    sandbox.close()


def test_a_port_in_use_is_an_error():
    """A port that is in use raises at once and leaves the sandbox closed."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        sandbox = Sandbox(port=taken.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            sandbox.start()
        assert sandbox.url == ""


def test_close_does_not_wait_for_idle_connections():
    """A client that keeps its connection open does not delay close()."""
    with Sandbox() as sandbox:
        caller = Caller(sandbox)
        caller.ask("sources")
    caller.session.close()


def test_a_small_response_is_sent_at_once(caller):
    """The body is sent after the headers, and does not wait 40 ms until these are acknowledged."""

    def seconds():
        start = time.perf_counter()
        caller.ask("sources")
        return time.perf_counter() - start

    assert min(seconds() for _ in range(10)) < 0.03


def test_nothing_is_printed(capfd):
    """Neither responses nor refusals are written to the terminal."""
    with Sandbox() as sandbox:
        caller = Caller(sandbox)
        caller.ask("sources")
        assert caller.post("nothing").status_code == 404
        caller.session.close()
    assert capfd.readouterr() == ("", "")


def test_a_client_of_the_sandbox(sandbox):
    """The account is all that a client needs."""
    with tf.Client(**sandbox.account) as client:
        assert list(client.lookup_sources().to_pandas()["source"]) == ["ACTIV", "SIMULATED"]


def test_a_closed_sandbox_has_no_account():
    """A client without the sandbox's address would send the password to the real service."""
    with Sandbox() as sandbox:
        assert sandbox.account["base_url"] == sandbox.url
    with pytest.raises(RuntimeError, match="the sandbox is closed"):
        _ = sandbox.account
