"""The HTTP application: routes, credentials and frames."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import cast
from urllib.parse import parse_qs

from google.protobuf.message import DecodeError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tickframe.catalogue import FUNCTIONS, REQUESTS, Function
from tickframe.errors import FrameError
from tickframe.sandbox.answers import RESPONDERS, WITH_QUOTE_ROWS, Responders
from tickframe.sandbox.answers.printed import answer_printed
from tickframe.sandbox.answers.response import Response as Answer
from tickframe.sandbox.dialect import DOCUMENTED, Dialect
from tickframe.sandbox.market.interface import Market
from tickframe.sandbox.parameters import read_parameters
from tickframe.sandbox.refusal import RefusalError, suggestion
from tickframe.sandbox.response_cache import EncodedResponse, ResponseCache
from tickframe.sandbox.tokens import Tokens
from tickframe.wire.contract import DataRequest, Value
from tickframe.wire.encode import encode_table
from tickframe.wire.frames import read_frames

_CLIENT_ID = "xyt"

# A request with a hundred thousand symbols has about a megabyte.
_LONGEST_BODY = 4 * 1024 * 1024

# Large enough to be sent fast, small enough for client and server to work at the same time.
_PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Account:
    """The only account of a sandbox."""

    user: str
    password: str = field(repr=False)
    client_secret: str = field(repr=False)


def application(
    market: Market,
    account: Account,
    tokens: Tokens,
    *,
    answer_delay: float = 0.0,
    kept_bytes: int = 0,
    dialect: Dialect = DOCUMENTED,
    quote_rows: bool = False,
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
    dialect
        How requests and responses are written.
    quote_rows
        Whether ``TRADES_AND_QUOTES`` has rows of quotes too.
    """
    printed = (function for requests in REQUESTS.values() for function in requests.values())
    simulated = (FUNCTIONS[name] for name in RESPONDERS)
    service = _Service(
        market,
        account,
        tokens,
        answer_delay,
        ResponseCache(kept_bytes),
        dialect,
        endpoints={dialect.endpoint_of(function): function for function in (*printed, *simulated)},
        responders=WITH_QUOTE_ROWS if quote_rows else RESPONDERS,
    )
    routes = [
        Route(f"{dialect.auth_path}/oauth/token", service.grant, methods=["POST"]),
        Route(f"{dialect.auth_path}/user", service.user, methods=["GET"]),
        Route("/get/{endpoint}", service.data, methods=["POST"]),
    ]
    if dialect.source == "path":
        routes.append(Route("/get/{source}/{endpoint}", service.data, methods=["POST"]))
    return Starlette(
        routes=routes,
        exception_handlers={RefusalError: service.refuse, 404: service.no_such_path, Exception: service.fail},
    )


@dataclass(frozen=True)
class _Service:
    market: Market
    account: Account
    tokens: Tokens
    answer_delay: float
    cache: ResponseCache
    dialect: Dialect
    endpoints: Mapping[str, Function]
    responders: Responders

    async def grant(self, request: Request) -> Response:
        """Answer a password grant with a token (RFC 6749, 4.3)."""
        if not self._is_client(request.headers.get("authorization", "")):
            raise RefusalError("wrong client id or client secret", status=401, error="invalid_client")
        body = await _read_body(request)
        try:
            form = {name: values[0] for name, values in parse_qs(body.decode("latin-1"), max_num_fields=20).items()}
        except ValueError:
            raise RefusalError("too many form fields") from None
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
        if endpoint not in self.endpoints:
            raise RefusalError(
                f"unknown endpoint {endpoint!r}: {suggestion(endpoint, self.endpoints)}", status=404, error="not_found"
            )
        framed = await _read_body(request)
        # Simulating and encoding would block other connections.
        start, table = await run_in_threadpool(self._respond, endpoint, framed, self._source(request))
        await asyncio.sleep(self.answer_delay)
        headers = {"Content-Length": str(len(start) + len(table)), "Content-Type": self.dialect.content_type}
        return StreamingResponse(_in_pieces(start, table), headers=headers)

    def _source(self, request: Request) -> str | None:
        """Return the source of a request; None if it is one of the parameters, or missing."""
        match self.dialect.source:
            case "path":
                source: str | None = request.path_params.get("source")
            case "query":
                source = request.query_params.get("source")
            case "omitted":
                source = self.market.sources[0]
            case "parameter":
                source = None
        return source

    def _respond(self, endpoint: str, framed: bytes, source: str | None) -> tuple[bytes, memoryview]:
        request = _read_request(framed)
        function = self.endpoints[endpoint]
        if self.dialect.source != "parameter" and any(each.name == "source" for each in function.parameters):
            if "source" in request.parameters:
                raise RefusalError(f"{endpoint} has no parameter 'source'")
            if source is not None:
                request.parameters["source"].string_value = source

        def encoded() -> EncodedResponse:
            response = self._response(function, request)
            return EncodedResponse(encode_table(response.table), "; ".join(response.warnings), response.meta)

        return self.cache.get(endpoint, request, encoded).framed(request.header.reference_id.value)

    def _response(self, function: Function, request: DataRequest) -> Answer:
        source = request.parameters["source"].string_value if "source" in request.parameters else ""
        if (printed := REQUESTS.get(source, {}).get(function.name)) is not None:
            parameters = read_parameters(printed, request.parameters, self.dialect)
            return answer_printed(printed, source, cast("Mapping[str, object]", parameters))
        if function.name not in self.responders:
            sources = [each for each in REQUESTS if function.name in REQUESTS[each]]
            raise RefusalError(f"source {source!r} has no {function.name}: {suggestion(source, sources)}")
        parameters = read_parameters(function, request.parameters, self.dialect)
        response = self.responders[function.name](self.market, parameters)
        if function.paged and self.dialect.repeats_cursor and "cursor" in parameters:
            return replace(response, meta={"cursor": Value(string_value=parameters["cursor"]), **response.meta})
        return response

    async def refuse(self, request: Request, error: Exception) -> Response:
        """Answer a refused request."""
        # Starlette calls this only for refusals, but types it for any error.
        return self.dialect.refuse(cast("RefusalError", error), request.url.path)

    async def no_such_path(self, request: Request, _error: Exception) -> Response:
        """Answer a request to an unknown path."""
        description = f"there is nothing at {request.url.path}: data is at /get/<endpoint>"
        return self.dialect.refuse(RefusalError(description, status=404, error="not_found"), request.url.path)

    async def fail(self, request: Request, error: Exception) -> Response:
        """Answer a request that the sandbox failed at."""
        description = f"the sandbox failed at {request.url.path}: {type(error).__name__}: {error}"
        return self.dialect.refuse(RefusalError(description, status=500, error="server_error"), request.url.path)

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


async def _read_body(request: Request) -> bytes:
    """Return the body of a request unless it is too long."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST_BODY:
            raise RefusalError(
                f"the body of the request is longer than {_LONGEST_BODY:,} bytes", status=413, error="too_large"
            )
    return bytes(body)


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
