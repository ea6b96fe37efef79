"""The HTTP side: routes, credentials and frames."""

from __future__ import annotations

import asyncio
import base64
import binascii
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import NamedTuple, cast
from urllib.parse import parse_qs

from google.protobuf.message import DecodeError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tickframe.catalogue import FUNCTIONS
from tickframe.errors import FrameError
from tickframe.sandbox.answers import RESPONDERS
from tickframe.sandbox.market.interface import Market
from tickframe.sandbox.parameters import read_parameters
from tickframe.sandbox.refusal import RefusalError, suggestion
from tickframe.sandbox.response_cache import EncodedResponse, ResponseCache
from tickframe.sandbox.tokens import Tokens
from tickframe.wire.contract import DataRequest
from tickframe.wire.encode import encode_table
from tickframe.wire.frames import read_frames

_CLIENT_ID = "xyt"

# Large enough to be sent fast, small enough for both ends to work at once.
_PIECE = 1024 * 1024

_ENDPOINTS = {FUNCTIONS[name].endpoint: FUNCTIONS[name] for name in RESPONDERS}


@dataclass(frozen=True)
class Account:
    """The one account of a sandbox."""

    user: str
    password: str = field(repr=False)
    client_secret: str = field(repr=False)


def application(
    market: Market, account: Account, tokens: Tokens, *, answer_delay: float = 0.0, kept_bytes: int = 0
) -> Starlette:
    """Return the ASGI application of the service.

    Parameters
    ----------
    market
        What to answer from.
    account
        Who may ask for a token.
    tokens
        Where tokens are issued and known.
    answer_delay
        Seconds that every answer with data takes longer.
    kept_bytes
        How many bytes of encoded answers to keep.
    """
    service = _Service(market, account, tokens, answer_delay, ResponseCache(kept_bytes))
    return Starlette(
        routes=[
            Route("/auth/oauth/token", service.grant, methods=["POST"]),
            Route("/auth/user", service.user, methods=["GET"]),
            Route("/get/{endpoint}", service.data, methods=["POST"]),
        ],
        exception_handlers={RefusalError: _refuse, 404: _no_such_path, Exception: _fail},
    )


class _Service:
    def __init__(
        self, market: Market, account: Account, tokens: Tokens, answer_delay: float, kept: ResponseCache
    ) -> None:
        self._market = market
        self._account = account
        self._tokens = tokens
        self._answer_delay = answer_delay
        self._kept = kept

    async def grant(self, request: Request) -> Response:
        """Answer a password grant with a token (RFC 6749, 4.3)."""
        if not self._knows_client(request.headers.get("authorization", "")):
            raise RefusalError("the client id or the client secret is wrong", status=401, error="invalid_client")
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode("latin-1")).items()}
        if "grant_type" not in form:
            raise RefusalError("the form field 'grant_type' is missing")
        if form["grant_type"] != "password":
            raise RefusalError("the only grant_type is 'password'", error="unsupported_grant_type")
        for name in ("username", "password"):
            if name not in form:
                raise RefusalError(f"the form field {name!r} is missing")
        known = _same(form["username"], self._account.user) & _same(form["password"], self._account.password)
        if not known:
            raise RefusalError("the user or the password is wrong", error="invalid_grant")
        token = {
            "access_token": self._tokens.issue(self._account.user),
            "token_type": "bearer",
            "expires_in": int(self._tokens.lifetime),
            "scope": "read",
        }
        return JSONResponse(token, headers={"Cache-Control": "no-store"})

    async def user(self, request: Request) -> Response:
        """Answer who the bearer of the token is."""
        return JSONResponse({"user": self._bearer(request)})

    async def data(self, request: Request) -> Response:
        """Answer one framed request with one frame."""
        self._bearer(request)
        endpoint = request.path_params["endpoint"]
        if endpoint not in _ENDPOINTS:
            raise RefusalError(
                f"there is no endpoint {endpoint!r}: {suggestion(endpoint, _ENDPOINTS)}", status=404, error="not_found"
            )
        framed = await request.body()
        # Simulating and encoding take long enough to hold up other connections.
        start, table = await run_in_threadpool(self._answer, endpoint, framed)
        await asyncio.sleep(self._answer_delay)
        headers = {"Content-Length": str(len(start) + len(table))}
        return StreamingResponse(_in_pieces(start, table), media_type="application/octet-stream", headers=headers)

    def _answer(self, endpoint: str, framed: bytes) -> tuple[bytes, memoryview]:
        request = _read_request(framed)
        answer = self._kept.get(endpoint, request, lambda: self._made(endpoint, request))
        return answer.framed(request.header.reference_id.value)

    def _made(self, endpoint: str, request: DataRequest) -> EncodedResponse:
        function = _ENDPOINTS[endpoint]
        parameters = read_parameters(function, request.parameters)
        answer = RESPONDERS[function.name](self._market, parameters)
        return EncodedResponse(encode_table(answer.table), "; ".join(answer.warnings), answer.meta)

    def _bearer(self, request: Request) -> str:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise RefusalError(
                "no bearer token: ask /auth/oauth/token for one and send it as 'Authorization: Bearer ...'",
                status=401,
                error="invalid_token",
            )
        user = self._tokens.holder(token.strip())
        if user is None:
            raise RefusalError(
                "the token is unknown or has expired: ask for a new one", status=401, error="invalid_token"
            )
        return user

    def _knows_client(self, authorization: str) -> bool:
        credentials = _read_basic(authorization)
        if credentials is None:
            return False
        return _same(credentials.name, _CLIENT_ID) & _same(credentials.secret, self._account.client_secret)


async def _in_pieces(start: bytes, table: memoryview) -> AsyncIterator[bytes | memoryview]:
    """Hand over an answer as fast as it is taken: as one piece it would be copied whole, twice."""
    # A small answer is one packet.
    yield start + table[:_PIECE]
    for position in range(_PIECE, len(table), _PIECE):
        yield table[position : position + _PIECE]


class _Credentials(NamedTuple):
    name: str
    secret: str


def _read_basic(authorization: str) -> _Credentials | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, separator, secret = base64.b64decode(encoded.strip(), validate=True).decode("latin-1").partition(":")
    except binascii.Error:
        return None
    return _Credentials(name, secret) if separator else None


def _same(given: str, expected: str) -> bool:
    return secrets.compare_digest(given.encode(), expected.encode())


def _read_request(framed: bytes) -> DataRequest:
    try:
        messages = list(read_frames(framed))
    except FrameError as error:
        raise RefusalError(f"the body is not one framed DataRequest: {error}") from None
    if len(messages) != 1:
        raise RefusalError(f"the body holds {len(messages)} frames: send one DataRequest at a time")
    try:
        return DataRequest.FromString(bytes(messages[0]))
    except DecodeError:
        raise RefusalError("the frame does not hold a DataRequest: its message cannot be parsed") from None


async def _refuse(_request: Request, error: Exception) -> Response:
    # Starlette calls this for no other error, and types it for all.
    refusal = cast("RefusalError", error)
    scheme = "Basic" if refusal.error == "invalid_client" else "Bearer"
    headers = {"WWW-Authenticate": f'{scheme} realm="tickframe sandbox"'} if refusal.status == 401 else None
    content = {"error": refusal.error, "error_description": refusal.description}
    return JSONResponse(content, status_code=refusal.status, headers=headers)


async def _no_such_path(request: Request, _error: Exception) -> Response:
    description = f"there is nothing at {request.url.path}: data is at /get/<endpoint>"
    return JSONResponse({"error": "not_found", "error_description": description}, status_code=404)


async def _fail(request: Request, error: Exception) -> Response:
    description = f"the sandbox failed at {request.url.path}: {type(error).__name__}: {error}"
    return JSONResponse({"error": "server_error", "error_description": description}, status_code=500)
