"""Settings from arguments, then the environment, then the keyring; secrets are not shown."""

from __future__ import annotations

import pytest

import tickframe as tf
from tickframe.settings import DEFAULT_URL, resolve_settings

SECRETS = {"password": "pw-secret", "client_secret": "cs-secret"}


def test_the_environment_supplies_omitted_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKFRAME_URL", "https://ticks.example/")
    monkeypatch.setenv("TICKFRAME_USER", "env-user")
    monkeypatch.setenv("TICKFRAME_PASSWORD", "env-password")
    monkeypatch.setenv("TICKFRAME_CLIENT_SECRET", "env-secret")
    settings = resolve_settings(user="argument-user")
    assert settings.base_url == "https://ticks.example"
    assert (settings.user, settings.password, settings.client_secret) == ("argument-user", "env-password", "env-secret")


def test_the_default_is_the_documented_url() -> None:
    settings = resolve_settings()
    assert settings.base_url == DEFAULT_URL
    assert settings.user is settings.password is settings.token is None


def test_an_api_key_replaces_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve_settings(user="u", api_key="key").password == "key"
    monkeypatch.setenv("TICKFRAME_API_KEY", "env-key")
    assert resolve_settings(user="u").password == "env-key"
    with pytest.raises(ValueError, match="password or api_key"):
        resolve_settings(password="p", api_key="k")


def test_a_password_argument_overrides_a_token_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKFRAME_TOKEN", "env-token")
    assert resolve_settings().token == "env-token"
    assert resolve_settings(user="u", password="p").token is None


def test_the_keyring_is_read_last(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = pytest.importorskip("keyring")
    from keyring.backend import KeyringBackend  # noqa: PLC0415

    class InMemory(KeyringBackend):
        priority = 1
        secrets = {("tickframe", "u"): "ring-password", ("tickframe", "client_secret"): "ring-secret"}  # noqa: RUF012

        def get_password(self, service: str, username: str) -> str | None:
            return self.secrets.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            raise NotImplementedError

    before = keyring.get_keyring()
    keyring.set_keyring(InMemory())
    try:
        settings = resolve_settings(user="u")
        assert (settings.password, settings.client_secret) == ("ring-password", "ring-secret")
        monkeypatch.setenv("TICKFRAME_PASSWORD", "env-password")
        assert resolve_settings(user="u").password == "env-password"
    finally:
        keyring.set_keyring(before)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.xythub.com",
        "ftp://127.0.0.1",
        "127.0.0.1:80",
        "http://10.0.0.1",
        "https://u:pw@host",
        "https://",
        "u:pw@host",
        "http://127.0.0.1:abc",
        "https://host/?a=b",
    ],
)
def test_a_url_that_would_expose_the_token_is_rejected(url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        tf.Client(url)


@pytest.mark.parametrize("url", ["https://host", "http://127.0.0.1:8", "http://[::1]:8", "http://localhost:8"])
def test_https_and_http_on_loopback_are_accepted(url: str) -> None:
    assert resolve_settings(base_url=url).base_url == url


@pytest.mark.parametrize(
    "template", ["/get", "get/{endpoint}", ".example.org/{endpoint}", "//host/{endpoint}", "/{v}/{endpoint}", "/{}"]
)
def test_a_path_template_that_could_change_the_host_is_rejected(template: str) -> None:
    with pytest.raises(ValueError, match="path_template"):
        tf.Client(path_template=template)


@pytest.mark.parametrize(
    "secret", [{"token": "hunter2\n"}, {"token": "hunter2€"}, {"token": ""}, {"password": "hunter2\ud800"}]
)
def test_a_secret_that_cannot_be_sent_is_rejected_without_being_shown(secret: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"token|password") as raised:
        tf.Client(user="u", **secret)
    assert "hunter2" not in str(raised.value)


def test_a_trailing_newline_is_not_part_of_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKFRAME_TOKEN", "env-token\n")
    assert resolve_settings().token == "env-token"


def test_an_account_argument_overrides_a_token_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKFRAME_TOKEN", "env-token")
    monkeypatch.setenv("TICKFRAME_PASSWORD", "env-password")
    settings = resolve_settings(user="u", client_secret="s")
    assert (settings.token, settings.password) == (None, "env-password")


def test_no_repr_contains_a_secret() -> None:
    with tf.Client(user="u", **SECRETS) as client, tf.Client(token="tk-secret") as other:
        for shown in (repr(client), repr(client.settings), str(client.settings), repr(other), repr(other.settings)):
            assert "secret" not in shown.replace("client_secret", "")
