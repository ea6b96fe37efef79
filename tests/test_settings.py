"""Settings from arguments, then the environment, then the keyring; secrets are not shown."""

from __future__ import annotations

import dataclasses
import os
import pickle
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tickframe as tf
from tickframe.cache.key import key_of
from tickframe.plan.part import Part
from tickframe.sandbox import Sandbox
from tickframe.settings import DEFAULT_URL, FILE_SETTINGS, Settings, resolve_settings
from tickframe.settings_file import SECRETS as SECRET_NAMES
from tickframe.settings_file import read_settings_file, to_toml, write_settings_file

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


@pytest.fixture
def settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mine.toml"
    monkeypatch.setenv("TICKFRAME_SETTINGS", str(path))
    return path


def test_the_settings_file_comes_after_arguments_and_the_environment(
    settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = settings_file.with_name("c.pem"), settings_file.with_name("k.pem")
    certificate.touch()
    key.touch()
    settings_file.write_text(
        'base_url = "https://a.example/"\nuser = "file-user"\nread_timeout = 7\nenums = "numbers"\n'
        f'cert = ["{certificate}", "{key}"]\n[endpoints]\nchain = "chains"\n'
    )
    settings = resolve_settings()
    assert (settings.base_url, settings.user, settings.read_timeout) == ("https://a.example", "file-user", 7)
    assert (settings.enums, settings.cert, settings.endpoints) == (
        "numbers",
        (str(certificate), str(key)),
        {"chain": "chains"},
    )
    monkeypatch.setenv("TICKFRAME_USER", "env-user")
    settings = resolve_settings(read_timeout=8, enums="names")
    assert (settings.user, settings.read_timeout, settings.enums) == ("env-user", 8, "names")


def test_the_settings_file_is_not_used_for_another_service(settings_file: Path) -> None:
    settings_file.write_text('path_template = "/v2/{endpoint}"\nauth_url = "https://login.example"\n')
    assert resolve_settings().token_url == "https://login.example/oauth/token"
    assert resolve_settings(base_url=DEFAULT_URL + "/").path_template == "/v2/{endpoint}"
    other = resolve_settings(base_url="https://b.example")
    assert (other.path_template, other.token_url) == ("/get/{endpoint}", "https://b.example/auth/oauth/token")


def test_the_sign_in_address_in_the_environment_belongs_to_the_url_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKFRAME_URL", "https://a.example")
    monkeypatch.setenv("TICKFRAME_AUTH_URL", "https://login.example/auth/")
    assert resolve_settings().user_url == "https://login.example/auth/user"
    assert resolve_settings(base_url="https://b.example").auth_url == ""
    assert resolve_settings(auth_url="https://c.example").auth_url == "https://c.example"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('password = "hunter2"', r"password is a secret.*TICKFRAME_PASSWORD"),
        ('client-secret = "hunter2"', r"client-secret is a secret.*TICKFRAME_CLIENT_SECRET"),
        ('token = "hunter2"', r"token is a secret"),
        ('api_key = "hunter2"', r"api_key is a secret"),
        ('path_templates = "/{endpoint}"', r"unknown key 'path_templates'; did you mean 'path_template'\?"),
        ('zzz = "hunter2"', r"unknown key 'zzz': expected base_url"),
        ("read_timeout = true", r"read_timeout must be a number, not a boolean"),
        ('endpoints = "chain"', r"endpoints must be a table of strings, not a string"),
        ("endpoints = {chain = 1}", r"endpoints must be a table of strings"),
        ("cert = [1, 2]", r"cert must be a string or two strings"),
        ('verify = ""', r"invalid verify ''"),
        ('verify = "missing.pem"', r"invalid verify 'missing.pem'"),
        ('cert = ""', r"invalid cert ''"),
        ('cert = ["", "missing.key"]', r"invalid cert ''"),
        ('enums = "number"', r"invalid enums 'number'"),
        ('path_template = "/get"', r"invalid path_template"),
        ('auth_url = "http://10.0.0.1"', r"invalid auth_url"),
        ('auth_url = "https://u:hunter2@h"', r"auth_url contains"),
        ('api_key_header = "X Key"', r"invalid api_key_header"),
        ('proxies = {https = "http://u:hunter2@proxy"}', r"proxies holds a user or a password"),
        ("base_url = ", r"is not TOML: "),
    ],
)
def test_an_error_in_the_settings_file_names_file_and_key_and_no_value(
    settings_file: Path, line: str, words: str
) -> None:
    settings_file.write_text(line)
    with pytest.raises(tf.errors.SettingsError, match=words) as raised:
        tf.Client()
    assert str(settings_file) in str(raised.value)
    assert "hunter2" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.usefixtures("settings_file")
def test_a_settings_file_that_is_named_must_exist() -> None:
    with pytest.raises(tf.errors.SettingsError, match=r"TICKFRAME_SETTINGS names .*mine\.toml, which does not exist"):
        tf.Client()
    assert resolve_settings(read_file=False).base_url == DEFAULT_URL


def test_written_settings_are_read_back(settings_file: Path) -> None:
    settings = {
        "base_url": 'https://a.example/"\\\x7f\U0001f600',
        "read_timeout": 1.5,
        "maximum_length": 10,
        "maximum_decoded_bytes": 20,
        "verify": False,
        "cert": ["a", "b"],
        "endpoints": {"a b": "c\nd"},
    }
    assert write_settings_file(settings_file, settings) is None
    assert read_settings_file(FILE_SETTINGS) == settings
    previous = write_settings_file(settings_file, {"verify": True})
    assert previous is not None
    assert previous.read_text() == to_toml(settings)
    assert {each.name for each in settings_file.parent.iterdir()} == {"mine.toml", "mine.toml.previous"}


def test_every_setting_that_is_no_secret_can_be_in_the_file_and_travels_with_a_pickled_query() -> None:
    """Except for what belongs to the account and the network of a process."""
    public = {field.name for field in dataclasses.fields(Settings)} - set(SECRET_NAMES)
    assert set(FILE_SETTINGS) == public
    with tf.Client(token="t") as client:
        travelling = set(client.lookup_sources().source.description().settings)
    assert public - travelling == {"user", "proxies", "verify", "cert"}


def test_a_sandbox_needs_no_settings_of_the_machine(settings_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKFRAME_AUTH_URL", "https://login.example")
    with tf.Client.sandbox() as client:
        assert client.check() == {"user": "sandbox"}
    settings_file.write_text('path_template = "/v2/{source}/{endpoint}"\nauth_url = "https://login.example"\n')
    with Sandbox() as sandbox, tf.Client(**sandbox.account) as client:
        assert not client.lookup_exchanges("ACTIV").to_pandas().empty


@given(st.dictionaries(st.text(), st.text()))
def test_any_names_can_be_written_and_read(names: dict[str, str]) -> None:
    assert tomllib.loads(to_toml({"enums": "names", "endpoints": names})) == {"enums": "names", "endpoints": names}


@pytest.mark.parametrize(
    ("template", "with_source", "without_source"),
    [
        ("/get/{endpoint}", "/get/tickData", "/get/tickData"),
        ("/get/{source}/{endpoint}", "/get/A%2FB/tickData", "/get/tickData"),
        ("/get/{endpoint}?source={source}", "/get/tickData?source=A%2FB", "/get/tickData"),
        ("/get/{endpoint}?v=2&source={source}", "/get/tickData?v=2&source=A%2FB", "/get/tickData?v=2"),
    ],
)
def test_the_source_can_travel_in_the_path(template: str, with_source: str, without_source: str) -> None:
    settings = Settings(path_template=template)
    assert settings.path_of("tick_data", "tickData", "A/B") == with_source
    assert settings.path_of("lookup_sources", "tickData") == without_source
    sent = Part("get", "tickData", (("source", "A/B"), ("day", "x"))).to_message("", settings.request_format)
    assert ("source" in sent.parameters) == ("{source}" not in template)


def test_the_source_can_be_omitted() -> None:
    sent = Part("get", "e", (("source", "A"), ("day", "x"))).to_message("", Settings(omit_source=True).request_format)
    assert set(sent.parameters) == {"day"}
    with pytest.raises(ValueError, match="omit_source contradicts path_template"):
        Settings(omit_source=True, path_template="/{source}/{endpoint}")


@pytest.mark.parametrize("name", [".", ".."])
def test_a_name_cannot_change_the_path(name: str) -> None:
    """The error comes before anything is sent."""
    with tf.Client(token="t", path_template="/get/{source}/{endpoint}") as client:
        with pytest.raises(ValueError, match="cannot be part of a path"):
            client.get(name, "tickData")
        with pytest.raises(ValueError, match="cannot be part of a path"):
            client.get("ACTIV", name)


def test_enums_can_be_sent_as_numbers() -> None:
    arguments = {"data_type": "QUOTES", "flags": ["USE_MARKET_TS", "EXCLUDE_CANCELLED_TRADES"]}
    with tf.Client(token="t", enums="numbers") as client:
        [part] = client.tick_data("ACTIV", "ZAL.XE", "2016-05-05", **arguments).plan.parts
        sent = part.to_message("", client.settings.request_format)
        assert sent.parameters["dataType"].integer_value == 1
        assert list(sent.parameters["flags"].list.integer_list.values) == [0, 10]
    sent = part.to_message("", Settings(enums="numbers_except_flags").request_format)
    assert sent.parameters["dataType"].integer_value == 1
    assert list(sent.parameters["flags"].list.string_list.values) == arguments["flags"]


@pytest.mark.filterwarnings("ignore::tickframe.TickframeWarning")
def test_a_flag_without_a_number_is_an_error_where_numbers_are_sent() -> None:
    for flag in ("USE_MARKET_UTC_TS", "A_FLAG_OF_TOMORROW"):
        client = tf.Client(token="t", enums="numbers")
        with pytest.raises(ValueError, match=rf"'{flag}' has no known number.*enums"):
            client.tick_data("ACTIV", "ZAL.XE", "2016-05-05", data_type="TRADES", flags=["USE_MARKET_TS", flag])


@pytest.mark.parametrize(
    "changed",
    [{"enums": "numbers"}, {"path_template": "/get/{source}/{endpoint}"}, {"omit_source": True}],
    ids=lambda changed: next(iter(changed)),
)
def test_how_a_request_is_written_is_part_of_the_cache_key(changed: dict[str, object]) -> None:
    with tf.Client(token="t") as client:
        [part] = client.tick_data("ACTIV", "ZAL.XE", "2016-05-05", data_type="TRADES").plan.parts
    assert key_of(part, Settings()).digest != key_of(part, Settings(**changed)).digest  # type: ignore[arg-type]


def test_a_pickled_query_keeps_how_requests_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = {
        "auth_url": "https://login.example",
        "token_path": "/t",
        "user_path": "/u",
        "enums": "numbers",
        "api_key_header": "X-Key",
        "path_template": "/{source}/{endpoint}",
    }
    with tf.Client("https://a.example", token="t", **changed) as client:
        query = client.lookup_sources()
    monkeypatch.setenv("TICKFRAME_AUTH_URL", "https://other.example")
    again = pickle.loads(pickle.dumps(query))  # noqa: S301, our own bytes
    settings = again.source.description().resolve_settings()
    assert {name: getattr(settings, name) for name in changed} == changed


@pytest.mark.parametrize(
    ("header", "sent"),
    [("X-API-Key", ("X-API-Key", "k3y")), ("Authorization: Key {api_key}", ("Authorization", "Key k3y"))],
)
def test_an_api_key_can_travel_in_a_header(header: str, sent: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKFRAME_PASSWORD", "not-the-key")
    monkeypatch.setenv("TICKFRAME_API_KEY", "k3y")
    settings = resolve_settings(api_key_header=header)
    assert settings.credential(settings.password or "") == sent
    with pytest.raises(ValueError, match="invalid api_key") as raised:
        resolve_settings(api_key_header=header, api_key="hunter2\u20ac")
    assert "hunter2" not in str(raised.value)


def test_without_the_client_secret_the_error_says_whom_to_ask() -> None:
    with tf.Client(user="u", password="p") as client, pytest.raises(tf.errors.SettingsError) as raised:
        client.check()
    assert "TICKFRAME_CLIENT_SECRET" in str(raised.value)
    assert "not your password" in str(raised.value)
    assert "support of the xyt hub" in str(raised.value)


@pytest.mark.parametrize("name", ["verify", "cert"])
@pytest.mark.parametrize(
    "value", ["", " ", b"", 0, 1, 0.0, [], (), {}, "missing.pem", b"/", np.False_, np.True_, ("a",)]
)
def test_only_true_false_and_an_existing_path_decide_about_certificates(name: str, value: object) -> None:
    """Anything else that is false would turn the checks off."""
    with pytest.raises(ValueError, match=f"invalid {name} .*expected .*existing"):
        tf.Client(token="t", **{name: value})


@pytest.mark.parametrize(
    "cert", [("", ""), ("missing.pem", "missing.key"), (__file__, ""), (__file__, __file__, __file__)]
)
def test_each_file_of_a_client_certificate_must_exist(cert: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="invalid cert"):
        tf.Client(token="t", cert=cert)


@pytest.mark.parametrize("verify", [True, False, __file__, str(Path(__file__).parent)])
def test_certificates_are_verified_as_asked(verify: bool | str) -> None:
    settings = resolve_settings(token="t", verify=verify, cert=(__file__, __file__))
    options = settings.requests_options("https://a.example")
    assert (options["verify"], options["cert"]) == (verify, (__file__, __file__))


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can become another user")
def test_the_home_directory_of_another_user_has_no_settings_of_this_one(tmp_path: Path) -> None:
    """A service that runs as another user often inherits the home directory of the one that started it."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    script = "import os, tickframe as tf; os.setuid(65534); print(type(tf.Client(token='t')).__name__)"
    environment = {"PYTHONPATH": str(Path(tf.__file__).parents[1]), "HOME": str(home)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("Client\n", "")
