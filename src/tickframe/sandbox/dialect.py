"""Dialects: what the documentation of the service leaves open, as a sandbox can speak it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal

from starlette.responses import JSONResponse, Response

from tickframe.catalogue import EnumFormat, Function, Parameter
from tickframe.sandbox.refusal import RefusalError


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a sandbox wants to be asked, and how it responds.

    Attributes
    ----------
    source : {"parameter", "path", "query", "omitted"}
        Where the source travels: as a parameter, in the path ``/get/{source}/{endpoint}``, in the query string
        ``?source=``, or not at all; then it is the first source.
    endpoints : Mapping[str, str]
        Endpoint names that replace those of the catalogue, by function name.
    parameter_names : Mapping[str, str]
        Parameter names that replace those of the catalogue, by documented name.
    enums : {"names", "numbers", "numbers_except_flags"}
        How data types, chain types and flags travel.
    content_type : str
        The content type of frames.
    errors : {"oauth", "spring", "bare"}
        What the body of an error is: JSON with ``error`` and ``error_description``; JSON with ``timestamp``,
        ``status``, ``error``, ``message`` and ``path``; or nothing, with status 400 unless credentials are refused.
    repeats_cursor : bool
        Whether the last of several pages has the cursor that it was requested with, instead of none.
    auth_path : str
        The path below which clients sign in.
    """

    source: Literal["parameter", "path", "query", "omitted"] = "parameter"
    endpoints: Mapping[str, str] = field(default_factory=dict)
    parameter_names: Mapping[str, str] = field(default_factory=dict)
    enums: EnumFormat = "names"
    content_type: str = "application/octet-stream"
    errors: Literal["oauth", "spring", "bare"] = "oauth"
    repeats_cursor: bool = False
    auth_path: str = "/auth"

    def endpoint_of(self, function: Function) -> str:
        """Return the endpoint of a function."""
        return self.endpoints.get(function.name, function.endpoint)

    def wire_name(self, parameter: Parameter) -> str:
        """Return the name of a parameter on the wire."""
        return self.parameter_names.get(parameter.name, parameter.wire_name)

    def refuse(self, refusal: RefusalError, path: str) -> Response:
        """Return the response to a refused request."""
        scheme = "Basic" if refusal.error == "invalid_client" else "Bearer"
        headers = {"WWW-Authenticate": f'{scheme} realm="tickframe sandbox"'} if refusal.status == 401 else None
        if self.errors == "bare":
            return Response(status_code=refusal.status if refusal.status == 401 else 400, headers=headers)
        if self.errors == "oauth":
            content: dict[str, object] = {"error": refusal.error, "error_description": refusal.description}
        else:
            content = {
                "timestamp": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
                "status": refusal.status,
                "error": HTTPStatus(refusal.status).phrase,
                "message": refusal.description,
                "path": path,
            }
        return JSONResponse(content, status_code=refusal.status, headers=headers)


#: What the public documentation says, or what is likeliest where it is silent.
DOCUMENTED = Dialect()
