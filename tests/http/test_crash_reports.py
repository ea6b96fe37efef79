"""What a crash reporter sends along with an error, the local variables of its frames, holds no secret."""

from __future__ import annotations

import _thread
import base64
import contextlib
import json
import ssl
import traceback
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from types import FrameType, TracebackType
from urllib.parse import quote

import pytest

import tickframe as tf
from tests.faults.server import Ending, FaultServer, Received, Response, answer, grant, page, refusal
from tests.faults.ticks import ask, framed_ticks, symbols, ticks_for
from tickframe.compat import ApiSettings, XytClient
from tickframe.redaction import without_secrets

trustme = pytest.importorskip("trustme")
pytestmark = pytest.mark.usefixtures("waits")

TOKEN, PASSWORD, CLIENT_SECRET, PROXY_PASSWORD = "t0k3n-s3cr3t", "p4ssw0rd+s3cr3t", "cl13nt-s3cr3t", "pr0xy/s3cr3t"
SECRETS = [TOKEN, PASSWORD, CLIENT_SECRET, PROXY_PASSWORD, "n3w-t0k3n"]
FORMS = [
    *SECRETS,
    *(quote(secret, safe="") for secret in SECRETS),
    *(base64.b64encode(f"{user}:{secret}".encode()).decode() for secret in SECRETS for user in ("xyt", "someone")),
]
ACCOUNT = {"user": "someone", "password": PASSWORD, "client_secret": CLIENT_SECRET}


def shown(value: object, depth: int = 0) -> Iterator[str]:
    """Yield what a reporter shows of a value: containers item by item, other objects by their repr."""
    if depth < 6 and isinstance(value, Mapping):
        for key, item in list(value.items()):
            yield from shown(key, depth + 1)
            yield from shown(item, depth + 1)
    elif depth < 6 and isinstance(value, list | tuple | AbstractSet):
        for item in list(value):
            yield from shown(item, depth + 1)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, bytes | bytearray | memoryview):
        yield bytes(value).decode("latin-1")
    elif isinstance(value, TracebackType):
        for frame, _ in traceback.walk_tb(value):
            yield from shown(frame.f_locals, depth + 1)
    else:
        # An object that was not initialized has no repr.
        with contextlib.suppress(AttributeError):
            yield repr(value)


def frames_of(error: BaseException) -> Iterator[FrameType]:
    for each in causes(error):
        for frame, _ in traceback.walk_tb(each.__traceback__):
            if frame.f_code.co_filename != __file__:
                yield frame


def causes(error: BaseException | None) -> Iterator[BaseException]:
    if error is not None:
        yield error
        yield from causes(error.__cause__)
        yield from causes(error.__context__)


def secrets_in(error: BaseException) -> list[str]:
    """Return where a secret is: in which variable of which call, or in the text of an error."""
    found = []
    for frame in frames_of(error):
        for name, value in frame.f_locals.items():
            if any(form in text for text in shown(value) for form in FORMS):
                found.append(f"{name} in {frame.f_code.co_qualname}")
    for each in causes(error):
        text = "".join((str(each), repr(each), *shown(each.args), *shown(vars(each))))
        found += [f"text of {type(each).__name__}" for form in FORMS if form in text]
    found += ["traceback" for form in FORMS if form in "".join(traceback.format_exception(error))]
    return found


def failure(call: Callable[[], object]) -> BaseException:
    try:
        call()
    except BaseException as error:  # noqa: BLE001, an interrupt too
        return error
    raise AssertionError("no error")


@pytest.fixture
def service(server: FaultServer) -> FaultServer:
    """Return a server that grants a token."""
    server.on_grant = lambda _: grant("n3w-t0k3n")
    return server


WHOLE = answer(framed_ticks("S000"))
RESPONSES = {
    "refused": refusal(403, "no access"),
    "not signed in": refusal(401),
    "failed": refusal(500),
    "a page": page(),
    "not a frame": answer(b"\x00\x01\x02"),
    "no message": answer(b"\xfa\x03\xff\xff\xff"),
    "cut": WHOLE.cut_in_body(9),
    "reset": WHOLE.cut_in_body(9, Ending.RESET),
    "closed": WHOLE.before_any_byte(Ending.CLOSED),
    "cut in the head": WHOLE.cut_in_head(Ending.RESET),
    "stalled": WHOLE.cut_in_body(9, Ending.STALLED),
    "silent": WHOLE.before_any_byte(Ending.STALLED),
    "too long": answer(b"\xff\x7f\xff\xff\xff"),
    "a redirect": answer(status=302, headers={"Location": "https://a.example"}),
}


@pytest.mark.parametrize("account", [{"token": TOKEN}, ACCOUNT], ids=["token", "password"])
@pytest.mark.parametrize("response", RESPONSES.values(), ids=RESPONSES.keys())
@pytest.mark.parametrize("count", [1, 3])
def test_no_frame_of_a_failed_request_holds_a_secret(
    service: FaultServer, response: Response, account: dict[str, str], count: int
) -> None:
    service.script(response)
    with tf.Client(service.url, **account, read_timeout=0.2, retry_seconds=1, maximum_length=10_000) as client:
        error = failure(lambda: ask(client, symbols(count)).to_arrow())
        assert isinstance(error, tf.TickframeError)
        assert secrets_in(error) == []


@pytest.mark.parametrize(
    ("account", "known"), [({"token": TOKEN}, TOKEN), (ACCOUNT, f"{PASSWORD} {CLIENT_SECRET} n3w-t0k3n")]
)
def test_no_frame_holds_a_secret_that_the_service_repeats(
    service: FaultServer, account: dict[str, str], known: str
) -> None:
    service.script(refusal(400, known))
    with tf.Client(service.url, **account) as client:
        error = failure(ask(client).to_arrow)
        assert isinstance(error, tf.errors.ServiceError)
        assert secrets_in(error) == []


GRANTS = {
    "refused": refusal(401, f"wrong {PASSWORD}"),
    "failed": refusal(503),
    "a page": page(),
    "cut": grant("n3w-t0k3n").cut_in_body(30),
    "no token": answer(json.dumps({"token": "n3w-t0k3n"}).encode(), content_type="application/json"),
    "an invalid token": grant("n3w-t0k3n with a space"),
    "a text": answer(b'"n3w-t0k3n"', content_type="application/json"),
}


@pytest.mark.parametrize("response", GRANTS.values(), ids=GRANTS.keys())
@pytest.mark.parametrize("call", ["ask", "check"])
def test_no_frame_of_a_failed_sign_in_holds_a_secret(service: FaultServer, response: Response, call: str) -> None:
    service.on_grant = lambda _: response
    with tf.Client(service.url, **ACCOUNT, retry_seconds=1) as client:
        error = failure(ask(client).to_arrow if call == "ask" else client.check)
        assert isinstance(error, tf.TickframeError)
        assert secrets_in(error) == []


@pytest.mark.parametrize("account", [{"token": TOKEN}, ACCOUNT], ids=["token", "password"])
def test_no_frame_of_an_interrupted_request_holds_a_secret(service: FaultServer, account: dict[str, str]) -> None:
    def interrupt(request: Received) -> Response:
        _thread.interrupt_main()
        return ticks_for(request)

    service.serve(interrupt)
    with tf.Client(service.url, **account) as client:
        error = failure(ask(client).to_arrow)
    assert isinstance(error, KeyboardInterrupt)
    assert secrets_in(error) == []


def test_no_frame_of_a_connection_without_a_service_holds_a_secret() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with FaultServer(context) as untrusted:
        for url in ("http://127.0.0.1:1", "https://127.0.0.1:1", untrusted.url, "https://a.invalid"):
            for account in ({"token": TOKEN}, ACCOUNT):
                with tf.Client(url, **account, retry_seconds=0) as client:
                    assert secrets_in(failure(ask(client).to_arrow)) == []
                    assert secrets_in(failure(client.check)) == []


PROXIES = [
    "http://someone:{}@127.0.0.1:1",
    "http://someone:{}@a.invalid:3128",
    "http://someone:{}@[::1",
    "http://someone:{}@127.0.0.1:port",
    "someone:{}@127.0.0.1:1",
    "http://someone:{}@",
    "http://someone:{}€@127.0.0.1:1",
    "socks5://someone:{}@127.0.0.1:1",
]


@pytest.mark.parametrize("proxy", PROXIES)
@pytest.mark.parametrize("written", [PROXY_PASSWORD, quote(PROXY_PASSWORD, safe="")])
@pytest.mark.parametrize("in_environment", [False, True])
def test_neither_a_text_nor_a_frame_holds_the_password_of_a_proxy(
    proxy: str, written: str, in_environment: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = proxy.format(written)
    monkeypatch.setenv("HTTPS_PROXY", address if in_environment else "")
    proxies = None if in_environment else {"https": address}
    with tf.Client("https://a.invalid", token=TOKEN, proxies=proxies, retry_seconds=0) as client:
        error = failure(ask(client).to_arrow)
        del proxies
        assert secrets_in(error) == []


SETTINGS = [
    {"token": f"{TOKEN} with a space"},
    {"password": f"{PASSWORD}\n"},
    {"password": PASSWORD, "api_key": PASSWORD},
    {**ACCOUNT, "verify": ""},
    {**ACCOUNT, "enums": "letters", "proxies": {"https": f"http://someone:{PROXY_PASSWORD}@proxy:1"}},
    {**ACCOUNT, "nonsense": 1},
    {**ACCOUNT, "cache": ""},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=range(len(SETTINGS)))
def test_no_frame_of_an_invalid_setting_holds_a_secret(settings: dict[str, object]) -> None:
    assert secrets_in(failure(lambda: tf.Client(**settings))) == []


@pytest.mark.parametrize("name", ["TOKEN", "PASSWORD", "API_KEY", "CLIENT_SECRET"])
def test_no_frame_of_an_invalid_variable_holds_a_secret(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"TICKFRAME_{name}", f"{TOKEN} and\nmore")
    monkeypatch.setenv("TICKFRAME_USER", "someone")
    assert secrets_in(failure(tf.Client)) == []


def test_no_frame_of_an_incomplete_account_holds_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    with tf.Client(user="someone", password=PASSWORD) as client:
        error = failure(ask(client).to_arrow)
        assert isinstance(error, tf.errors.SettingsError)
        assert secrets_in(error) == []
    monkeypatch.setenv("TICKFRAME_CLIENT_SECRET", f"{CLIENT_SECRET}\nmore")
    assert secrets_in(failure(lambda: XytClient("someone", PASSWORD))) == []
    monkeypatch.setattr(ApiSettings, "user_id", "someone")
    monkeypatch.setattr(ApiSettings, "user_password", PASSWORD)
    assert secrets_in(failure(XytClient.default)) == []


def test_frames_of_an_error_that_is_being_handled_keep_their_variables() -> None:
    """They are the caller's own, and so are those of calls that have not ended."""

    def callers_own() -> None:
        kept = "mine"  # noqa: F841
        raise LookupError

    def fails() -> None:
        cleared = "secret"  # noqa: F841
        raise ValueError

    def handles() -> None:
        own = "mine"  # noqa: F841
        try:
            callers_own()
        except LookupError:
            with without_secrets():
                fails()

    error = failure(handles)
    assert isinstance(error.__context__, LookupError)
    names = {
        name for each in causes(error) for frame, _ in traceback.walk_tb(each.__traceback__) for name in frame.f_locals
    }
    assert {"kept", "own"} <= names
    assert "cleared" not in names
