"""The HTTP application: routes, credentials and frames."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import parse_qs

from google.protobuf.message import DecodeError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tickframe.catalogue import FUNCTIONS, REQUESTS, find_request
from tickframe.errors import FrameError
from tickframe.sandbox.answers import RESPONDERS
from tickframe.sandbox.answers.printed import answer_printed
from tickframe.sandbox.answers.response import Response as Answer
from tickframe.sandbox.market.interface import Market
from tickframe.sandbox.parameters import read_parameters
from tickframe.sandbox.refusal import RefusalError, suggestion
from tickframe.sandbox.response_cache import EncodedResponse, ResponseCache
from tickframe.sandbox.tokens import Tokens
from tickframe.wire.contract import DataRequest
from tickframe.wire.encode import encode_table
from tickframe.wire.frames import read_frames

_CLIENT_ID = "xyt"

# Large enough to be sent fast, small enough for client and server to work at the same time.
_PIECE_BYTES = 1024 * 1024

_SIMULATED = {FUNCTIONS[name].endpoint: FUNCTIONS[name] for name in RESPONDERS}
_PRINTED = {function.endpoint for requests in REQUESTS.values() for function in requests.values()}
_ENDPOINTS = {**_SIMULATED, **dict.fromkeys(_PRINTED)}


@dataclass(frozen=True)
class Account:
    """The only account of a sandbox."""

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
        The market that responses are made from.
    account
        The account that can request tokens.
    tokens
        The valid tokens.
    answer_delay
        Seconds to wait before sending each response with data.
    kept_bytes
        Maximum size of the response cache in bytes.
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


@dataclass(frozen=True)
class _Service:
    market: Market
    account: Account
    tokens: Tokens
    answer_delay: float
    cache: ResponseCache

    async def grant(self, request: Request) -> Response:
        """Answer a password grant with a token (RFC 6749, 4.3)."""
        if not self._is_client(request.headers.get("authorization", "")):
            raise RefusalError("wrong client id or client secret", status=401, error="invalid_client")
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode("latin-1")).items()}
        if form.get("grant_type", "password") != "password":
            raise RefusalError("unsupported grant_type: expected 'password'", error="unsupported_grant_type")
        for name in ("grant_type", "username", "password"):
            if name not in form:
                raise RefusalError(f"missing form field {name!r}")
        if not (_same(form["username"], self.account.user) & _same(form["password"], self.account.password)):
            raise RefusalError("wrong user or password", error="invalid_grant")
        token = {
            "access_token": self.tokens.issue(self.account.user),
            "token_type": "bearer",
            "expires_in": int(self.tokens.lifetime),
            "scope": "read",
        }
        return JSONResponse(token, headers={"Cache-Control": "no-store"})

    async def user(self, request: Request) -> Response:
        """Answer with the user of the token."""
        return JSONResponse({"user": self._bearer(request)})

    async def data(self, request: Request) -> Response:
        """Answer a framed request with a frame."""
        self._bearer(request)
        endpoint = request.path_params["endpoint"]
        if endpoint not in _ENDPOINTS:
            raise RefusalError(
                f"unknown endpoint {endpoint!r}: {suggestion(endpoint, _ENDPOINTS)}", status=404, error="not_found"
            )
        framed = await request.body()
        # Simulating and encoding would block other connections.
        start, table = await run_in_threadpool(self._respond, endpoint, framed)
        await asyncio.sleep(self.answer_delay)
        headers = {"Content-Length": str(len(start) + len(table))}
        return StreamingResponse(_in_pieces(start, table), media_type="application/octet-stream", headers=headers)

    def _respond(self, endpoint: str, framed: bytes) -> tuple[bytes, memoryview]:
        request = _read_request(framed)

        def encoded() -> EncodedResponse:
            response = self._response(endpoint, request)
            return EncodedResponse(encode_table(response.table), "; ".join(response.warnings), response.meta)

        return self.cache.get(endpoint, request, encoded).framed(request.header.reference_id.value)

    def _response(self, endpoint: str, request: DataRequest) -> Answer:
        source = request.parameters["source"].string_value if "source" in request.parameters else ""
        if (printed := find_request(source, endpoint)) is not None:
            parameters = read_parameters(printed, request.parameters)
            return answer_printed(printed, source, cast("Mapping[str, object]", parameters))
        if endpoint not in _SIMULATED:
            sources = [each for each in REQUESTS if find_request(each, endpoint) is not None]
            raise RefusalError(f"source {source!r} has no {endpoint}: {suggestion(source, sources)}")
        function = _SIMULATED[endpoint]
        return RESPONDERS[function.name](self.market, read_parameters(function, request.parameters))

    def _bearer(self, request: Request) -> str:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise RefusalError(
                "no bearer token: request one from /auth/oauth/token and send it as 'Authorization: Bearer ...'",
                status=401,
                error="invalid_token",
            )
        user = self.tokens.holder(token.strip())
        if user is None:
            raise RefusalError("unknown or expired token: request a new one", status=401, error="invalid_token")
        return user

    def _is_client(self, authorization: str) -> bool:
        """Return whether a header has the client's id and secret as basic credentials (RFC 7617)."""
        scheme, _, encoded = authorization.partition(" ")
        try:
            credentials = base64.b64decode(encoded.strip(), validate=True).decode("latin-1")
        except ValueError:
            return False
        return scheme.lower() == "basic" and _same(credentials, f"{_CLIENT_ID}:{self.account.client_secret}")


async def _in_pieces(start: bytes, table: memoryview) -> AsyncIterator[bytes | memoryview]:
    """Yield a response in pieces: in one piece it would be copied twice."""
    # A small response is one packet.
    yield start + table[:_PIECE_BYTES]
    for position in range(_PIECE_BYTES, len(table), _PIECE_BYTES):
        yield table[position : position + _PIECE_BYTES]


def _same(given: str, expected: str) -> bool:
    return secrets.compare_digest(given.encode(), expected.encode())


def _read_request(framed: bytes) -> DataRequest:
    try:
        messages = list(read_frames(framed))
    except FrameError as error:
        raise RefusalError(f"the body is not a framed DataRequest: {error}") from None
    if len(messages) != 1:
        raise RefusalError(f"the body has {len(messages)} frames: expected one with a DataRequest")
    try:
        return DataRequest.FromString(bytes(messages[0]))
    except DecodeError:
        raise RefusalError("the message in the frame is not a DataRequest: it cannot be parsed") from None


async def _refuse(_request: Request, error: Exception) -> Response:
    # Starlette calls this only for refusals, but types it for any error.
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
